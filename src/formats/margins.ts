/**
 * Margins that stand in front of every line of a session: mail's quotes, clocks of CI, the journal's stamps, numbers,
 * what front ends write in front of the machine interface.
 *
 * A margin is known by a line of gdb behind it, and goes as long as lines have it. Single lines with a
 * margin (`4711  * #0 ...` in a comment) are read by splitMargin() in clean.ts.
 */
import { anyOf } from '../base/any-of.js';

// "   123\t#0  f () at x.c:1": cat -n and nl, in six columns; gdb lists the source without blanks in front
const NUMBERED = /^(?=.{6}\t) {0,5}\d{1,6}\t|^\d{7,9}\t/;

const KINDS: readonly RegExp[] = [
  NUMBERED,
  // "> > #3  f () at x.c:1"    "| #3 ..."
  /^[ \t]{0,8}(?:[>|][ \t]?){1,64}/,
  // "00:08:58.944  #6  0x..."    "[00:08:58] ..."    "2026-11-22T03:00:00.123Z ..."
  /^\[?\d\d:\d\d:\d\d(?:[.,]\d{1,9})?\]?(?: {1,2}|\t)/,
  /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?(?: {1,2}|\t)/,
  // "Nov 22 03:00:00 host gdb[12]: #0 ..."
  /^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d [\w.-]{1,64} [\w./-]{1,64}(?:\[\d{1,8}\])?: ?/,
  /^\[pid +\d{1,8}\] /,
  // "1: (1805) <-1008-break-insert -f f": MIEngine's log of what it sends to gdb and receives (VS Code, engineLogging)
  /^\d{1,4}: \(\d{1,10}\) (?:<-|->)/,
  // "594,562 2-gdb-set confirm off": the gdb traces console of Eclipse CDT
  /^\d{3},\d{3} {1,2}/,
];

const ANY_KIND = anyOf(KINDS);

// What nobody but gdb prints at the beginning of a line.
const GDB =
  /^(?:#\d+ {1,2}(?:0x[0-9a-f]+ in |\S+ \()|\(gdb\) |Thread \S+ "[^"]{0,64}" hit |Thread \d+ \(Thread 0x|(?:Temporary b|B)reakpoint \d+(?:,| at ) ?\S|\[(?:New|Switching to) Thread 0x|\[Detaching after fork |Starting program: |Reading symbols from |GNU gdb |Script started on \d|\[Thread debugging using libthread_db |Using host libthread_db )/;

// The machine interface, as nobody else writes it.
const MI =
  /^(?:\d{0,18}(?:\^(?:done|running|connected|error|exit)(?:,|$)|\*(?:stopped|running),|-(?:gdb|break|exec|stack|thread|interpreter)-[a-z])|=(?:thread|library|breakpoint|cmd-param)[a-z-]*,|[~&@]"|\(gdb\)$)/;

function marginOf(line: string): RegExp | undefined {
  return KINDS.find((kind) => {
    const margin = kind.exec(line)?.[0];
    if (margin === undefined) return false;
    const rest = line.slice(margin.length);
    return GDB.test(rest) || MI.test(rest);
  });
}

/** Takes the margin off the lines of one capture. */
export class Margins {
  #kind: RegExp | undefined;
  #number = 0;
  #isAfterGap = false;

  /** By the number of the line that was stripped last, others stood above it. */
  get isAfterGap(): boolean {
    return this.#isAfterGap;
  }

  /** The line without the margin that its neighbours have. */
  strip(line: string): string {
    const wasNumbered = this.#kind === NUMBERED;
    const text = this.#strip(line);
    const number = this.#kind === NUMBERED ? NUMBERED.exec(line)?.[0] : undefined;
    this.#isAfterGap = number !== undefined && wasNumbered && Number(number) !== this.#number + 1;
    if (number !== undefined) this.#number = Number(number);
    return text;
  }

  #strip(line: string): string {
    const match = this.#kind?.exec(line);
    if (match !== undefined && match !== null) return this.#without(line, match[0]);
    if (line.trim() === '') return line;
    this.#kind = ANY_KIND.test(line) ? marginOf(line) : undefined;
    const margin = this.#kind?.exec(line)?.[0];
    return margin === undefined ? line : this.#without(line, margin);
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
