/**
 * Reads one capture line by line: every line is claimed by a record or counted as blank.
 *
 * Producers: gdb's command line (gdb 7 to 18) and QEMU's "log" trace backend, mixed with anything else.
 * Unit:      see the record types. What mail, JSON, tables and margins put around a line is taken off here; who takes
 *            the line then is said in line-reader.ts. Most lines of a long log are known by those above and need none of that.
 */
import type { CaptureRecord, Reading } from '../model/record.js';
import { cleanLine } from './wrappings/clean.js';
import { DoubleSpacing } from './wrappings/double-spacing.js';
import { singleBlanks } from './wrappings/widened-blanks.js';
import { CsvLines } from './wrappings/csv-lines.js';
import { FrameTable } from './gdb/frames.js';
import { KnownLines } from './gdb/known-lines.js';
import { KnownStops } from './gdb/known-stops.js';
import { GdbOutput } from './gdb/output.js';
import { GdbSession } from './gdb/session.js';
import { JournalFields } from './wrappings/journal-fields.js';
import { JsonLines } from './wrappings/json-lines.js';
import { LineReader } from './line-reader.js';
import { LogLines } from './log-lines.js';
import { MailLines } from './wrappings/mail-lines.js';
import { Margins } from './wrappings/margins.js';
import { stripMarkup } from './wrappings/markup.js';
import { EventLines } from './qemu/event-lines.js';
import { builtInEvents } from './qemu/event-table.js';
import type { EventTable } from './qemu/event-table.js';
import { NumberLines } from './wrappings/number-lines.js';
import { OuterClock } from './wrappings/outer-clock.js';
import { RecordSink } from './record-sink.js';
import { UnknownMargins } from './wrappings/unknown-margins.js';

/** Takes lines, gives records. One reader per capture. */
export interface CaptureReader {
  /** One line without its newline; it may carry CR, colours, NUL, anything. Never throws. */
  push(line: string): void;
  /** The records finished so far; finish() then returns only the rest. For captures larger than memory. */
  take(): readonly CaptureRecord[];
  /** The input ended. Call once. */
  finish(): Reading;
}

/** `events`: those whose arguments are known; the built-in table where nothing else is said. */
export function createReader(events: EventTable = builtInEvents()): CaptureReader {
  return new Reader(events);
}

/** Less than what the input keeps of a line, so that none is read that was cut there. */
const LONGEST_LINE = 1_000_000;

class Reader implements CaptureReader {
  readonly #log = new LogLines();
  readonly #sink = new RecordSink(this.#log);
  readonly #session = new GdbSession(this.#sink);
  readonly #json = new JsonLines();
  readonly #journal: JournalFields;
  readonly #csv = new CsvLines();
  readonly #clock = new OuterClock();
  readonly #margins: Margins;
  readonly #events: EventLines;
  readonly #lines: LineReader;
  readonly #known: KnownLines;
  readonly #mail: MailLines;
  readonly #numbers = new NumberLines({
    line: (raw) => {
      this.#read(raw);
    },
    skip: () => {
      this.#count += 1;
      this.#log.skip(this.#count);
    },
  });
  readonly #spacing = new DoubleSpacing({
    line: (raw) => {
      this.#numbers.push(raw);
    },
    skip: () => {
      this.#numbers.skip();
    },
  });
  #count = 0;
  /** That was told. */
  #hasEncodedBreaks = false;

  constructor(table: EventTable) {
    const session = this.#session;
    const frames = new FrameTable();
    const stops = new KnownStops(frames);
    const output = new GdbOutput(session);
    this.#margins = new Margins(table);
    this.#events = new EventLines(table);
    this.#lines = new LineReader({
      table,
      events: this.#events,
      session,
      output,
      frames,
      stops,
      margins: new UnknownMargins(table, this.#margins, session),
      isNewest: ({ lineNo }) => lineNo === this.#log.numberOf(this.#count),
    });
    this.#known = new KnownLines(frames, stops, session, output, {
      makeWay: () => this.#makeWay(),
      holdFrame: (line, head) => {
        this.#lines.holdFrame(line, head);
      },
      blank: (lineNo) => {
        this.#lines.join({ text: '', lineNo, cut: false });
      },
    });
    const skip = (line: number): void => {
      this.#log.skip(line);
    };
    this.#journal = new JournalFields({
      pushLine: (text, line) => {
        this.#pushText(text, text, line);
      },
      skip,
    });
    this.#mail = new MailLines({
      pushLine: (text, line) => {
        this.#pushLine(text, line);
      },
      join: (text, line, cut) => {
        this.#lines.join({ text, lineNo: this.#log.numberOf(line), cut });
      },
      skip,
      lose: (line) => {
        this.#loseEncoded(line);
      },
      isFrameOrStop: (text, line) =>
        this.#lines.isFrameOrStop({ text, lineNo: this.#log.numberOf(line), cut: false }),
    });
  }

  push(raw: string): void {
    this.#spacing.push(raw);
  }

  #read(raw: string): void {
    this.#count += 1;
    const line = this.#count;
    const isHeld = this.#mail.isOpen || this.#journal.isOpen;
    if (!isHeld && this.#known.push(raw, this.#log.numberOf(line))) return;
    if (raw.length > LONGEST_LINE) this.#refuseLine(line);
    else if (!this.#mail.take(raw, line)) this.#pushLine(raw, line);
  }

  #pushLine(raw: string, line: number): void {
    if (!this.#journal.isOpen && this.#pushPlainEvent(raw, this.#log.numberOf(line))) return;
    const clean = cleanLine(raw);
    if (this.#journal.take(clean, line)) return;
    const isBetween = this.#json.isBetween(clean) && !this.#lines.hides(clean);
    if (isBetween && this.#clock.follow(clean)) this.#tellBackwards(this.#log.numberOf(line));
    if (isBetween || isHeader(clean)) this.#log.skip(line);
    else this.#pushText(clean, raw, line);
  }

  /** `raw`: as it stands in the capture. */
  #pushText(clean: string, raw: string, line: number): void {
    const whole = this.#json.unwrap(clean);
    if (whole === undefined) {
      this.#log.skip(line);
      return;
    }
    const lineNo = this.#log.numberOf(line);
    const bare = this.#margins.strip(stripMarkup(this.#csv.unwrap(whole)));
    const text = singleBlanks(bare);
    if (this.#csv.hole !== undefined) this.#lines.loseAbove(lineNo, this.#csv.hole);
    if (text !== clean && this.#clock.follow(around(clean, text))) this.#tellBackwards(lineNo);
    if (!this.#tellHole(lineNo)) this.#lines.push({ text, lineNo, cut: false }, raw);
  }

  #tellBackwards(lineNo: number): void {
    this.#lines.end();
    const span = { first: lineNo, last: lineNo - 1 };
    this.#session.record({ kind: 'order', span, why: 'newest first' });
  }

  #pushPlainEvent(raw: string, lineNo: number): boolean {
    const event = this.#events.plain(raw);
    if (event === undefined || !this.#makeWay()) return false;
    const line = { text: raw, lineNo, cut: false };
    this.#lines.addEvent(line, this.#events.readPlain(event, lineNo));
    return true;
  }

  /** Ends what is under construction, for a line without margin; false where it may take the line. */
  #makeWay(): boolean {
    if (!this.#lines.makeWay()) return false;
    this.#margins.end();
    return true;
  }

  /** True for a line that is no more than the mark of a hole; any other stands below it, and is read. */
  #tellHole(lineNo: number): boolean {
    const hole = this.#margins.holeAt(lineNo);
    if (hole === undefined) return false;
    if (!this.#margins.isMark) {
      this.#lines.loseAbove(lineNo, hole);
      return false;
    }
    this.#lines.end();
    this.#lines.lose(lineNo, hole);
    return true;
  }

  #refuseLine(line: number): void {
    this.#mail.end();
    this.#journal.end();
    this.#lines.end();
    const lineNo = this.#log.numberOf(line);
    const span = { first: lineNo, last: lineNo };
    this.#session.problem('LINE_TOO_LONG', 'a line of over a million characters is not read', span);
    this.#lines.lose(lineNo, { why: 'a line was too long to read' });
  }

  #loseEncoded(line: number): void {
    this.#lines.end();
    const lineNo = this.#log.numberOf(line);
    if (!this.#hasEncodedBreaks) {
      const message = 'a mail whose line breaks are encoded is not read: have it decoded';
      this.#session.problem('UNREAD_PROTOCOL', message, { first: lineNo, last: lineNo });
    }
    this.#hasEncodedBreaks = true;
    this.#lines.lose(lineNo, { why: 'line breaks are encoded' });
  }

  take(): readonly CaptureRecord[] {
    return this.#sink.take();
  }

  finish(): Reading {
    this.#spacing.finish();
    this.#numbers.finish();
    this.#mail.end();
    this.#journal.end();
    if (this.#json.isCut) {
      const lineNo = this.#log.numberOf(this.#count + 1);
      this.#lines.loseAbove(lineNo, { why: 'the end of the last line is missing' });
    }
    this.#lines.finish(this.#log.numberOf(this.#count + 1));
    if (this.#clock.finish()) this.#tellBackwards(this.#log.numberOf(this.#count + 1));
    const records = this.#sink.finish();
    const { blank, problems } = this.#sink;
    return { lines: this.#count, blank, formats: this.#session.formats, records, problems };
  }
}

/** What was taken off; JSON and tables have it on both sides, and the text escaped. */
function around(line: string, text: string): string {
  return line.endsWith(text) ? line.slice(0, line.length - text.length) : line;
}

/** Above what a program has printed, in the log of supervisord (supervisor/dispatchers.py, POutputDispatcher). */
function isHeader(line: string): boolean {
  return line.endsWith(' output:') && HEADER.test(line);
}

const HEADER = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} DEBG '[^']{1,128}' std(?:out|err) output:$/;
