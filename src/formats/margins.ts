/**
 * Takes off the margins that stand in front of every line of a session or a trace.
 *
 * A margin is known by a line of gdb, or by one that only strace, DPDK or libvhost-user print, behind it, a quote of
 * mail by a row of the kernel's tracers or of perf, too; it goes as long as lines have it. Single lines with a margin
 * (`4711  * #0 ...` in a comment) are read by splitMargin() in clean.ts.
 */
import { isKernelTrace } from './kernel/kernel-traces.js';
import { cutMargin, isListing, marginOf, NUMBERED, numberOf } from './margin-kinds.js';
import type { Cut, Evidence, Margin } from './margin-kinds.js';
import type { EventTable } from './qemu/event-table.js';
import { readEvent } from './qemu/qemu-trace.js';
import { beginsTrace, hasOwnStamp, isTraceLine, mayHoldTrace } from './wire/trace-lines.js';

// What nobody but gdb prints at the beginning of a line.
const GDB =
  /^(?:#\d+ {1,2}(?:0x[0-9a-f]+ in |\S+ \()|\(gdb\) |Thread \S+ "[^"]{0,64}" hit |Thread \d+ \(Thread 0x|(?:Temporary b|B)reakpoint \d+(?:,| at ) ?\S|\[(?:New|Switching to) Thread 0x|\[Detaching after fork |Starting program: |Reading symbols from |GNU gdb |Script started on \d|\[Thread debugging using libthread_db |Using host libthread_db )/;

// The machine interface, as nobody else writes it.
const MI =
  /^(?:\d{0,18}(?:\^(?:done|running|connected|error|exit)(?:,|$)|\*(?:stopped|running),|-(?:gdb|break|exec|stack|thread|interpreter)-[a-z])|=(?:thread|library|breakpoint|cmd-param)[a-z-]*,|[~&@]"|\(gdb\)$)/;

// What the reader of QEMU's events takes with the stamp in front of it.
const STAMPED_EVENT = /[ \t][a-z]\w*_\w/;

// 27074@1795320809.223469:vhost_commit Started: 1 Changed: 0
const EVENT = /^\d{1,10}@\d{1,12}\.\d{1,9}:[a-z]/;

/** What may be the name of an event, and its arguments or nothing. */
const NAMED = /(?:^|[ \t:])[a-z]\w*_\w+(?: |$)/;

function isSession(rest: string): boolean {
  return GDB.test(rest) || MI.test(rest);
}

/** What {@link Margins.hole} finds: lines above this one are missing, this one is no line of the text or is lost with them. */
export type Hole =
  | 'above'
  /** So many may be missing from here on that each of them would cost a line. */
  | 'from here on';

/** Takes the margin off the lines of one capture. */
export class Margins {
  readonly #events: EventTable;
  readonly #evidence: Evidence;
  #margin: Margin | undefined;
  /** Who wrote the session, of those whose lines the log has. */
  #writer: string | undefined;
  /** It is a session of gdb, which prints what the program prints. */
  #isDebugger = false;
  /** Of the line above; undefined behind a mark that lines are missing. */
  #number: number | undefined;
  #file: string | undefined;
  /** It was said that lines are missing in this listing. */
  #isTold = false;
  #hole: Hole | undefined;

  constructor(events: EventTable) {
    this.#events = events;
    this.#evidence = {
      isSession,
      isSetIn: (rest) => !rest.startsWith('#') && (isSession(rest) || this.#isFound(rest)),
      isTrace: (rest) => isTraceLine(rest) || this.#isEvent(rest),
      mayHoldTrace: (line) => mayHoldTrace(line) || NAMED.test(line),
      isFound: (rest) => this.#isFound(rest),
      isKernelTrace,
    };
  }

  /** By the number of the line that was stripped last, or by grep's `--`, others stood above it. */
  get hole(): Hole | undefined {
    return this.#hole;
  }

  /** The line without the margin that its neighbours have. */
  strip(line: string): string {
    const before = this.#margin;
    this.#hole = undefined;
    if (line === '--' && isListing(before)) {
      this.#number = undefined;
      if (!this.#isTold) this.#hole = 'above';
      return line;
    }
    // All lines of such a listing have a number, blank ones, too.
    if (isListing(before) && line.trim() === '') this.end();
    const text = this.#strip(line);
    const margin = this.#margin;
    const counted = numberOf(line, margin);
    if (counted !== undefined) this.#count(counted.number, margin === before, counted.file);
    return text;
  }

  #count(number: number, goesOn: boolean, file: string | undefined): void {
    if (!goesOn) this.#isTold = false;
    const isNext = this.#number === undefined || number === this.#number + 1;
    // From the first line on it is another listing.
    const hasHole = goesOn && !(isNext && file === this.#file) && number !== 1;
    this.#number = number;
    this.#file = file;
    if (!hasHole || this.#isTold) return;
    this.#isTold = this.#margin?.[0] !== NUMBERED;
    this.#hole = this.#isTold ? 'from here on' : 'above';
  }

  #strip(line: string): string {
    const cut = this.#margin && cutMargin(line, this.#margin);
    if (cut === undefined) {
      if (line.trim() === '') return line;
      this.#margin = undefined;
      return this.#begin(line) ?? line;
    }
    if (this.#isForeign(line, cut)) return line;
    // "2026-11-22T03:00:00.123456Z 00O ..." has the margin of lines above without "00O", and more; so has
    // "Nov 27 10:00:34 host qemu: vhost_user_read ..." below lines of `ts`.
    return (this.#hasMore(cut.rest) ? this.#begin(line) : undefined) ?? withoutMargin(line, cut);
  }

  #hasMore(rest: string): boolean {
    if (beginsTrace(rest)) return false;
    if (mayHoldTrace(rest)) return true;
    return !isListing(this.#margin) && NAMED.test(rest) && !isSession(rest) && !this.#isEvent(rest);
  }

  /** Another margin than before, if the line has one. */
  #begin(line: string): string | undefined {
    const margin = marginOf(line, this.#evidence);
    const cut = margin && cutMargin(line, margin);
    if (cut === undefined) return undefined;
    this.#margin = margin;
    this.#writer = cut.writer;
    this.#isDebugger = isSession(cut.rest);
    return withoutMargin(line, cut);
  }

  /** Stamps are of many logs: one of another writer, or one that a reader takes itself, is left to who reads those. */
  #isForeign(line: string, { rest, writer }: Cut): boolean {
    if (writer !== this.#writer) {
      // Without a pid behind its name QEMU's events in syslog are read by nobody.
      if (!isSession(rest)) return this.#isEvent(line) || !this.#isEvent(rest);
      this.#writer = writer;
      this.#isDebugger = true;
    }
    if (writer !== undefined && this.#isDebugger) return false;
    if (hasOwnStamp(line)) return true;
    return STAMPED_EVENT.test(line) && readEvent(line, 0, false, this.#events) !== undefined;
  }

  /** With a stamp of its own, or with a text that only this event has. */
  #isEvent(rest: string): boolean {
    return NAMED.test(rest) && readEvent(rest, 0, false, this.#events) !== undefined;
  }

  /** Lines that somebody looked for are of any log. */
  #isFound(rest: string): boolean {
    if (EVENT.test(rest) || GDB.test(rest) || isTraceLine(rest)) return true;
    return (
      /^(?:\d{4}-|[a-z]+_|[A-Z][a-z]{2} [ \d]\d )/.test(rest) &&
      readEvent(rest, 0, false, this.#events) !== undefined
    );
  }

  /** A line came that has none. */
  end(): void {
    this.#margin = undefined;
  }
}

// An empty quote does not end a frame that mail has wrapped, as a blank line would.
function withoutMargin(line: string, { rest }: Cut): string {
  return rest === '' && /[>|]/.test(line) ? line : rest;
}
