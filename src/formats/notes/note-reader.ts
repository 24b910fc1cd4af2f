/**
 * What people write between the dumps: offers lines to the formats of notes, and tells words from output.
 *
 * A line may be the first of a record only if the next one says so (a call above its tree, a title
 * above its underline). Such a line is kept back until then; nothing else happens in between.
 */
import type { CaptureRecord } from '../../model/record.js';
import type { NoteFormat, NoteLine } from './note-format.js';
import { createNoteFormats } from './note-formats.js';
import { isComment, isEither, isFence, isHuman, isLabel } from './prose.js';

export class NoteReader {
  readonly #formats = createNoteFormats();
  readonly #claim: (records: readonly CaptureRecord[], lineNo?: number) => void;
  /** The format whose record is under construction. */
  #open: NoteFormat | undefined;
  #head: NoteLine | undefined;
  #blankLine = 0;
  /** The last line that is a person's, or blank or code below one. */
  #personLine = -1;

  /** `claim` takes the records that are finished; with the number of the line, if it is a new one's. */
  constructor(claim: (records: readonly CaptureRecord[], lineNo?: number) => void) {
    this.#claim = claim;
  }

  /** A record is under construction or a line kept back: the next line must be shown to goOn() or settle() called. */
  isBusy(): boolean {
    return this.#open !== undefined || this.#head !== undefined;
  }

  lineOf(text: string, lineNo: number, nearOutput: boolean): NoteLine {
    return { text, lineNo, nearOutput, opensParagraph: this.#blankLine === lineNo - 1 };
  }

  blank(lineNo: number): void {
    this.#blankLine = lineNo;
    if (this.#personLine === lineNo - 1) this.#personLine = lineNo;
  }

  /** Keeps the line back if it may be the first of a record; goOn() or settle() decides. */
  keepBack(line: NoteLine): boolean {
    for (const format of this.#formats) {
      if (format.mayHead?.(line) !== true) continue;
      this.#head = line;
      return true;
    }
    return false;
  }

  /**
   * Offers the line to all formats; `mayBeLabel`: backtraces stand alone, and any may be of another run, so that a
   * comment above one is no code.
   */
  take(line: NoteLine, mayBeLabel: boolean): boolean {
    if (mayBeLabel && line.opensParagraph && isComment(line.text) && isLabel(line.text))
      return false;
    for (const format of this.#formats) {
      if (this.#claims(format, format.take(line), line)) return true;
    }
    return false;
  }

  /** Offers the line to the record under construction, or to the formats that a line was kept back for. */
  goOn(line: NoteLine): boolean {
    const head = this.#head;
    // Formats count fences where take() meets them, which must be once.
    if (isFence(line.text)) return false;
    if (head !== undefined) {
      return this.#formats.some((format) =>
        this.#claims(format, format.takeBelow?.(head, line), line),
      );
    }
    const open = this.#open;
    if (open === undefined) return false;
    // A person's mark ends a block that was never closed.
    for (const format of this.#formats) {
      const mayTake = format === open || format.isPersons;
      if (mayTake && this.#claims(format, format.take(line), line)) return true;
      if (format === open) break;
    }
    return false;
  }

  /** Something else comes: ends what is under construction; gives back the line that was kept back. */
  settle(): NoteLine | undefined {
    const head = this.#head;
    const open = this.#open;
    this.#head = undefined;
    this.#open = undefined;
    if (open?.isOpen === true) this.#claim(open.end());
    return head;
  }

  /** True when a person wrote this line, which no format claims; `mayBeLabel` as in take(). */
  isPersons({ text, lineNo, nearOutput, opensParagraph }: NoteLine, mayBeLabel: boolean): boolean {
    const isBelow = this.#personLine === lineNo - 1;
    const human =
      isHuman(text, nearOutput) ||
      (isBelow && isEither(text)) ||
      (mayBeLabel && opensParagraph && isLabel(text));
    // What a fence holds need not be a person's.
    if (human && !isFence(text)) this.#personLine = lineNo;
    return human;
  }

  #claims(
    format: NoteFormat,
    records: readonly CaptureRecord[] | undefined,
    { lineNo }: NoteLine,
  ): boolean {
    if (records === undefined) return false;
    const first = this.#head?.lineNo ?? lineNo;
    this.#head = undefined;
    if (this.#open !== undefined && this.#open !== format) this.#claim(this.#open.end());
    this.#claim(records, lineNo);
    this.#open = format.isOpen ? format : undefined;
    if (format.isPersons || this.#personLine === first - 1) this.#personLine = lineNo;
    return true;
  }
}
