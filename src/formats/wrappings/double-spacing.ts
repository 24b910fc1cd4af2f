/**
 * A log with a blank line below each of its own, as word processors and pages with a paragraph for each line give it.
 *
 * Tools print no blank lines between theirs, so that one elsewhere tells of a loss. People leave one between paragraphs: only
 * lines with a clock count.
 */

/** Where the lines go. */
export interface SpacedOut {
  readonly line: (raw: string) => void;
  /** A blank line that is none of the log. */
  readonly skip: () => void;
}

/** So many in a row, from the first of the capture, are no chance. */
const ENOUGH = 4;

/** `27074@1795320809.223469:`, `03:27:38`, `10.001000: `. */
const CLOCK = /\d\d:\d\d:\d\d|\d\.\d{3,9}\b/;

/** A clock stands in front. */
const LONGEST_FRONT = 256;

export class DoubleSpacing {
  /** The lines so far; undefined where it is known how they are spaced. */
  #held: string[] | undefined = [];
  #isDouble = false;
  /** Or at the top. */
  #isBelowBlank = true;

  constructor(private readonly out: SpacedOut) {}

  push(raw: string): void {
    if (this.#held !== undefined) this.#hold(raw, this.#held);
    else if (this.#isDouble) this.#pushSpaced(raw);
    else this.out.line(raw);
  }

  /** The capture ends. */
  finish(): void {
    if (this.#held !== undefined) this.#release(this.#held);
  }

  #hold(raw: string, held: string[]): void {
    held.push(raw);
    const isBlank = raw.trim() === '';
    const isAlternate = isBlank ? held.length % 2 === 0 : hasClock(raw) && held.length % 2 === 1;
    if (!isAlternate || held.length >= 2 * ENOUGH) this.#release(held, isAlternate);
  }

  #release(held: readonly string[], isAlternate = true): void {
    this.#held = undefined;
    this.#isDouble = isAlternate && held.length >= 2 * ENOUGH - 1;
    for (const line of held) this.push(line);
  }

  #pushSpaced(raw: string): void {
    const isBlank = raw.trim() === '';
    // Two lines side by side: what comes from here on is spaced as usual.
    if (!isBlank && !this.#isBelowBlank) this.#isDouble = false;
    if (isBlank && !this.#isBelowBlank) this.out.skip();
    else this.out.line(raw);
    this.#isBelowBlank = isBlank;
  }
}

function hasClock(line: string): boolean {
  return CLOCK.test(line.slice(0, LONGEST_FRONT));
}
