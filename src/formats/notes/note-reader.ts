/**
 * What people write between the dumps: offers lines to the formats of notes, and tells words from output.
 *
 * A line may be the first of a record only if the next one says so (a call above its tree, a title
 * above its underline). Such a line is kept back until then; nothing else happens in between.
 */
import type { CaptureRecord } from '../../model/record.js';
import type { Line } from '../gdb/pending.js';
import type { GdbSession } from '../gdb/session.js';
import type { EventLines } from '../qemu/event-lines.js';
import type { NoteFormat, NoteLine } from './note-format.js';
import { createNoteFormats } from './note-formats.js';
import { isComment, isEither, isFence, isHuman, isLabel, isRunLabel } from './prose.js';

/** Above a person's name in a mail (RFC 3676, 4.3). */
const SIGNATURE = /^-- ?$/;

export class NoteReader {
  readonly #formats = createNoteFormats();
  readonly #session: GdbSession;
  readonly #events: EventLines;
  /** The format whose record is under construction. */
  #open: NoteFormat | undefined;
  #head: NoteLine | undefined;
  #blankLine = 0;
  /** The last line that is a person's, or blank or code below one. */
  #personLine = -1;
  /** The last line that nothing reads. */
  #otherLine = -1;

  constructor(session: GdbSession, events: EventLines) {
    this.#session = session;
    this.#events = events;
  }

  /** A record is under construction or a line kept back: the next line must be shown to goOn() or settle() called. */
  get isBusy(): boolean {
    return this.#open !== undefined || this.#head !== undefined;
  }

  blank(lineNo: number): void {
    this.#blankLine = lineNo;
    if (this.#personLine === lineNo - 1) this.#personLine = lineNo;
  }

  /** Reads a line that nothing else claims. */
  read(line: Line): void {
    const note = this.#noteLine(line);
    if (!this.#keepBack(note)) this.#read(note);
  }

  /** Takes a line that goes on with what is here, unless `isGdb`: that ends before a line of gdb. */
  goOn(line: Line, isGdb: boolean): boolean {
    // A line that was kept back in vain may itself be a record that goes on.
    while (this.isBusy) {
      if (!isGdb && this.#goOn(this.#noteLine(line))) return true;
      this.#settleOne();
    }
    return false;
  }

  /** Something else comes: ends what is here. */
  settle(): void {
    while (this.isBusy) this.#settleOne();
  }

  #noteLine({ text, lineNo }: Line): NoteLine {
    const nearOutput = this.#session.isNear(lineNo);
    return { text, lineNo, nearOutput, opensParagraph: this.#blankLine === lineNo - 1 };
  }

  #read(line: NoteLine): void {
    const { text, lineNo } = line;
    // Backtraces stand alone, and any may be of another run: a comment above one is no code.
    const mayBeLabel = this.#session.showsStacksOnly && line.opensParagraph && isLabel(text);
    const isComments = isComment(text) && (mayBeLabel || isRunLabel(text.trim()));
    if (!isComments && this.#take(line)) return;
    if (SIGNATURE.test(text)) this.#personLine = lineNo;
    const isBelowWords = line.opensParagraph || this.#personLine === lineNo - 1;
    if (this.#events.isPiece(text, isBelowWords, this.#otherLine === lineNo - 1)) {
      this.#session.gap({ first: lineNo, last: lineNo }, 'a piece of an event');
      return;
    }
    this.#otherLine = lineNo;
    this.#session.prose(lineNo, this.#isPersons(line, mayBeLabel), text);
  }

  /** Keeps the line back if it may be the first of a record. */
  #keepBack(line: NoteLine): boolean {
    for (const format of this.#formats) {
      if (format.mayHead?.(line) !== true) continue;
      this.#head = line;
      return true;
    }
    return false;
  }

  /** Offers the line to all formats. */
  #take(line: NoteLine): boolean {
    for (const format of this.#formats) {
      if (this.#claims(format, format.take(line), line)) return true;
    }
    return false;
  }

  /** Offers the line to the record under construction, or to the formats that a line was kept back for. */
  #goOn(line: NoteLine): boolean {
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

  /** Ends what is under construction, and reads the line that was kept back. */
  #settleOne(): void {
    const head = this.#head;
    const open = this.#open;
    this.#head = undefined;
    this.#open = undefined;
    if (open?.isOpen === true) this.#claim(open.end());
    if (head !== undefined) this.#read(head);
  }

  /** Adds records that are finished; `lineNo`: of the line, if it is a new one's. */
  #claim(records: readonly CaptureRecord[], lineNo?: number): void {
    this.#session.addForeign('notes', records, lineNo);
  }

  /** True when a person wrote this line, which no format claims. */
  #isPersons({ text, lineNo, nearOutput }: NoteLine, mayBeLabel: boolean): boolean {
    const isBelow = this.#personLine === lineNo - 1;
    const human = isHuman(text, nearOutput) || (isBelow && isEither(text)) || mayBeLabel;
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
