/**
 * Trace files of QEMU's "simple" backend → TraceEvent, as the log backend would have printed it.
 *
 * Producer: trace/simple.c and scripts/tracetool/backend/simple.py; format/simpletrace_stap.py (QEMU 0.14 to
 *           10.2: header versions 0, 2, 3 and 4, either byte order).
 * Unit:     one record per event; its "line" is its number among those that scripts/simpletrace.py prints: each
 *           event and each note of dropped events is one, a mapping of a number to a name is none. `tid` is
 *           the process (from version 3 on), as the file knows no threads; `time` is `SEC.NNNNNNNNN` of the
 *           host's monotonic clock, which counts from boot.
 * Not read: what follows a damaged record: nothing tells where the next one begins.
 */
import type { CaptureRecord, Problem, Reading, Span, TraceEvent } from '../../model/record.js';
import { cleanText } from '../wrappings/clean.js';
import type { EventForm } from './event-form.js';
import type { Integer, RawValue } from './event-format.js';
import type { EventTable } from './event-table.js';
import { KnownEvents } from './known-events.js';
import type { KnownEvent } from './known-events.js';
import { droppedGap, headLength, integerAt, nextItem } from './simple-file-items.js';
import type { EventItem, Layout } from './simple-file-items.js';

/** Takes bytes, gives records. One reader per capture. */
export interface SimpleFileReader {
  /** The next bytes of the file, unpacked. Never throws. */
  push(chunk: Uint8Array): void;
  /** The records finished so far; finish() then returns only the rest. */
  take(): readonly CaptureRecord[];
  /** The input ended. Call once. */
  finish(): Reading;
}

export function createSimpleFileReader(events: EventTable): SimpleFileReader {
  return new Reader(events);
}

/** More numbers are not mapped: QEMU has 7,000 events. */
const MOST_NAMES = 65_536;

/** Problems of one kind that are told one by one. */
const MOST_PROBLEMS = 64;

/** Numbers of which the last event is remembered. */
const MOST_LATEST = 256;

/** What a number stands for. */
interface Named {
  readonly name: string;
  /** Those that its values may have, the likeliest first; undefined until the first event. */
  forms: readonly EventForm[] | undefined;
}

/** An event, and the bytes of its values. */
interface Latest {
  readonly values: Uint8Array;
  readonly event: KnownEvent;
}

class Reader implements SimpleFileReader {
  readonly #events: EventTable;
  #known = new KnownEvents();
  #records: CaptureRecord[] = [];
  readonly #problems: Problem[] = [];
  readonly #names = new Map<Integer, Named>();
  /** The last event of a number, by its bytes: a register that is polled reads the same a thousand times. */
  readonly #latest = new Map<Integer, Latest>();
  /** Events that a problem was told of. */
  readonly #told = new Set<string>();
  #rest: Uint8Array = new Uint8Array(0);
  #layout: Layout | undefined;
  #lines = 0;
  /** The last note of dropped events. */
  #dropped = 0;
  #isOver = false;

  constructor(events: EventTable) {
    this.#events = events;
  }

  push(chunk: Uint8Array): void {
    if (this.#isOver) return;
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#rest = bytes.subarray(this.#readItems(bytes)).slice();
  }

  take(): readonly CaptureRecord[] {
    const records = this.#records;
    this.#records = [];
    return records;
  }

  finish(): Reading {
    if (this.#rest.length > 0 && !this.#isOver) {
      this.#stop('CUT_OFF', 'the file ends inside a record', 'the file ends inside a record');
    }
    const formats = ['qemu-simple'] as const;
    return {
      lines: this.#lines,
      blank: 0,
      formats,
      records: this.#records,
      problems: this.#problems,
    };
  }

  /** Reads what is whole; returns how many bytes that was. */
  #readItems(bytes: Uint8Array): number {
    const view = viewOf(bytes);
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = 0;
    if (this.#layout === undefined) {
      const head = headLength(view);
      if (head === undefined || bytes.length < head.length) return 0;
      this.#layout = head.layout;
      at = head.length;
    }
    for (;;) {
      const item = nextItem(view, at, this.#layout);
      switch (item.type) {
        case 'more':
          return at;
        case 'bad':
          this.#stop('EVENT_UNREAD', item.why, 'the trace file is damaged from here on');
          return bytes.length;
        case 'name':
          if (this.#names.size < MOST_NAMES) {
            this.#names.set(item.id, { name: decode(item.name), forms: undefined });
            // The number may have stood for another event.
            this.#known = new KnownEvents();
            this.#latest.delete(item.id);
          }
          break;
        case 'dropped': {
          const line = this.#nextSpan().first;
          this.#records.push(droppedGap(line, item.count, this.#dropped));
          this.#dropped = line;
          break;
        }
        case 'event':
          this.#records.push(this.#readEvent(item, buffer, this.#layout));
      }
      at = item.end;
    }
  }

  #readEvent(item: EventItem, bytes: Buffer, layout: Layout): CaptureRecord {
    const span = this.#nextSpan();
    const latest = this.#latest.get(item.id);
    if (latest !== undefined && hasValues(item, bytes, latest.values))
      return eventOf(latest.event, span, item);
    // What is said of the same bytes again is the same, but for problems, which are told once.
    const key = `${item.id} ${bytes.toString('latin1', item.values, item.end)}`;
    const known = this.#known.find(key);
    if (known !== undefined) {
      this.#remember(item, bytes, known);
      return eventOf(known, span, item);
    }
    const { name, forms } = this.#identify(item.id, layout);
    const view = viewOf(bytes);
    for (const form of forms) {
      const values = valuesOf(form, item, view, layout);
      if (values === undefined) continue;
      return eventOf(this.#known.remember(key, { name, ...form.print(values) }), span, item);
    }
    this.#tellUnread(name, forms.length > 0, span);
    return this.#isDamaged(name, forms, layout)
      ? { kind: 'gap', span, why: `${name} could not be read` }
      : eventOf({ name, args: undefined, text: words(item, view) }, span, item);
  }

  #remember({ id, values, end }: EventItem, bytes: Buffer, event: KnownEvent): void {
    if (this.#latest.size < MOST_LATEST)
      this.#latest.set(id, { values: new Uint8Array(bytes.subarray(values, end)), event });
  }

  /** Every form is known, and none fits: as with a text, the event is not to be trusted. */
  #isDamaged(name: string, forms: readonly EventForm[], { version }: Layout): boolean {
    return forms.length > 0 && (version !== 4 || this.#events.isComplete(name));
  }

  /** Numbers belong to one build of QEMU: without its declarations an event has no name. */
  #identify(id: Integer, layout: Layout): { name: string; forms: readonly EventForm[] } {
    if (layout.version === 4) {
      const named = this.#names.get(id);
      if (named === undefined) return { name: `event #${id}`, forms: [] };
      const { name } = named;
      return { name, forms: (named.forms ??= this.#events.newestForms(name)) };
    }
    const event = id < 1_000_000 ? this.#events.numbered(Number(id)) : undefined;
    return event === undefined
      ? { name: `event #${id}`, forms: [] }
      : { name: event.name, forms: [event.form] };
  }

  #tellUnread(name: string, isKnown: boolean, span: Span): void {
    const version = this.#layout?.version ?? 4;
    const isNameless = name.startsWith('event #');
    if (!isKnown && !isNameless) return;
    const key = isNameless && version !== 4 && !this.#events.isDeclared ? '' : name;
    if (this.#told.has(key) || this.#told.size >= MOST_PROBLEMS) return;
    this.#told.add(key);
    const message =
      key === ''
        ? `a trace file of version ${version} has numbers for names: --trace-events with the trace-events-all of that QEMU names them`
        : isNameless
          ? `${name} has no name`
          : `${name} has arguments of no known types: --trace-events must be the trace-events-all of that QEMU`;
    this.#problems.push({ code: 'EVENT_UNREAD', message, span });
  }

  #nextSpan(): Span {
    this.#lines += 1;
    return { first: this.#lines, last: this.#lines };
  }

  #stop(code: Problem['code'], message: string, why: string): void {
    this.#isOver = true;
    const span = this.#nextSpan();
    this.#problems.push({ code, message, span });
    this.#records.push({ kind: 'gap', span, why });
  }
}

function eventOf({ name, args, text }: KnownEvent, span: Span, item: EventItem): TraceEvent {
  const { pid } = item;
  const time = secondsOf(item.time);
  // Reserved up to version 2, and zero there.
  return pid
    ? { kind: 'event', span, name, args, text, tid: pid, pid, time }
    : { kind: 'event', span, name, args, text, tid: pid, time };
}

function hasValues({ values, end }: EventItem, bytes: Uint8Array, others: Uint8Array): boolean {
  if (end - values !== others.length) return false;
  for (let i = 0; i < others.length; i++) if (bytes[values + i] !== others[i]) return false;
  return true;
}

function secondsOf(time: Integer): string {
  if (typeof time === 'bigint') {
    return `${time / 1_000_000_000n}.${String(time % 1_000_000_000n).padStart(9, '0')}`;
  }
  // A remainder is exact, a quotient may be rounded up.
  const rest = time % 1_000_000_000;
  return `${(time - rest) / 1_000_000_000}.${String(rest).padStart(9, '0')}`;
}

/** The values of the arguments; undefined when the bytes are of another form. */
function valuesOf(
  form: EventForm,
  item: EventItem,
  view: DataView,
  layout: Layout,
): RawValue[] | undefined {
  const values: RawValue[] = [];
  const { end } = item;
  let at = item.values;
  for (const isText of form.isText) {
    if (layout.version !== 0 && isText) {
      if (at + 4 > end) return undefined;
      const next = at + 4 + view.getUint32(at, layout.isLittle);
      if (next > end) return undefined;
      values.push(cleanText(decode(bytesOf(view, at + 4, next))));
      at = next;
    } else {
      if (at + 8 > end) return undefined;
      values.push(integerAt(view, at, layout));
      at += 8;
    }
  }
  // Version 0 has room for six values, used or not.
  return at === end || layout.version === 0 ? values : undefined;
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

function bytesOf(view: DataView, from: number, to: number): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + from, to - from);
}

/** Bytes of an unknown event in groups of eight, as they stand in the file. */
function words({ values, end }: EventItem, view: DataView): string {
  const hex = Buffer.from(view.buffer, view.byteOffset + values, end - values).toString('hex');
  return hex.match(/.{1,16}/g)?.join(' ') ?? '';
}

function decode(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

const decoder = new TextDecoder();
