/**
 * The events among the lines of one capture: what stands next to an event, and what tore it apart.
 *
 * Lines of several threads interleave in QEMU before 6.0 (util/log.c had no lock), and other output of the
 * process goes to the same stream.
 */
import { detached } from '../../base/detached.js';
import { isMaimed, lacksPart } from '../../base/maimed.js';
import type { CaptureRecord, Span, TraceEvent } from '../../model/record.js';
import { isWholeSentence } from '../notes/prose.js';
import type { EventTable } from './event-table.js';
import { KnownEvents } from './known-events.js';
import type { KnownEvent } from './known-events.js';
import {
  beginsEvent,
  innerStamp,
  plainLine,
  plainStamp,
  readEvent,
  readPlain,
  repeatCount,
} from './qemu-trace.js';
import type { ReadEvent, Stamp, TraceLine } from './qemu-trace.js';
import { WrapJoints } from './wrap-joints.js';

/** What became of a line; `problem` where it should have been readable. */
export interface EventLine {
  readonly record: CaptureRecord;
  readonly problem?: string;
  /** The next line may go on with it: mail wraps at a blank, a terminal anywhere. */
  readonly mayGoOn?: true;
}

/** The head of an event that was torn: what would complete it may be the next line. */
interface Torn {
  readonly lineNo: number;
  readonly name: string;
  readonly head: string;
}

/** A line that surely is an event, see `plainLine()`. */
export interface PlainEvent {
  readonly stamp: Stamp;
  readonly event: KnownEvent | FreshEvent;
}

/** One that is not known yet. */
interface FreshEvent {
  readonly key: string;
  readonly line: TraceLine;
}

/** Names that are remembered: QEMU has 7,000 events, of which a log has dozens. */
const MOST_NAMES = 128;

/** Characters by which a torn name differs from the whole one; other events have names that differ by a word. */
const MOST_TORN = 3;

/** Longer lines are no pieces that anybody tore. */
const LONGEST_PIECE = 256;

// "22610@1795323"  "22610 @1795323"  "323.551377:vhost_user_re"  "2025-11-22T03:27"; a word without a digit may be the prompt
// "login:". "Nov 22 03:27:38 host qemu-system-x86": what syslog said is lost.
const STAMP_PIECE =
  /^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?: [\w.-]+){0,2}$|\d ?@ ?\d|^@?[\d.]*\.\d{1,9}:[a-z]/;
const WORD_PIECE = /^[\w@.:+-]*[\d@][\w@.:+-]*$/;

export class EventLines {
  readonly joints: WrapJoints;
  readonly #events: EventTable;
  readonly #known = new KnownEvents();
  /** The last line that was an event, whole or not. */
  #eventLine = -1;
  #torn: Torn | undefined;
  /** Events that came. */
  readonly #names = new Set<string>();
  /** Names without arguments that nobody knows: may they be torn? */
  readonly #nearBare = new Map<string, boolean>();

  constructor(events: EventTable) {
    this.#events = events;
    this.joints = new WrapJoints(events);
  }

  /** Would the line be read as an event? */
  isEvent(text: string, lineNo: number): boolean {
    return readEvent(text, lineNo, this.#eventLine === lineNo - 1, this.#events) !== undefined;
  }

  /**
   * The line, which nothing reads, is the beginning or the end of one that was an event. Of a log without events none is. A
   * single word may be anybody's where words or a blank line stand above: a commit, a version, a name below a mail. So may one
   * below a line that nothing reads, where it is no more than a value: `Done`.
   */
  isPiece(text: string, isBelowWords: boolean, isBelowOther: boolean): boolean {
    if (this.#names.size === 0 || text.length > LONGEST_PIECE) return false;
    const line = text.trimEnd();
    if (STAMP_PIECE.test(line)) return true;
    if (isBelowWords && !/\s/.test(line)) return false;
    if (WORD_PIECE.test(line)) return true;
    if (this.#holdsName(line) && !isWholeSentence(line)) return true;
    const mayEnd = !isBelowOther || /\s/.test(line);
    for (const name of this.#names) {
      // "vhost_user_re"  "ser_read"
      if (name.startsWith(line) || name.endsWith(line)) return true;
      if (mayEnd && this.#endsLike(name, line)) return true;
    }
    // "y_region_sync_dirty mr '(all)' listener 'vhost' synced (global=0)": the first of its kind
    const word = /^\w{4,128}(?= )/.exec(line)?.[0];
    if (word?.includes('_') !== true) return false;
    return this.#events.endingIn(word).some((name) => this.#endsLike(name, line));
  }

  #endsLike(name: string, line: string): boolean {
    return this.#events.forms(name).some((form) => form.isTelling && form.endsLike(line));
  }

  /** `vhost_dev_stop 0x5555`, whatever stands in front; a program writes a colon behind a function of its own. */
  #holdsName(line: string): boolean {
    for (const [name] of line.matchAll(/\b[a-z]\w*_\w+(?= |$)/g)) {
      if (this.#events.has(name)) return true;
    }
    return false;
  }

  /** Undefined for a line that has nothing to do with events. */
  read(text: string, lineNo: number): EventLine | undefined {
    const afterEvent = this.#eventLine === lineNo - 1;
    const read = readEvent(text, lineNo, afterEvent, this.#events);
    return read === undefined
      ? this.#readOther(text, lineNo, afterEvent)
      : this.#take(read, lineNo);
  }

  /** The line, which is no event, begins like one: mail may have wrapped it. */
  begins(text: string): boolean {
    return beginsEvent(text, this.#events);
  }

  /** The event of several lines, joined to one text; undefined where they are none, or not all of it. */
  readJoined(text: string, span: Span): EventLine | undefined {
    const read = readEvent(text, span.last, true, this.#events);
    if (read?.event.args === undefined || read.damaged) return undefined;
    this.#eventLine = span.last;
    this.#see(read.event.name);
    return { record: { ...read.event, span } };
  }

  /** An event of several lines, one of whose values is not known. */
  missJoined(span: Span): EventLine {
    this.#eventLine = span.last;
    return {
      record: { kind: 'gap', span, why: 'an event is wrapped inside of a value' },
      problem: 'an event is wrapped inside of a value, which may have a blank there or none',
    };
  }

  /** What {@link readPlain} takes; undefined for a line that may be no event, or not whole. */
  plain(raw: string): PlainEvent | undefined {
    const stamp = plainStamp(raw);
    if (stamp === undefined) return undefined;
    const known = this.#known.find(raw.slice(stamp.end));
    if (known !== undefined) return { stamp, event: known };
    // All that is remembered are pieces of it.
    const own = detached(raw);
    const line = plainLine(own);
    return line && { stamp, event: { key: own.slice(stamp.end), line } };
  }

  readPlain({ stamp, event }: PlainEvent, lineNo: number): EventLine {
    if (!('key' in event)) {
      this.#eventLine = lineNo;
      return { record: eventAt(event, stamp, lineNo) };
    }
    const read = readPlain(event.line, lineNo, this.#events);
    this.#see(read.event.name);
    const isCut = read.event.args === undefined && this.#events.has(read.event.name);
    if (read.damaged || isCut || this.#isMaimed(read.event)) return this.#take(read, lineNo);
    this.#eventLine = lineNo;
    return { record: eventAt(this.#known.remember(event.key, read.event), stamp, lineNo) };
  }

  #see(name: string): void {
    if (this.#names.size < MOST_NAMES) this.#names.add(name);
  }

  /** "vhost_us2 flags:0x5", "vhosad req:2 flags:0x5": no event that is known, and what one of those that came would say. */
  #isMaimed({ name, args, text }: TraceEvent): boolean {
    if (args !== undefined || this.#events.has(name)) return false;
    if (text.trim() === '') return this.#isNearBare(name);
    for (const known of this.#names) {
      const isNear = isMaimed(name, known);
      const isTorn = this.#events
        .forms(known)
        .some(
          (form) =>
            form.isTelling &&
            (form.readText(text) !== undefined || (isNear && form.endsLike(text))),
        );
      if (isTorn) return true;
    }
    return false;
  }

  /** "savevm_sate_setup": no event that is known, and one that has no arguments but for a few characters. */
  #isNearBare(name: string): boolean {
    const known = this.#nearBare.get(name);
    if (known !== undefined) return known;
    const isNear = this.#events
      .endingIn('')
      .some(
        (other) =>
          Math.abs(other.length - name.length) <= MOST_TORN &&
          (lacksPart(name, other) || lacksPart(other, name)) &&
          this.#events.forms(other).some((form) => form.readText('') !== undefined),
      );
    if (this.#nearBare.size < MOST_NAMES) this.#nearBare.set(name, isNear);
    return isNear;
  }

  #take({ event, damaged }: ReadEvent, lineNo: number): EventLine {
    this.#eventLine = lineNo;
    this.#see(event.name);
    const { name, span, text } = event;
    const head = text.slice(0, innerStamp(text));
    const isCut = event.args === undefined && head === text && this.#events.has(name);
    const mayGoOn = isCut ? ({ mayGoOn: true } as const) : {};
    if (!damaged && !this.#isMaimed(event)) return { record: event, ...mayGoOn };
    this.#torn = { lineNo, name, head };
    return {
      record: { kind: 'gap', span, why: `${name} could not be read` },
      problem:
        text.trim() === '' && !this.#events.has(name)
          ? `${name} is no event that is known, and nearly one: its name is damaged`
          : `${name} has arguments of no known format`,
      ...mayGoOn,
    };
  }

  #readOther(text: string, lineNo: number, afterEvent: boolean): EventLine | undefined {
    const span = { first: lineNo, last: lineNo };
    if (!afterEvent) return undefined;
    if (this.#completesTorn(text, lineNo)) {
      return { record: { kind: 'gap', span, why: 'the rest of an event that was torn apart' } };
    }
    const times = repeatCount(text);
    if (times === undefined) return undefined;
    this.#eventLine = lineNo;
    return { record: { kind: 'gap', span, why: `an event came ${times} times more, says syslog` } };
  }

  #completesTorn(text: string, lineNo: number): boolean {
    const torn = this.#torn;
    if (torn?.lineNo !== lineNo - 1) return false;
    return this.#events
      .forms(torn.name)
      .some((form) => form.readText(torn.head + text) !== undefined);
  }
}

function eventAt(
  { name, args, text }: KnownEvent,
  { tid, time }: Stamp,
  lineNo: number,
): TraceEvent {
  return { kind: 'event', span: { first: lineNo, last: lineNo }, name, args, text, tid, time };
}
