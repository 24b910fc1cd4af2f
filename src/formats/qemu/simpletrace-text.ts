/**
 * The text that scripts/simpletrace.py prints of a trace file of QEMU's "simple" backend → TraceEvent.
 *
 * Producer: scripts/simpletrace.py (QEMU 2.1 to 10.2; Python 2 prints strings bare, Python 3 as bytes).
 * Unit:     one record per line; `tid` is the process, as the file knows no threads, and there is no time:
 *           what is printed is the distance to the record before.
 * Not read: the output of before 2.1, which names no process; scripts that print otherwise.
 */
import { accept } from '../../grammar/simpletrace.js';
import type { CaptureRecord, Problem } from '../../model/record.js';
import { cleanText } from '../wrappings/clean.js';
import { isString } from './event-form.js';
import type { EventForm, PrintedEvent } from './event-form.js';
import type { RawValue } from './event-format.js';
import type { EventTable } from './event-table.js';
import { compileText } from './event-text.js';
import type { TextReader } from './event-text.js';
import { droppedGap } from './simple-file-items.js';
import type { LineFormat } from '../line-format.js';

export type SimpletraceLine =
  | { readonly type: 'event'; readonly name: string; readonly pid: number; readonly values: string }
  | { readonly type: 'dropped'; readonly count: number };

// "15.120 pid=4242 started=0x1"
const DISTANCE = /^-?\d{1,20}\.\d{3} pid=\d{1,10}(?: |$)/;
// "vhost_commit 15.120 pid=4242 started=0x1"
const SIGNATURE = /^[A-Za-z_]\w{0,127} -?\d{1,20}\.\d{3} pid=\d{1,10}(?: |$)/;

/** A line below others that was cut before it says whose event it is. */
const CUT = /^([A-Za-z_]\w{0,127})(?: (-?\d[\d.]{0,24}(?: p?i?d?=?)?))?$/;

/** Longer lines are none: ten strings of 512 bytes, each byte printed as `\x00`, stay below it. */
const LONGEST_LINE = 32_768;

/** Names that are remembered: QEMU has 7,000 events, a hostile file any number. */
const MOST_NAMES = 16_384;

/** How the script names the record that tells of dropped events. */
const DROPPED = 'Dropped_Event';

/** Nobody else prints a line like that. */
export function isSimpletrace(line: string): boolean {
  return SIGNATURE.test(line);
}

/** The same of what stands behind the name of an event. */
export function isBehindName(text: string): boolean {
  return DISTANCE.test(text);
}

export function createSimpletraceText(events: EventTable): LineFormat {
  return new SimpletraceText(events);
}

class SimpletraceText implements LineFormat {
  readonly id = 'simpletrace';
  readonly isOpen = false;
  readonly #events: EventTable;
  /** The last line that tells of dropped events. */
  #dropped = 0;
  #lastLine = -1;
  #problem: Problem | undefined;
  readonly #forms = new Map<string, readonly EventForm[]>();
  readonly #readers = new WeakMap<EventForm, TextReader>();

  constructor(events: EventTable) {
    this.#events = events;
  }

  get problem(): Problem | undefined {
    return this.#problem;
  }

  take(line: string, lineNo: number): readonly CaptureRecord[] | undefined {
    this.#problem = undefined;
    const isBelow = this.#lastLine === lineNo - 1;
    if (!isSimpletrace(line)) return isBelow ? this.#missCut(line, lineNo) : undefined;
    const read = readLine(line);
    if (read === undefined) return undefined;
    this.#lastLine = lineNo;
    if (read.type === 'dropped') {
      const gap = droppedGap(lineNo, read.count, this.#dropped);
      this.#dropped = lineNo;
      return [gap];
    }
    const { name, pid, values } = read;
    const printed = this.#print(name, values);
    const isDamaged = this.#events.isComplete(name) || name === DROPPED;
    if (printed === undefined && isDamaged) return this.#miss(name, lineNo);
    return [
      {
        kind: 'event',
        span: { first: lineNo, last: lineNo },
        name,
        ...(printed ?? { args: undefined, text: values }),
        tid: pid,
        pid,
        time: undefined,
      },
    ];
  }

  end(): readonly CaptureRecord[] {
    return [];
  }

  #missCut(line: string, lineNo: number): readonly CaptureRecord[] | undefined {
    const [, name = '', text = ''] = CUT.exec(line) ?? [];
    if (!this.#events.has(name)) return undefined;
    // The log backend prints that, too.
    const isWhole = this.#events.forms(name).some((form) => form.readText(text) !== undefined);
    return isWhole ? undefined : this.#miss(name, lineNo);
  }

  #miss(name: string, lineNo: number): readonly CaptureRecord[] {
    const span = { first: lineNo, last: lineNo };
    this.#lastLine = lineNo;
    const message = `${name} has arguments of no known format`;
    this.#problem = { code: 'EVENT_UNREAD', message, span };
    return [{ kind: 'gap', span, why: `${name} could not be read` }];
  }

  #print(name: string, values: string): PrintedEvent | undefined {
    for (const form of this.#formsOf(name)) {
      const raw = rawValues(form, this.#readerOf(form)(values));
      if (raw !== undefined) return form.print(raw);
    }
    return undefined;
  }

  /** A bare string may hold anything, also further arguments: the form with most of them is the right one. */
  #formsOf(name: string): readonly EventForm[] {
    let forms = this.#forms.get(name);
    if (forms === undefined) {
      const newest = this.#events.newestForms(name);
      forms = [...newest].sort((a, b) => b.args.length - a.args.length);
      if (this.#forms.size < MOST_NAMES) this.#forms.set(name, forms);
    }
    return forms;
  }

  /** Names as declared, in their order: only so is it known where a bare string ends. */
  #readerOf(form: EventForm): TextReader {
    let reader = this.#readers.get(form);
    if (reader === undefined) this.#readers.set(form, (reader = compileText(printedBy(form))));
    return reader;
  }
}

function readLine(line: string): SimpletraceLine | undefined {
  if (line.length > LONGEST_LINE) return undefined;
  return accept(line);
}

/** `name=%s started=0x%x` */
function printedBy({ args }: EventForm): Parameters<typeof compileText>[0] {
  const conversion = { flags: '', width: undefined, precision: undefined, size: 'l' };
  return args.flatMap((arg, i) => {
    const name = `${i === 0 ? '' : ' '}${arg.name}=`;
    return isString(arg)
      ? [{ text: name }, { ...conversion, kind: 's' }]
      : [{ text: `${name}0x` }, { ...conversion, kind: 'x' }];
  });
}

function rawValues(
  { args }: EventForm,
  texts: readonly string[] | undefined,
): RawValue[] | undefined {
  const values: RawValue[] = [];
  for (const [i, text] of (texts ?? []).entries()) {
    const arg = args[i];
    const value = arg !== undefined && isString(arg) ? unquoted(text) : BigInt(text);
    if (value === undefined) return undefined;
    values.push(value);
  }
  return texts && values;
}

/** `b'pc.ram'` to `pc.ram`; a bare string as it is; undefined for what only begins like bytes. */
function unquoted(text: string): string | undefined {
  if (!/^b['"]/.test(text)) return text;
  const bytes = accept(text, 'Bytes');
  return bytes && cleanText(new TextDecoder().decode(Uint8Array.from(bytes)));
}
