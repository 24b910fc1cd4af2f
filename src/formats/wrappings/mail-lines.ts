/** Lines of mail that is still encoded, until it is known where the line that they are ends. */
import { cleanLine, splitMargin } from './clean.js';
import { QuotedPrintable } from './quoted-printable.js';

/** Lines that may be one; a frame of gdb is no longer. */
const MOST_DECODED = 64;

/** Lines that may be one before a value shows it. */
const MOST_DOUBTFUL = 4;

/** `&lt` at the end of a piece: its `;` begins the next one. */
const BEGUN_ENTITY = /&(?:#?\w{1,8})?$/;

/** What becomes of a line when it is whole. */
export interface MailTarget {
  /** Takes it as the capture's own. */
  readonly pushLine: (text: string, line: number) => void;
  /** Takes it, or a piece of it, without a margin. */
  readonly join: (text: string, line: number, cut: boolean) => void;
  /** What stood in it was taken with a line above. */
  readonly skip: (line: number) => void;
  /** It cannot be read: several lines stand in it, or a part of one. */
  readonly lose: (line: number) => void;
  readonly isFrameOrStop: (text: string, line: number) => boolean;
}

export class MailLines {
  readonly #encoding = new QuotedPrintable();
  readonly #target: MailTarget;
  /** What is one line so far. */
  #open: { readonly text: string; readonly line: number }[] = [];

  constructor(target: MailTarget) {
    this.#target = target;
  }

  /** Those that may be, of a mail that nothing has shown yet. */
  #doubtful: { readonly raw: string; readonly line: number }[] = [];

  /** The next line may go on with one that is here. */
  get isOpen(): boolean {
    return this.#open.length > 0 || this.#doubtful.length > 0;
  }

  /** False for a line that is not encoded; those that wait are given out before it. */
  take(raw: string, line: number): boolean {
    if (!this.isOpen && !this.#encoding.mayMatter(raw)) return false;
    if (this.#encoding.hidesBreaks(raw)) {
      this.end();
      this.#target.lose(line);
      return true;
    }
    this.#settle(raw);
    if (this.#doubtful.length < MOST_DOUBTFUL && this.#encoding.mayGoOn(raw)) {
      this.#doubtful.push({ raw, line });
      return true;
    }
    this.#giveOut();
    const decoded = this.#encoding.decode(raw);
    if (decoded !== undefined) this.#open.push({ text: decoded.text, line });
    if (decoded?.goesOn !== true || this.#open.length >= MOST_DECODED) this.end();
    return decoded !== undefined;
  }

  /** The line shows, with those that wait, that they are encoded. */
  #settle(raw: string): void {
    const lines = this.#doubtful;
    if (lines.length === 0 || !this.#encoding.begin([...lines.map((one) => one.raw), raw])) return;
    this.#doubtful = [];
    for (const one of lines) this.take(one.raw, one.line);
  }

  #giveOut(): void {
    const lines = this.#doubtful;
    this.#doubtful = [];
    for (const { raw, line } of lines) this.#target.pushLine(raw, line);
  }

  /** Gives out what waits: a frame or a stop as lines that were cut in mid-word, all else as the first. */
  end(): void {
    this.#giveOut();
    const lines = this.#open;
    const [first, ...others] = lines;
    if (first === undefined) return;
    this.#open = [];
    if (others.length === 0) {
      this.#target.pushLine(first.text, first.line);
      return;
    }
    const whole = lines.map(({ text }) => text).join('');
    if (!this.#target.isFrameOrStop(stripMargin(whole), first.line)) {
      this.#target.pushLine(whole, first.line);
      for (const { line } of others) this.#target.skip(line);
      return;
    }
    let entity = '';
    for (const [i, piece] of lines.entries()) {
      const { line } = piece;
      const cut = i < lines.length - 1;
      const whole = entity + piece.text;
      entity = cut ? (BEGUN_ENTITY.exec(whole)?.[0] ?? '') : '';
      const clean = cleanLine(whole.slice(0, whole.length - entity.length));
      this.#target.join(i === 0 ? stripMargin(clean) : clean, line, cut);
    }
  }
}

function stripMargin(line: string): string {
  return splitMargin(line).rest;
}
