/** Lines of mail that is still encoded, until it is known where the line that they are ends. */
import { cleanLine, splitMargin } from './clean.js';
import type { Line } from './gdb/pending.js';
import { QuotedPrintable } from './quoted-printable.js';

/** Lines that may be one; a frame of gdb is no longer. */
const MOST_DECODED = 64;

/** What becomes of a line when it is whole. */
export interface MailTarget {
  /** Takes it as the capture's own. */
  readonly pushLine: (text: string, lineNo: number) => void;
  /** Takes it, or a piece of it, without a margin. */
  readonly join: (line: Line) => void;
  readonly isFrameOrStop: (line: Line) => boolean;
}

export class MailLines {
  readonly #encoding = new QuotedPrintable();
  readonly #target: MailTarget;
  /** What is one line so far. */
  #open: { readonly text: string; readonly lineNo: number }[] = [];

  constructor(target: MailTarget) {
    this.#target = target;
  }

  /** The next line may go on with one that is here. */
  get isOpen(): boolean {
    return this.#open.length > 0;
  }

  /** False for a line that is not encoded; those that wait are given out before it. */
  take(raw: string, lineNo: number): boolean {
    const decoded = this.#encoding.decode(raw);
    if (decoded !== undefined) this.#open.push({ text: decoded.text, lineNo });
    if (decoded?.goesOn !== true || this.#open.length >= MOST_DECODED) this.end();
    return decoded !== undefined;
  }

  /** Gives out what waits: a frame or a stop as lines that were cut in mid-word, all else as the first. */
  end(): void {
    const lines = this.#open;
    const [first, ...others] = lines;
    if (first === undefined) return;
    this.#open = [];
    if (others.length === 0) {
      this.#target.pushLine(first.text, first.lineNo);
      return;
    }
    const whole = lines.map(({ text }) => text).join('');
    if (!this.#target.isFrameOrStop({ ...first, text: stripMargin(whole), cut: false })) {
      this.#target.pushLine(whole, first.lineNo);
      for (const { lineNo } of others) this.#target.join({ text: '', lineNo, cut: false });
      return;
    }
    for (const [i, { text, lineNo }] of lines.entries()) {
      const clean = cleanLine(text);
      const cut = i < lines.length - 1;
      this.#target.join({ text: i === 0 ? stripMargin(clean) : clean, lineNo, cut });
    }
  }
}

function stripMargin(line: string): string {
  return splitMargin(line).rest;
}
