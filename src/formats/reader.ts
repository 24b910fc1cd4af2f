/**
 * Reads one capture line by line: every line is claimed by a record or counted as blank.
 *
 * Producers: gdb's command line (gdb 7 to 16) and QEMU's "log" trace backend, mixed with anything else:
 *            the formats of line-formats.ts claim their lines first, those of note-formats.ts last.
 * Unit:      see the record types. Backtraces are counted by level: a new one begins where the level does
 *            not rise, and after a prompt, a thread header, a record or another tool's stack.
 * Not read:  what nobody claims becomes prose.
 */
import type { CaptureRecord, Reading } from '../model/record.js';
import { cleanLine, cutPager, isEmptyQuote, splitMargin } from './clean.js';
import type { PagerCut } from './clean.js';
import { finishPending, RUN_TILL_EXIT } from './gdb/finish-pending.js';
import type { Left } from './gdb/finish-pending.js';
import {
  isCutMark,
  isDebuggerMessage,
  isLossNotice,
  isThreadRow,
  startsLocation,
} from './gdb/chatter.js';
import { EventLines } from './qemu/event-lines.js';
import type { EventLine } from './qemu/event-lines.js';
import { builtInEvents } from './qemu/event-table.js';
import type { EventTable } from './qemu/event-table.js';
import { FrameTable, frameHead, frameLine, splitLevel } from './gdb/frames.js';
import { readGdbLine, readThreadNotice, startsStop } from './gdb/lines.js';
import { KnownStops } from './gdb/known-stops.js';
import { isProbeLine } from './gdb/probe-lines.js';
import { GdbOutput } from './gdb/output.js';
import { GdbSession } from './gdb/session.js';
import { Pending } from './gdb/pending.js';
import type { Line } from './gdb/pending.js';
import type { LineFormat } from './line-format.js';
import { Margins } from './margins.js';
import { createLineFormats } from './line-formats.js';
import type { NoteLine } from './notes/note-format.js';
import { NoteReader } from './notes/note-reader.js';
import { RecordSink } from './record-sink.js';

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

const HASH = 35;
// "Thread 5 "CPU 0/TCG" hit Breakpoint 3, ..."   "Breakpoint 3, ..."
const LETTER_T = 84;
const LETTER_B = 66;

// 27074@1795320809.223469:vhost_commit Started: 1 Changed: 0
const STAMPED = /^\d{1,10}@\d{1,12}\.\d{1,9}:[a-z]/;

class Reader implements CaptureReader {
  readonly #sink = new RecordSink();
  readonly #session = new GdbSession(this.#sink);
  readonly #frames = new FrameTable();
  readonly #stops = new KnownStops(this.#frames);
  readonly #margins = new Margins();
  #lines = 0;
  readonly #events: EventLines;
  readonly #formats: readonly LineFormat[];
  /** The format whose record is under construction. */
  #open: LineFormat | undefined;
  readonly #notes = new NoteReader((records, lineNo) => {
    this.#session.addForeign('notes', records, lineNo);
  });
  readonly #output = new GdbOutput(this.#session);
  #pending: Pending | undefined;
  /** The last line that was read by what is known of it. */
  #knownLine = -1;
  #paged = false;

  constructor(events: EventTable) {
    this.#events = new EventLines(events);
    this.#formats = createLineFormats(events);
  }

  push(raw: string): void {
    this.#lines += 1;
    const lineNo = this.#lines;
    if (this.#pushKnown(raw, lineNo)) {
      this.#knownLine = lineNo;
      return;
    }
    if (raw.length > LONGEST_LINE) {
      this.#refuseLine(lineNo);
      return;
    }
    if (this.#pushPlainEvent(raw, lineNo)) return;
    const text = this.#margins.strip(cleanLine(raw));
    const pager = cutPager(text);
    if (pager === undefined && this.#pushStampedEvent(text, lineNo)) return;
    if (pager === undefined) this.#join({ text, lineNo, cut: false }, raw);
    else this.#readPager(pager, text, lineNo);
  }

  take(): readonly CaptureRecord[] {
    return this.#sink.take();
  }

  finish(): Reading {
    while (this.#pending !== undefined) this.#finishPending(true);
    this.#endOpen();
    this.#session.closeAll();
    const records = this.#sink.finish();
    const { blank, problems } = this.#sink;
    return { lines: this.#lines, blank, formats: this.#session.formats, records, problems };
  }

  #refuseLine(lineNo: number): void {
    while (this.#pending !== undefined) this.#finishPending(false);
    this.#endOpen();
    const span = { first: lineNo, last: lineNo };
    this.#session.problem('LINE_TOO_LONG', 'a line of over a million characters is not read', span);
    this.#session.gap(span, 'a line was too long to read');
  }

  // --- fast path

  #pushKnown(raw: string, lineNo: number): boolean {
    switch (raw.charCodeAt(0)) {
      case HASH:
        return this.#pushKnownFrame(raw, lineNo);
      case LETTER_T:
      case LETTER_B:
        return this.#pushKnownStop(raw, lineNo);
    }
    // Directly below a known line nothing else is under construction that might take this one.
    if (this.#knownLine !== lineNo - 1) return false;
    if (raw !== '') return this.#pushSourceEcho(raw, lineNo) || this.#pushNotice(raw, lineNo);
    this.#join({ text: raw, lineNo, cut: false });
    return true;
  }

  #pushKnownFrame(raw: string, lineNo: number): boolean {
    const head = splitLevel(raw);
    if (head === undefined) return false;
    const frame = this.#frames.whole(raw.slice(head.start));
    if (frame === undefined || !this.#isFree()) return false;
    this.#margins.end();
    this.#session.addFrame(head.level, frame, lineNo, lineNo);
    return true;
  }

  #pushKnownStop(raw: string, lineNo: number): boolean {
    const stop = this.#stops.whole(raw);
    if (stop === undefined || !this.#isFree()) return false;
    this.#margins.end();
    this.#session.addStop(stop.head, stop.frame, { first: lineNo, last: lineNo });
    return true;
  }

  /** With the number of the line where the debugger stands. */
  #pushSourceEcho(raw: string, lineNo: number): boolean {
    if (!raw.startsWith(`${this.#session.sourceLine}\t`) || !isPlainEcho(raw)) return false;
    this.#session.output(lineNo);
    return true;
  }

  #pushNotice(raw: string, lineNo: number): boolean {
    const read = readThreadNotice(raw);
    if (read === undefined) return false;
    this.#output.readLine(read, { text: raw, lineNo, cut: false });
    return true;
  }

  /** Nothing that came before may take a line that is known by itself. */
  #isFree(): boolean {
    while (this.#pending !== undefined) {
      if (this.#pending.joint.cut) return false;
      this.#finishPending(false);
    }
    return this.#open === undefined && !this.#notes.isBusy();
  }

  #pushPlainEvent(raw: string, lineNo: number): boolean {
    const line = this.#events.plain(raw);
    if (line === undefined || !this.#isFree()) return false;
    this.#margins.end();
    this.#addEvent(this.#events.readPlain(line, lineNo));
    return true;
  }

  /** Nobody but QEMU stamps lines like that: a log of millions need not be offered to every format. */
  #pushStampedEvent(text: string, lineNo: number): boolean {
    return STAMPED.test(text) && this.#isFree() && this.#readEventLine(text, lineNo);
  }

  // --- joining

  #join(line: Line, raw?: string): void {
    while (this.#pending !== undefined) {
      const pending = this.#pending;
      const taken = pending.take(line);
      if (!taken || pending.joint.complete) this.#finishPending(false);
      if (taken) return;
    }
    this.#dispatch(line, raw);
  }

  #hold(what: Pending['what'], text: string, line: Line, level = 0, weak = false): Pending {
    const pending = new Pending(what, text, line, level, weak);
    this.#pending = pending;
    if (pending.joint.complete) this.#finishPending(false);
    return pending;
  }

  #finishPending(ended: boolean): void {
    const pending = this.#pending;
    if (pending === undefined) return;
    this.#pending = undefined;
    const { lines, how } = finishPending(pending, ended, this.#session, this.#frames);
    this.#release(lines, how);
  }

  #release(lines: readonly Line[], how: Left['how']): void {
    const [head, ...rest] = lines;
    if (head === undefined) return;
    if (how === 'prose') this.#prose(head);
    else this.#join({ ...head, released: true });
    for (const line of rest) this.#join({ ...line, released: true });
  }

  // --- classifying

  #dispatch(line: Line, raw?: string): void {
    const { text, lineNo } = line;
    if (text.trim() === '' || isEmptyQuote(text)) {
      this.#endOpen();
      this.#session.blank(lineNo);
      this.#notes.blank(lineNo);
    } else if (this.#offer(text, lineNo) || this.#goOnWithNote(line)) return;
    else if (this.#readFrameLine(line, raw) || this.#readEventLine(text, lineNo)) return;
    else if (isThreadRow(text)) this.#hold('row', text, line);
    else if (text.startsWith(RUN_TILL_EXIT)) this.#hold('finish', text, line);
    else if (!this.#readSession(line, raw)) this.#readRest(line);
  }

  /** Offers the line to the formats that are told by their own lines; the one that is at work comes first. */
  #offer(text: string, lineNo: number): boolean {
    const open = this.#open;
    if (open !== undefined) {
      if (this.#takes(open, text, lineNo)) return true;
      this.#endOpen();
    }
    for (const format of this.#formats) {
      if (format !== open && this.#takes(format, text, lineNo)) return true;
    }
    return false;
  }

  #takes(format: LineFormat, text: string, lineNo: number): boolean {
    const records = format.take(text, lineNo);
    if (records === undefined) return false;
    this.#settleNotes();
    this.#session.addForeign(format.id, records, lineNo);
    const { problem } = format;
    if (problem !== undefined) {
      this.#session.problem(problem.code, problem.message, problem.span);
    }
    this.#open = format.isOpen ? format : undefined;
    return true;
  }

  #endOpen(): void {
    const open = this.#open;
    this.#open = undefined;
    if (open !== undefined) this.#session.addForeign(open.id, open.end());
    this.#settleNotes();
  }

  /** An open block of a note takes what gdb would claim only by its surroundings. */
  #goOnWithNote(line: Line): boolean {
    if (!this.#notes.isBusy()) return false;
    const isGdb = this.#isSurelyGdb(line);
    // A line that was kept back in vain may itself be a record that goes on.
    while (this.#notes.isBusy()) {
      if (!isGdb && this.#notes.goOn(this.#noteLine(line))) return true;
      this.#settleNote();
    }
    return false;
  }

  #settleNotes(): void {
    while (this.#notes.isBusy()) this.#settleNote();
  }

  #settleNote(): void {
    const head = this.#notes.settle();
    if (head !== undefined) this.#readNote(head);
  }

  #isSurelyGdb({ text, lineNo }: Line): boolean {
    const frame = frameLine(text);
    const head = frame === undefined ? undefined : splitLevel(frame);
    if (frame !== undefined && head !== undefined) {
      if (this.#headKind(frame.slice(head.start), head.level) !== 'none') return true;
    }
    if (startsStop(text) || isDebuggerMessage(text) || isThreadRow(text)) return true;
    if (text.startsWith(RUN_TILL_EXIT)) return true;
    if (this.#events.isEvent(text, lineNo)) return true;
    return readGdbLine(text.trimEnd()) !== undefined || isPlacedLocation(text);
  }

  #readFrameLine(line: Line, raw?: string): boolean {
    const text = frameLine(line.text);
    const head = text === undefined ? undefined : splitLevel(text);
    if (text === undefined || head === undefined) return false;
    const body = text.slice(head.start);
    const kind = this.#headKind(body, head.level);
    if (kind === 'none') return false;
    if (line.text.startsWith('(')) this.#session.closeAll();
    const pending = this.#hold('frame', body, line, head.level, kind === 'weak');
    if (raw === text && pending.joint.text === body && pending.joint.complete) {
      this.#frames.markWhole(body);
    }
    return true;
  }

  #headKind(body: string, level: number): 'strong' | 'weak' | 'none' {
    const kind = frameHead(body);
    // "#12 0x00005555" at the end of a log that was cut
    const half = kind === 'none' && /^0x[0-9a-fA-F]*(?:[ \t]+i?)?$/.test(body);
    return half && level === this.#session.nextLevel ? 'strong' : kind;
  }

  #readEventLine(text: string, lineNo: number): boolean {
    const read = this.#events.read(text, lineNo);
    if (read === undefined) return false;
    this.#addEvent(read);
    return true;
  }

  #addEvent({ record, problem }: EventLine): void {
    if (problem !== undefined) this.#session.problem('EVENT_UNREAD', problem, record.span);
    this.#session.addEvent(record);
  }

  #readSession(line: Line, raw?: string): boolean {
    if (this.#output.readCommand(line)) return true;
    const { margin, rest } = splitMargin(line.text);
    const text = margin === '' || /^[\d+]/.test(margin) ? line.text : rest;
    if (startsStop(text)) {
      const { joint } = this.#hold('stop', text, line);
      if (raw === text && joint.text === text && joint.complete) this.#stops.markWhole(text);
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
    const { text, lineNo } = line;
    if (this.#paged && /^Quit[ \t]*$/.test(text)) this.#quitPager(lineNo);
    else if (this.#mayBeLocation(line)) this.#hold('location', text, line);
    else if (this.#output.take(line)) return;
    else if (isLossNotice(text)) this.#lost(lineNo, 'the log says that events were lost');
    else if (isCutMark(text)) this.#lost(lineNo, 'somebody cut lines out');
    else this.#prose(line);
  }

  #mayBeLocation({ text, released }: Line): boolean {
    if (!this.#session.waitsForLocation && !this.#session.isGdb) return false;
    return released === true ? isPlacedLocation(text) : startsLocation(text);
  }

  #lost(lineNo: number, why: string): void {
    this.#session.gap({ first: lineNo, last: lineNo }, why);
  }

  #prose(line: Line): void {
    if (this.#output.isOfProgram(line)) {
      this.#session.prose(line.lineNo, false);
      return;
    }
    const note = this.#noteLine(line);
    if (!this.#notes.keepBack(note)) this.#readNote(note);
  }

  #readNote(line: NoteLine): void {
    if (!this.#notes.take(line)) this.#session.prose(line.lineNo, this.#notes.isPersons(line));
  }

  #noteLine({ text, lineNo }: Line): NoteLine {
    return this.#notes.lineOf(text, lineNo, this.#session.isNear(lineNo));
  }

  // --- pager

  #readPager({ before, after }: PagerCut, text: string, lineNo: number): void {
    const reply = after.trim();
    const quits = /^q(?:uit)?$/.test(reply);
    this.#paged = true;
    this.#endOpen();
    if (before.trim() !== '') {
      this.#join({ text: before, lineNo, cut: /^[cq]?$/.test(reply) });
      if (quits) this.#session.markIncomplete();
    } else if (quits) {
      while (this.#pending !== undefined) this.#finishPending(false);
      // What was held may have begun another record.
      this.#endOpen();
      this.#quitPager(lineNo);
    } else if (/^#\d+[ \t]|^(?: {4}|\t)/.test(after)) {
      // Commands from a pipe: nothing is typed, the output goes on in the same line.
      this.#join({ text: after, lineNo, cut: false });
    } else if (this.#pending === undefined) this.#session.output(lineNo);
    else this.#pending.skip({ text, lineNo, cut: false });
  }

  #quitPager(lineNo: number): void {
    this.#paged = false;
    this.#session.quit(lineNo);
  }
}

// A frame, an event, a pager's prompt or a row of a table may stand in a line that begins like one of the source.
function isPlainEcho(raw: string): boolean {
  const isPlain = cleanLine(raw) === raw && cutPager(raw) === undefined;
  return isPlain && raw.length < LONGEST_LINE && !/[#@]|breakpoint/.test(raw);
}

// "vcpu (idx=1) at th.c:6"
function isPlacedLocation(text: string): boolean {
  return /\)[ \t]+(?:at|from)[ \t]+\S+$/.test(text) && startsLocation(text);
}

// What stands behind a prompt was either typed, or printed because nothing is echoed.
function isOutput(text: string): boolean {
  if (startsStop(text) || isDebuggerMessage(text) || isThreadRow(text) || startsLocation(text)) {
    return true;
  }
  if (isProbeLine(text)) return true;
  const head = splitLevel(text);
  if (head !== undefined) return frameHead(text.slice(head.start)) === 'strong';
  const read = readGdbLine(text);
  return read !== undefined && read.type !== 'prompt';
}
