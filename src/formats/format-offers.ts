/** Offers lines to the formats of line-formats.ts, and ends the one whose record is under construction. */
import type { CaptureRecord, FormatId } from '../model/record.js';
import type { GdbSession } from './gdb/session.js';
import type { LineFormat } from './line-format.js';
import { createLineFormats } from './line-formats.js';
import type { NoteReader } from './notes/note-reader.js';
import type { EventTable } from './qemu/event-table.js';

export class FormatOffers {
  readonly #formats: readonly LineFormat[];
  readonly #session: GdbSession;
  readonly #notes: NoteReader;
  /** The format whose record is under construction. */
  #open: LineFormat | undefined;

  /** `notes`: where a record begins or ends no block of a note goes on; `miss`: told of lines that are not read whole. */
  constructor(
    events: EventTable,
    session: GdbSession,
    notes: NoteReader,
    private readonly miss: (of: FormatId, lineNo: number) => void,
  ) {
    this.#formats = createLineFormats(events, session.doubts);
    this.#session = session;
    this.#notes = notes;
  }

  /** Of the last line that was taken. */
  #taker: FormatId | undefined;

  get taker(): FormatId | undefined {
    return this.#taker;
  }

  get isOpen(): boolean {
    return this.#open !== undefined;
  }

  /** Offers the line, without what a terminal fills it with; the format that is at work comes first. */
  take(line: string, lineNo: number): boolean {
    const text = line.trimEnd();
    const open = this.#open;
    if (open !== undefined) {
      if (this.#takes(open, text, lineNo)) return true;
      this.end();
    }
    for (const format of this.#formats) {
      if (format !== open && this.#takes(format, text, lineNo)) return true;
    }
    return false;
  }

  /** Ends what is under construction. */
  end(): void {
    this.#end((open) => open.end());
  }

  /** The input ends in front of this line. */
  finish(next: number): void {
    const open = this.#open;
    this.#end((format) => format.finish?.(next) ?? format.end());
    this.#session.closeAll();
    for (const format of this.#formats) {
      const last = format === open ? [] : (format.finish?.(next) ?? []);
      if (last.length > 0) this.#session.addForeign(format.id, last);
    }
  }

  #end(close: (open: LineFormat) => readonly CaptureRecord[]): void {
    const open = this.#open;
    this.#open = undefined;
    if (open !== undefined) {
      const before = open.problem;
      this.#session.addForeign(open.id, close(open));
      if (open.problem !== before) this.#tell(open);
      this.#tellMissed(open);
    }
    this.#notes.settle();
  }

  #tellMissed(format: LineFormat): void {
    for (const lineNo of format.takeMissed?.() ?? []) this.miss(format.id, lineNo);
  }

  #tell({ problem }: LineFormat): void {
    if (problem === undefined) return;
    this.#session.problem(problem.code, problem.message, problem.span);
  }

  #takes(format: LineFormat, text: string, lineNo: number): boolean {
    const records = format.take(text, lineNo);
    if (records === undefined) return false;
    this.#taker = format.id;
    this.#notes.settle();
    this.#session.addForeign(format.id, records, lineNo);
    this.#tell(format);
    this.#tellMissed(format);
    this.#open = format.isOpen ? format : undefined;
    return true;
  }
}
