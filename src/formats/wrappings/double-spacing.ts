/**
 * A log with a blank line below each of its own, as word processors and pages with a paragraph for each line give it; or a
 * part of one, which was pasted that way below another.
 *
 * Tools print no blank lines between theirs, so that one elsewhere tells of a loss; one that the log has itself is one of
 * three then. People leave one between paragraphs: lines of a tool count, and of others many.
 */

/** Where the lines go. */
export interface SpacedOut {
  readonly line: (raw: string) => void;
  /** A blank line that is none of the log. */
  readonly skip: () => void;
}

/** So many lines of tools, from the first of the capture, are no chance. */
const ENOUGH = 4;
/** So many lines of anything: nobody writes as many paragraphs of one line each. */
const ENOUGH_OF_ANY = 12;
const MOST_HELD = 8 * ENOUGH_OF_ANY;

/** `27074@1795320809.223469:`, `03:27:38`, `10.001000: `. */
const CLOCK = /\d\d:\d\d:\d\d|\d\.\d{3,9}\b/;

/** Of gdb, of a kernel trace, and of DPDK: `#0  f`, `Thread 5 "x" hit`, `# tracer: nop`, `VHOST_CONFIG: `. */
const OF_TOOL =
  /^[ \t>|]{0,16}(?:#\d{1,6} |#(?: {4}| tracer:|$)|Thread \d|(?:Temporary )?[Bb]reakpoint \d|\(gdb\)|\[(?:New|Switching|Inferior) |vhtrace-probes |VHOST_[A-Z]{1,16}: )/;

const SPACE = 32;

/** A clock stands in front. */
const LONGEST_FRONT = 256;

export class DoubleSpacing {
  /** The lines so far; undefined where it is known how they are spaced. */
  #held: string[] | undefined = [];
  /** How many of them are no blank ones. */
  #texts = 0;
  /** All of those are of tools. */
  #isOfTool = true;
  #isDouble = false;
  /** Blank lines above, one after the other. */
  #blanks = 0;
  /** What may begin such a part: blank lines, and one line below each run of them. */
  #pending: string[] = [];
  /** Lines of tools among them. */
  #ofTools = 0;

  constructor(private readonly out: SpacedOut) {}

  push(raw: string): void {
    if (this.#held !== undefined) this.#hold(raw, this.#held);
    else if (this.#isDouble) this.#pushSpaced(raw);
    else this.#watch(raw);
  }

  /** The capture ends. */
  finish(): void {
    if (this.#held !== undefined) this.#release(this.#held, this.#isEnough);
    this.#settle();
  }

  get #isEnough(): boolean {
    return this.#texts >= (this.#isOfTool ? ENOUGH : ENOUGH_OF_ANY);
  }

  #hold(raw: string, held: string[]): void {
    const isBelow = this.#blanks % 2 === 1 || held.length === 0;
    held.push(raw);
    if (raw.trim() === '') {
      this.#blanks += 1;
      if (held.length === 1 || held.length > MOST_HELD) this.#release(held, false);
      else if (this.#isEnough) this.#release(held, true);
      return;
    }
    this.#blanks = 0;
    this.#texts += 1;
    this.#isOfTool &&= isOfTool(raw);
    if (!isBelow) this.#release(held, false);
  }

  #release(held: readonly string[], isDouble: boolean): void {
    this.#held = undefined;
    this.#isDouble = isDouble;
    this.#texts = 0;
    this.#blanks = 0;
    for (const [i, line] of held.entries()) {
      if (this.#isDouble && i > 0) this.#pushSpaced(line);
      else this.out.line(line);
    }
  }

  /** Between lines that are spaced as usual. */
  #watch(raw: string): void {
    // Nearly every line of a log of millions.
    if (this.#pending.length === 0 && raw.charCodeAt(0) > SPACE) {
      this.out.line(raw);
      return;
    }
    const isBlank = raw.trim() === '';
    const isBelow = this.#blanks % 2 === 1;
    if (!isBlank && !isBelow) {
      this.#settle();
      this.out.line(raw);
      return;
    }
    this.#pending.push(raw);
    this.#blanks = isBlank ? this.#blanks + 1 : 0;
    if (this.#pending.length > MOST_HELD) this.#settle();
    if (isBlank) return;
    this.#texts += 1;
    this.#ofTools += Number(isOfTool(raw));
    if (this.#texts < ENOUGH_OF_ANY || this.#ofTools < ENOUGH) return;
    this.#isDouble = true;
    this.#blanks = 0;
    for (const line of this.#take()) this.#pushSpaced(line);
  }

  /** They are nothing but blank lines of the log. */
  #settle(): void {
    for (const line of this.#take()) this.out.line(line);
    this.#blanks = 0;
  }

  #take(): readonly string[] {
    const pending = this.#pending;
    if (pending.length > 0) this.#pending = [];
    this.#texts = 0;
    this.#ofTools = 0;
    return pending;
  }

  /** Of the blank lines below each other the first is none of the log, and then every other. */
  #pushSpaced(raw: string): void {
    if (raw.trim() !== '') {
      // Two lines side by side: what comes from here on is spaced as usual.
      if (this.#blanks === 0) this.#isDouble = false;
      this.#blanks = 0;
      this.out.line(raw);
      return;
    }
    this.#blanks += 1;
    if (this.#blanks % 2 === 1) this.out.skip();
    else this.out.line(raw);
  }
}

function isOfTool(line: string): boolean {
  return CLOCK.test(line.slice(0, LONGEST_FRONT)) || OF_TOOL.test(line);
}
