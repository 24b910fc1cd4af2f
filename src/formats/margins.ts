/**
 * Margins that stand in front of every line of a session: mail's quotes, clocks of CI, the journal's stamps, numbers,
 * what grep, ts (moreutils) and container runtimes put there, what front ends write in front of the machine interface.
 *
 * A margin is known by a line of gdb behind it, and goes as long as lines have it. Single lines with a
 * margin (`4711  * #0 ...` in a comment) are read by splitMargin() in clean.ts.
 */
import { anyOf } from '../base/any-of.js';
import type { EventTable } from './qemu/event-table.js';
import { readEvent } from './qemu/qemu-trace.js';

// "   123\t#0  f () at x.c:1": cat -n and nl, in six columns; gdb lists the source without blanks in front
const NUMBERED = /^(?=.{6}\t) {0,5}\d{1,6}\t|^\d{7,9}\t/;

// "123:text" and, around what was found, "122-text": grep -n -C 1; with -H or several files "qemu.log:123:text"
const FOUND = /^(\d{1,9})[:-](?!\d\d:\d\d)/;
const FOUND_IN_FILE = /^([A-Za-z./][\w./+-]{0,200}?)(?::(\d{1,9}):|-(\d{1,9})-)/;

// "Nov 22 03:00:00 host gdb[12]: #0 ..."    -o short-precise, short-iso, short-monotonic
const JOURNAL =
  /^(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d{1,9})?|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)|\[ {0,8}\d{1,9}\.\d{6}\]) [\w.-]{1,64} [\w./-]{1,64}(?:\[\d{1,8}\])?: ?/;

const KINDS: readonly RegExp[] = [
  NUMBERED,
  // "> > #3  f () at x.c:1"    "| #3 ..."
  /^[ \t]{0,8}(?:[>|][ \t]?){1,64}/,
  // "00:08:58.944  #6  0x..."    "[00:08:58] ..."    "2026-11-22T03:00:00.123Z ..."
  /^\[?\d\d:\d\d:\d\d(?:[.,]\d{1,9})?\]?(?: {1,2}|\t)/,
  /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?(?: {1,2}|\t)/,
  JOURNAL,
  // "2026-11-26T12:00:00.123456789Z stdout F #0 ...": CRI's log of a container
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d) std(?:out|err) F /,
  // "Nov 26 12:00:00 #0 ..."    "1795320809.223469 #0 ...": ts, ts '%.s'
  /^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d{1,9})? /,
  /^\d{10}(?:\.\d{1,9})? /,
  /^\[pid +\d{1,8}\] /,
  // "1: (1805) <-1008-break-insert -f f": MIEngine's log of what it sends to gdb and receives (VS Code, engineLogging)
  /^\d{1,4}: \(\d{1,10}\) (?:<-|->)/,
  // "594,562 2-gdb-set confirm off": the gdb traces console of Eclipse CDT
  /^\d{3},\d{3} {1,2}/,
];

const ANY_KIND = anyOf(KINDS);

const LISTINGS: readonly RegExp[] = [FOUND, FOUND_IN_FILE];
const ANY_LISTING = anyOf(LISTINGS);

// What nobody but gdb prints at the beginning of a line.
const GDB =
  /^(?:#\d+ {1,2}(?:0x[0-9a-f]+ in |\S+ \()|\(gdb\) |Thread \S+ "[^"]{0,64}" hit |Thread \d+ \(Thread 0x|(?:Temporary b|B)reakpoint \d+(?:,| at ) ?\S|\[(?:New|Switching to) Thread 0x|\[Detaching after fork |Starting program: |Reading symbols from |GNU gdb |Script started on \d|\[Thread debugging using libthread_db |Using host libthread_db )/;

// The machine interface, as nobody else writes it.
const MI =
  /^(?:\d{0,18}(?:\^(?:done|running|connected|error|exit)(?:,|$)|\*(?:stopped|running),|-(?:gdb|break|exec|stack|thread|interpreter)-[a-z])|=(?:thread|library|breakpoint|cmd-param)[a-z-]*,|[~&@]"|\(gdb\)$)/;

// What the reader of QEMU's events takes with the stamp in front of it.
const STAMPED_EVENT = /[ \t][a-z]\w*_\w/;

// Nobody prints it in front of anything else: QEMU's stamps, a system call of vhost's, DPDK's log.
const TRACE =
  /^(?:\d{1,10}@\d{1,12}\.\d{1,9}:[a-z]|(?:\[pid +\d{1,8}\] |\d{1,8} +)?(?:[\d:.]{8,20} )?ioctl\(\d{1,8}(?:<[^<>]{1,200}>)?, VHOST_|VHOST_CONFIG: )/;

function marginOf(line: string, events: EventTable): RegExp | undefined {
  return (
    KINDS.find((kind) => isSession(line, kind)) ??
    (ANY_LISTING.test(line) ? LISTINGS.find((kind) => isFound(line, kind, events)) : undefined)
  );
}

function isSession(line: string, kind: RegExp): boolean {
  const margin = kind.exec(line)?.[0];
  if (margin === undefined) return false;
  const rest = line.slice(margin.length);
  return GDB.test(rest) || MI.test(rest);
}

/** Lines that somebody looked for are of any log. */
function isFound(line: string, kind: RegExp, events: EventTable): boolean {
  const margin = kind.exec(line)?.[0];
  if (margin === undefined) return false;
  const rest = line.slice(margin.length);
  if (TRACE.test(rest) || GDB.test(rest)) return true;
  return /^(?:\d{4}-|[a-z]+_)/.test(rest) && readEvent(rest, 0, false, events) !== undefined;
}

/** `gdb[12]:` of a stamp of the journal. */
function writerOf(margin: string): string {
  return /(\S+) ?$/.exec(margin)?.[1] ?? '';
}

/** What {@link Margins.hole} finds: lines above this one are missing, this one is no line of the text or is lost with them. */
export type Hole =
  | 'above'
  /** So many may be missing from here on that each of them would cost a line. */
  | 'from here on';

/** Takes the margin off the lines of one capture. */
export class Margins {
  readonly #events: EventTable;
  #kind: RegExp | undefined;
  /** `gdb[12]:`, whose session the journal has. */
  #writer: string | undefined;
  /** Of the line above; undefined behind a mark that lines are missing. */
  #number: number | undefined;
  #file: string | undefined;
  /** It was said that lines are missing in this listing. */
  #isTold = false;
  #hole: Hole | undefined;

  constructor(events: EventTable) {
    this.#events = events;
  }

  /** By the number of the line that was stripped last, or by grep's `--`, others stood above it. */
  get hole(): Hole | undefined {
    return this.#hole;
  }

  /** The line without the margin that its neighbours have. */
  strip(line: string): string {
    const before = this.#kind;
    this.#hole = undefined;
    if (line === '--' && this.#isListing(before)) {
      this.#number = undefined;
      if (!this.#isTold) this.#hole = 'above';
      return line;
    }
    // All lines of such a listing have a number, blank ones, too.
    if (this.#isListing(before) && line.trim() === '') this.end();
    const text = this.#strip(line);
    const kind = this.#kind;
    if (kind === NUMBERED) this.#count(Number(NUMBERED.exec(line)?.[0] ?? NaN), kind === before);
    else if (this.#isListing(kind)) {
      const [, first, ofMatch, ofContext] = kind?.exec(line) ?? [];
      const number = ofMatch ?? ofContext;
      const file = number === undefined ? undefined : first;
      if (first !== undefined) this.#count(Number(number ?? first), kind === before, file);
    }
    return text;
  }

  #isListing(kind: RegExp | undefined): boolean {
    return kind === FOUND || kind === FOUND_IN_FILE;
  }

  /** NaN for a line without number, which some do not give to blank ones. */
  #count(number: number, goesOn: boolean, file?: string): void {
    if (Number.isNaN(number)) return;
    if (!goesOn) this.#isTold = false;
    const isNext = this.#number === undefined || number === this.#number + 1;
    // From the first line on it is another listing.
    const hasHole = goesOn && !(isNext && file === this.#file) && number !== 1;
    this.#number = number;
    this.#file = file;
    if (!hasHole || this.#isTold) return;
    this.#isTold = this.#kind !== NUMBERED;
    this.#hole = this.#isTold ? 'from here on' : 'above';
  }

  #strip(line: string): string {
    const match = this.#kind?.exec(line);
    if (match !== undefined && match !== null) {
      return this.#isForeign(line, match[0]) ? line : this.#without(line, match[0]);
    }
    if (line.trim() === '') return line;
    const may = ANY_KIND.test(line) || ANY_LISTING.test(line);
    this.#kind = may ? marginOf(line, this.#events) : undefined;
    const margin = this.#kind?.exec(line)?.[0];
    if (margin !== undefined && this.#kind === JOURNAL) this.#writer = writerOf(margin);
    return margin === undefined ? line : this.#without(line, margin);
  }

  /** Stamps are of many logs: one of another writer, or of a trace event, is left to who reads those. */
  #isForeign(line: string, margin: string): boolean {
    if (this.#kind === JOURNAL) {
      const writer = writerOf(margin);
      if (writer === this.#writer) return false;
      if (!isSession(line, JOURNAL)) return true;
      this.#writer = writer;
      return false;
    }
    return STAMPED_EVENT.test(line) && readEvent(line, 0, false, this.#events) !== undefined;
  }

  /** A line came that has none. */
  end(): void {
    this.#kind = undefined;
  }

  // An empty quote does not end a frame that mail has wrapped, as a blank line would.
  #without(line: string, margin: string): string {
    const rest = line.slice(margin.length);
    return rest === '' && /[>|]/.test(margin) ? line : rest;
  }
}
