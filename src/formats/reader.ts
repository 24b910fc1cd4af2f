/**
 * Reads one capture line by line: every line is claimed by a record or counted as blank.
 *
 * Producers: gdb's command line (gdb 7 to 18) and QEMU's "log" trace backend, mixed with anything else:
 *            the formats of line-formats.ts claim their lines first, those of note-formats.ts last.
 * Unit:      see the record types. Backtraces are counted by level: a new one begins where the level does
 *            not rise, and after a prompt, a thread header, a record or another tool's stack.
 * Not read:  what nobody claims becomes prose.
 */
import type { CaptureRecord, Reading } from '../model/record.js';
import { cleanLine, isEmptyQuote, splitMargin } from './clean.js';
import { CsvLines } from './csv-lines.js';
import { RUN_TILL_EXIT } from './gdb/finish-pending.js';
import { isThreadRow, startsLocation } from './gdb/chatter.js';
import { isAttached, isOutput, isPlacedLocation } from './gdb/behind-prompt.js';
import { EventLines } from './qemu/event-lines.js';
import { builtInEvents } from './qemu/event-table.js';
import type { EventTable } from './qemu/event-table.js';
import { WrappedEvents } from './qemu/wrapped-events.js';
import { splitAtFrame } from './gdb/frames-of-line.js';
import type { SplitLine } from './gdb/frames-of-line.js';
import { leveledText } from './gdb/frame-lines.js';
import type { LeveledText } from './gdb/frame-lines.js';
import { FrameTable } from './gdb/frames.js';
import { HeldText } from './gdb/held-text.js';
import { KnownLines } from './gdb/known-lines.js';
import { readGdbLine, startsStop } from './gdb/lines.js';
import { isDebuggerMessage } from './gdb/messages.js';
import { GdbOutput } from './gdb/output.js';
import { GdbSession } from './gdb/session.js';
import { Pager } from './gdb/pager.js';
import type { Line } from './gdb/pending.js';
import { FormatOffers } from './format-offers.js';
import { JsonLines } from './json-lines.js';
import { MailLines } from './mail-lines.js';
import { Margins } from './margins.js';
import { stripMarkup } from './markup.js';
import { NoteReader } from './notes/note-reader.js';
import { RecordSink } from './record-sink.js';
import { toldLoss } from './told-losses.js';
import type { ToldLoss } from './told-losses.js';
import { UnknownMargins } from './unknown-margins.js';
import { UnreadTraces } from './wire/unread-traces.js';

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

// 27074@1795320809.223469:vhost_commit Started: 1 Changed: 0
const STAMPED = /^\d{1,10}@\d{1,12}\.\d{1,9}:[a-z]/;

class Reader implements CaptureReader {
  readonly #sink = new RecordSink();
  readonly #session = new GdbSession(this.#sink);
  readonly #frames = new FrameTable();
  readonly #json = new JsonLines();
  readonly #csv = new CsvLines();
  readonly #margins: Margins;
  readonly #pager: Pager;
  readonly #mail = new MailLines({
    pushLine: (text, lineNo) => {
      this.#pushLine(text, lineNo);
    },
    join: (line) => {
      this.#join(line);
    },
    isFrameOrStop: (line) => this.#held.isFrameOrStop(line),
  });
  #lines = 0;
  readonly #events: EventLines;
  readonly #formats: FormatOffers;
  readonly #notes: NoteReader;
  readonly #output = new GdbOutput(this.#session);
  readonly #known = new KnownLines(this.#frames, this.#session, this.#output, {
    makeWay: () => this.#makeWayWithoutMargin(),
    blank: (lineNo) => {
      this.#join({ text: '', lineNo, cut: false });
    },
  });
  readonly #unread = new UnreadTraces();
  readonly #unknown: UnknownMargins;
  readonly #held = new HeldText(this.#session, this.#frames, {
    words: (line) => {
      if (!this.#readBehind(line)) this.#prose(line);
    },
    again: (line) => {
      this.#join(line);
    },
  });
  /** Nothing else is held where one is open. */
  readonly #wrapped: WrappedEvents;

  constructor(events: EventTable) {
    this.#events = new EventLines(events);
    this.#notes = new NoteReader(this.#session, this.#events);
    this.#wrapped = new WrappedEvents(this.#events, this.#session, {
      words: (line) => {
        this.#prose({ ...line, released: true });
      },
      again: (line) => {
        this.#join({ ...line, released: true });
      },
    });
    this.#margins = new Margins(events);
    this.#unknown = new UnknownMargins(events, this.#margins, this.#session);
    this.#formats = new FormatOffers(events, this.#session, () => {
      this.#notes.settle();
    });
    this.#pager = new Pager(this.#session, this.#held, this.#formats, {
      join: (line) => {
        this.#join(line);
      },
      skip: (line) => {
        this.#skip(line);
      },
    });
  }

  push(raw: string): void {
    this.#lines += 1;
    const lineNo = this.#lines;
    if (!this.#mail.isOpen && this.#known.push(raw, lineNo)) return;
    if (raw.length > LONGEST_LINE) {
      this.#refuseLine(lineNo);
      return;
    }
    if (!this.#mail.take(raw, lineNo)) this.#pushLine(raw, lineNo);
  }

  #pushLine(raw: string, lineNo: number): void {
    if (this.#pushPlainEvent(raw, lineNo)) return;
    const clean = cleanLine(raw);
    if (this.#json.isBetween(clean)) {
      this.#skip({ text: clean, lineNo, cut: false });
      return;
    }
    const printed = this.#csv.unwrap(this.#json.unwrap(clean));
    const text = this.#margins.strip(stripMarkup(printed));
    if (this.#tellHole(lineNo)) return;
    if (this.#pager.take(text, lineNo) || this.#pushStampedEvent(text, lineNo)) return;
    this.#joinFrames({ text, lineNo, cut: false }, raw);
  }

  #tellHole(lineNo: number): boolean {
    const hole = this.#margins.holeAt(lineNo);
    if (hole === undefined) return false;
    this.#endRecords();
    this.#lose(lineNo, hole);
    return true;
  }

  take(): readonly CaptureRecord[] {
    return this.#sink.take();
  }

  finish(): Reading {
    this.#mail.end();
    this.#wrapped.end();
    this.#held.end(true);
    this.#formats.end();
    this.#session.closeAll();
    for (const { code, message, span } of this.#unread.problems()) {
      this.#session.problem(code, message, span);
    }
    const records = this.#sink.finish();
    const { blank, problems } = this.#sink;
    return { lines: this.#lines, blank, formats: this.#session.formats, records, problems };
  }

  #refuseLine(lineNo: number): void {
    this.#mail.end();
    this.#endRecords();
    const span = { first: lineNo, last: lineNo };
    this.#session.problem('LINE_TOO_LONG', 'a line of over a million characters is not read', span);
    this.#lose(lineNo, { why: 'a line was too long to read' });
  }

  #endRecords(): void {
    this.#wrapped.end();
    this.#held.end();
    this.#formats.end();
  }

  // --- lines that are known by themselves

  /** Ends what is under construction, for a line that is known by itself; false where it may take the line. */
  #makeWay(): boolean {
    this.#wrapped.end();
    if (!this.#held.endUncut()) return false;
    return !this.#formats.isOpen && !this.#notes.isBusy;
  }

  /** The same, of a line without margin. */
  #makeWayWithoutMargin(): boolean {
    if (!this.#makeWay()) return false;
    this.#margins.end();
    return true;
  }

  #pushPlainEvent(raw: string, lineNo: number): boolean {
    const line = this.#events.plain(raw);
    if (line === undefined || !this.#makeWayWithoutMargin()) return false;
    const read = this.#events.readPlain(line, lineNo);
    this.#wrapped.add({ text: raw, lineNo, cut: false }, read);
    return true;
  }

  /** Nobody but QEMU stamps lines like that: a log of millions need not be offered to every format. */
  #pushStampedEvent(text: string, lineNo: number): boolean {
    return (
      STAMPED.test(text) && this.#makeWay() && this.#readEventLine({ text, lineNo, cut: false })
    );
  }

  // --- joining

  /** A line of several frames is as many lines, if the levels rise. */
  #joinFrames(line: Line, raw?: string): void {
    const split = splitAtFrame(line.text);
    if (split === undefined) {
      this.#join(line, raw);
      return;
    }
    const head = { ...line, text: split.head };
    if (this.#held.isFrameBelow(split.level, head)) {
      this.#join(head);
      this.#joinFrames({ ...line, text: split.rest });
      return;
    }
    const isGdb = this.#held.isFrameOrStop(head);
    this.#join(line);
    if (!isGdb && !this.#isStack(line, split)) return;
    const span = { first: line.lineNo, last: line.lineNo };
    this.#session.problem('FRAME_UNREAD', `frame #${split.level} stands behind another text`, span);
    if (isGdb) this.#session.markIncomplete();
  }

  /** A person writes of one frame, and hardly of its caller in the same line. */
  #isStack(line: Line, { rest, level }: SplitLine): boolean {
    const next = splitAtFrame(rest);
    if (next?.level !== level + 1) return false;
    return this.#held.isFrameBelow(next.level, { ...line, text: next.head });
  }

  #join(line: Line, raw?: string): void {
    if (this.#goesOnWithEvent(line)) return;
    if (!this.#held.take(line)) this.#dispatch(line, raw);
  }

  // --- classifying

  #dispatch(line: Line, raw?: string): void {
    const { text, lineNo } = line;
    if (text.trim() === '' || isEmptyQuote(text)) {
      this.#formats.end();
      this.#session.blank(lineNo);
      this.#notes.blank(lineNo);
    } else if (this.#formats.take(text, lineNo)) {
      this.#unread.seeUnused(text, lineNo);
      return;
    } else if (this.#missTrace(text, lineNo)) return;
    else if (this.#goOnWithNote(line)) return;
    else if (this.#readFrameLine(line, raw) || this.#readEventLine(line)) return;
    else if (isThreadRow(text)) this.#held.hold('row', text, line);
    else if (text.startsWith(RUN_TILL_EXIT)) this.#held.hold('finish', text, line);
    else if (!this.#readSession(line, raw)) this.#readRest(line);
  }

  /** A line of a trace that no format took is no line of a note. */
  #missTrace(text: string, lineNo: number): boolean {
    if (!this.#unread.see(text, lineNo)) return false;
    this.#notes.settle();
    this.#lose(lineNo, { why: 'a line of a trace that could not be read' });
    return true;
  }

  /** An open block of a note takes what gdb would claim only by its surroundings. */
  #goOnWithNote(line: Line): boolean {
    return this.#notes.isBusy && this.#notes.goOn(line, this.#isSurelyGdb(line));
  }

  #isSurelyGdb(line: Line): boolean {
    const { text, lineNo } = line;
    const frame = this.#leveledText(line);
    if (frame !== undefined && frame.looks !== 'none') return true;
    if (startsStop(text) || isDebuggerMessage(text) || isThreadRow(text)) return true;
    if (text.startsWith(RUN_TILL_EXIT)) return true;
    if (this.#events.isEvent(text, lineNo)) return true;
    if (this.#unknown.find(text) !== undefined) return true;
    return readGdbLine(text.trimEnd()) !== undefined || isPlacedLocation(text);
  }

  #leveledText({ text }: Line): LeveledText | undefined {
    return leveledText(text, this.#session.nextLevel);
  }

  #readFrameLine(line: Line, raw?: string): boolean {
    const frame = this.#leveledText(line);
    if (frame === undefined || frame.looks === 'none') return false;
    const { margin, level, text, looks } = frame;
    if (margin !== '') this.#unknown.learnFrame(margin, this.#isNewest(line));
    if (line.text.startsWith('(')) this.#session.closeAll();
    const joint = this.#held.hold('frame', text, line, level, looks === 'weak');
    const isBare = raw === line.text && margin === '';
    if (isBare && joint.text === text && joint.complete) this.#frames.markWhole(text);
    return true;
  }

  #readEventLine(line: Line): boolean {
    const read = this.#events.read(line.text, line.lineNo);
    if (read === undefined) return false;
    this.#unknown.learnInFrontOfStamp(line.text, this.#isNewest(line));
    this.#wrapped.add(line, read);
    return true;
  }

  /** No line was pushed since: what is learned of it holds for the next one. */
  #isNewest({ lineNo }: Line): boolean {
    return lineNo === this.#lines;
  }

  #goesOnWithEvent(line: Line): boolean {
    if (!this.#wrapped.isOpen) return false;
    if (!this.#isSurelyGdb(line)) return this.#wrapped.take(line);
    this.#wrapped.end();
    return false;
  }

  #readSession(line: Line, raw?: string): boolean {
    if (this.#output.readCommand(line)) return true;
    const { margin, rest } = splitMargin(line.text);
    const text = margin === '' || /^[\d+]/.test(margin) ? line.text : rest;
    if (startsStop(text)) {
      if (text === rest) this.#unknown.learn(margin, this.#isNewest(line));
      const joint = this.#held.hold('stop', text, line);
      if (raw === text && joint.text === text && joint.complete) this.#known.markWholeStop(text);
      return true;
    }
    const read = readGdbLine(text.trimEnd());
    // "Breakpoint 2, 3 and 4 are set later": a person's words, or startsStop() would have known
    if (read === undefined || (read.type === 'stop' && read.location !== undefined)) return false;
    if (read.type === 'prompt') this.#readPrompt(read.text, line);
    else this.#output.readLine(read, line);
    return true;
  }

  #readPrompt(text: string, line: Line): void {
    if (text !== '' && isOutput(text)) {
      // No echo: "(gdb) Breakpoint 1 at 0x11b0: file th.c, line 6."
      this.#session.closeAll();
      this.#dispatch({ ...line, text });
      return;
    }
    const span = { first: line.lineNo, last: line.lineNo };
    this.#session.addCommand(text.trimEnd(), span);
  }

  #readRest(line: Line): void {
    if (this.#pager.takeQuit(line)) return;
    if (this.#mayBeLocation(line)) this.#held.hold('location', line.text, line);
    else if (this.#output.take(line) || this.#readBehind(line) || this.#tellsLoss(line)) return;
    else this.#prose(line);
  }

  #tellsLoss({ text, lineNo }: Line): boolean {
    const loss = toldLoss(text, lineNo, {
      isNear: this.#session.isBelowRecord(lineNo),
      isGdb: this.#session.isGdb,
    });
    if (loss === undefined) return false;
    this.#lose(lineNo, loss);
    return true;
  }

  #lose(lineNo: number, { why, reach }: ToldLoss): void {
    const span = { first: lineNo, last: lineNo };
    if (reach === undefined) this.#session.gap(span, why);
    else this.#session.record({ kind: 'gap', span, why, reach });
  }

  #mayBeLocation({ text, released }: Line): boolean {
    if (!this.#session.waitsForLocation && !this.#session.isGdb) return isAttached(text);
    return released === true ? isPlacedLocation(text) : startsLocation(text);
  }

  /** A frame, a stop or an event behind a margin that nobody knows: read with it, and those below, or told. */
  #readBehind(line: Line): boolean {
    const behind = this.#unknown.behind(line, this.#isNewest(line));
    if (behind === undefined) return false;
    if (behind !== 'told') this.#join(behind);
    return true;
  }

  #prose(line: Line): void {
    if (this.#wrapped.begin(line)) return;
    if (this.#output.isOfProgram(line)) this.#session.prose(line.lineNo, false);
    else this.#notes.read(line);
  }

  /** A line that is no part of the log, whatever is under construction. */
  #skip(line: Line): void {
    this.#wrapped.end();
    if (!this.#held.skip(line)) this.#session.output(line.lineNo);
  }
}
