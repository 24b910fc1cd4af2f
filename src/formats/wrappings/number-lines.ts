/**
 * A log with the number of each line on a line of its own above it, as a copy gives it of a page whose numbers are cells of a table.
 *
 * A row that a screen has wrapped goes on with such a line, too, but then the lines above are all as long as the screen is wide.
 */

import { cleanText } from './clean.js';

/** Where the lines go. */
export interface Unnumbered {
  readonly line: (raw: string) => void;
  /** A number that is none of the log. */
  readonly skip: () => void;
}

// "977\t" is an empty line of the source, as gdb echoes it.
const NUMBER = /^[ \t]*(\d{1,7}) *$/;

/** Longer lines are none, whatever a terminal has put around it. */
const LONGEST = 32;

export class NumberLines {
  /** A number, and the line below, as long as it is not known what the number is. */
  #held: string[] = [];
  /** What the listing goes on with; undefined outside of one. */
  #next: number | undefined;
  /** The line above is no number. */
  #isBelowText = true;
  /** Length of the last line above that is none. */
  #above = -1;

  constructor(private readonly out: Unnumbered) {}

  push(raw: string): void {
    const number = numberIn(raw);
    if (this.#held.length > 0) this.#hold(raw, number);
    else if (this.#next !== undefined && number === this.#next) this.#skip(number);
    else {
      // Two lines below each other: what comes from here on is not numbered.
      if (this.#isBelowText) this.#next = undefined;
      if (number === undefined || this.#next !== undefined) this.#line(raw);
      else this.#held = [raw];
    }
  }

  /** A line came that is none of the log. */
  skip(): void {
    this.finish();
    this.out.skip();
  }

  /** The capture ends, or what the number is will not be known. */
  finish(): void {
    const held = this.#held;
    this.#held = [];
    for (const raw of held) this.#line(raw);
  }

  #hold(raw: string, number: number | undefined): void {
    const [first = '', text] = this.#held;
    if (text === undefined) {
      this.#held.push(raw);
      return;
    }
    this.#held = [];
    const isNext = number !== undefined && number - 1 === numberIn(first);
    if (isNext && text.length !== this.#above) {
      this.out.skip();
      this.#line(text);
      this.#skip(number);
      return;
    }
    this.#line(first);
    this.push(text);
    this.push(raw);
  }

  #skip(number: number): void {
    this.out.skip();
    this.#next = number + 1;
    this.#isBelowText = false;
  }

  #line(raw: string): void {
    this.out.line(raw);
    this.#above = raw.length;
    this.#isBelowText = true;
  }
}

function numberIn(raw: string): number | undefined {
  const digits = raw.length <= LONGEST ? NUMBER.exec(cleanText(raw))?.[1] : undefined;
  return digits === undefined ? undefined : Number(digits);
}
