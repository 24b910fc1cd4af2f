/**
 * Reads a line that has nothing around it any more: the formats of line-formats.ts claim it first, then gdb and QEMU's "log"
 * trace backend, and those of note-formats.ts last.
 *
 * Unit:     backtraces are counted by level: a new one begins where the level does not rise, and after a prompt, a thread
 *           header, a record or another tool's stack.
 * Not read: what nobody claims becomes prose.
 */
import { isEmptyQuote, splitMargin } from './wrappings/clean.js';
import { isAttached, isOutput, isPlacedLocation } from './gdb/behind-prompt.js';
import { isBareThreadRow, isThreadRow, startsLocation } from './gdb/chatter.js';
import { RUN_TILL_EXIT } from './gdb/finish-pending.js';
import { leveledText } from './gdb/frame-lines.js';
import type { FrameHead, LeveledText } from './gdb/frame-lines.js';
import { isBehindPrompt, isBelowThread, splitAtFrame } from './gdb/frames-of-line.js';
import type { SplitLine } from './gdb/frames-of-line.js';
import type { FrameTable } from './gdb/frames.js';
import { HeldText } from './gdb/held-text.js';
import type { KnownStops } from './gdb/known-stops.js';
import { readGdbLine, startsStop } from './gdb/lines.js';
import { isDebuggerMessage } from './gdb/messages.js';
import type { GdbOutput } from './gdb/output.js';
import { Pager } from './gdb/pager.js';
import type { Line } from './gdb/pending.js';
import type { GdbSession } from './gdb/session.js';
import { ValueHistory } from './gdb/value-history.js';
import { FormatOffers } from './format-offers.js';
import { MissedLines, UNREAD } from './missed-lines.js';
import { NoteReader } from './notes/note-reader.js';
import type { EventLine, EventLines } from './qemu/event-lines.js';
import type { EventTable } from './qemu/event-table.js';
import { WrappedEvents } from './qemu/wrapped-events.js';
import { readForeign } from './stacks/foreign-lines.js';
import type { ToldLoss } from './told-losses.js';
import type { UnknownMargins } from './wrappings/unknown-margins.js';

// "(qemu) vhost_commit Started: 1 Changed: 0": the monitor, which shares the terminal, had just asked for a command
const MONITOR = /^(?:\(qemu\) ){1,8}(?=[a-z])/;

// 27074@1795320809.223469:vhost_commit Started: 1 Changed: 0
const STAMPED = /^\d{1,10}@\d{1,12}\.\d{1,9}:[a-z]/;

/** What the lines of a capture have in common. */
export interface LineContext {
  readonly table: EventTable;
  readonly events: EventLines;
  readonly session: GdbSession;
  readonly output: GdbOutput;
  readonly frames: FrameTable;
  readonly stops: KnownStops;
  readonly margins: UnknownMargins;
  /** No line was pushed since: what is learned of its margin holds for the next one. */
  readonly isNewest: (line: Line) => boolean;
}

export class LineReader {
  readonly #events: EventLines;
  readonly #session: GdbSession;
  readonly #output: GdbOutput;
  readonly #frames: FrameTable;
  readonly #stops: KnownStops;
  readonly #margins: UnknownMargins;
  readonly #isNewest: (line: Line) => boolean;
  readonly #formats: FormatOffers;
  readonly #notes: NoteReader;
  readonly #held: HeldText;
  /** Nothing else is held where one is open. */
  readonly #wrapped: WrappedEvents;
  readonly #pager: Pager;
  readonly #missed: MissedLines;
  readonly #values = new ValueHistory();

  constructor({ table, events, session, output, frames, stops, margins, isNewest }: LineContext) {
    this.#events = events;
    this.#session = session;
    this.#output = output;
    this.#frames = frames;
    this.#stops = stops;
    this.#margins = margins;
    this.#isNewest = isNewest;
    const join = this.join.bind(this);
    this.#notes = new NoteReader(session, events);
    const known = {
      has: (name: string) => margins.has(name),
      isEvent: (text: string) => margins.isEvent(text),
    };
    this.#missed = new MissedLines(session, known, () => {
      this.#notes.settle();
    });
    this.#formats = new FormatOffers(table, session, this.#notes, (of, lineNo) => {
      this.#missed.seeDamaged(of, lineNo);
    });
    this.#held = new HeldText(session, frames, {
      words: (line) => {
        if (!this.#readBehind(line)) this.#prose(line);
      },
      again: join,
    });
    this.#wrapped = new WrappedEvents(events, session, {
      words: this.#prose.bind(this),
      again: join,
    });
    this.#pager = new Pager(session, this.#formats, {
      join,
      skip: (line) => {
        // What waited may have opened a stack of another tool, which is over, too.
        this.#wrapped.end();
        this.#formats.end();
        this.skip(line);
      },
      end: this.end.bind(this),
      loseAbove: this.loseAbove.bind(this),
    });
  }

  /** A line by itself; `raw`: as it stands in the capture. */
  push(line: Line, raw: string): void {
    const loss = this.#values.see(line.text, line.lineNo);
    if (loss !== undefined && this.#session.isGdb) this.loseAbove(line.lineNo, loss);
    const why = this.#session.lostStop(line.text, line.lineNo);
    if (why !== undefined) this.loseAbove(line.lineNo, { why });
    if (this.#pager.take(line) || this.#pushStampedEvent(line)) return;
    this.#pushFrames(line, raw);
  }

  /** An event that is known by itself. */
  addEvent(line: Line, read: EventLine): void {
    this.#wrapped.add(line, read);
  }

  /** A line that is no part of the log, whatever is under construction. */
  skip(line: Line): void {
    this.#wrapped.end();
    if (!this.#held.skip(line)) this.#session.output(line.lineNo);
  }

  /** Records are missing at the line, which is none itself, or where it says. */
  lose(lineNo: number, loss: ToldLoss): void {
    this.#missed.lose(lineNo, loss);
  }

  /** Ends what is under construction: records are missing between the line, which is read, and the one above. */
  loseAbove(lineNo: number, { why, reach }: ToldLoss): void {
    this.end();
    const span = { first: lineNo, last: lineNo - 1 };
    this.#session.record({ kind: 'gap', span, why, ...(reach === undefined ? {} : { reach }) });
  }

  /** Ends what is under construction, for a line that is known by itself; false where it may take the line. */
  makeWay(): boolean {
    this.#wrapped.end();
    if (!this.#held.endUncut() || this.#pager.isInterrupted) return false;
    return !this.#formats.isOpen && !this.#notes.isBusy;
  }

  /** A line that begins a frame, with which the next may go on; there is nothing else under construction. */
  holdFrame(line: Line, { level, start }: FrameHead): void {
    this.#held.hold('frame', line.text.slice(start), line, level);
  }

  /** Ends what is under construction. */
  end(): void {
    this.#wrapped.end();
    this.#held.end();
    this.#formats.end();
  }

  /** The input ends in front of this line, perhaps inside of what is under construction. */
  finish(next: number): void {
    this.#wrapped.end();
    this.#held.end(true);
    this.#pager.finish();
    this.#formats.finish(next);
    this.#missed.finish();
  }

  /** The line holds a record, whatever stands around that. */
  hides(text: string): boolean {
    return this.#missed.hides(text);
  }

  isFrameOrStop(line: Line): boolean {
    return this.#held.isFrameOrStop(line);
  }

  /** Nobody but QEMU stamps lines like that: a log of millions need not be offered to every format. */
  #pushStampedEvent(line: Line): boolean {
    return STAMPED.test(line.text) && this.makeWay() && this.#readEventLine(line);
  }

  /** A line of several frames is as many lines, if the levels rise. */
  #pushFrames(line: Line, raw?: string): void {
    const split = splitAtFrame(line.text);
    if (split === undefined) {
      this.join(line, raw);
      return;
    }
    const head = { ...line, text: split.head };
    const isOfOtherTool = readForeign(split.rest)?.type === 'frame';
    const goesOn = isBelowThread(split);
    if (!isOfOtherTool && (goesOn || this.#held.isFrameBelow(split.level, head))) {
      this.join(goesOn ? { ...head, goesOn } : head);
      this.#pushFrames({ ...line, text: split.rest });
      return;
    }
    if (!isOfOtherTool && isBehindPrompt(split) && this.#isStack(line, split)) {
      this.end();
      this.#session.closeAll();
      this.#pushFrames({ ...line, text: split.rest });
      return;
    }
    const isGdb = this.#held.isFrameOrStop(head);
    this.join(line);
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

  /** A line, or a part of one, which may go on with what is held. */
  join(line: Line, raw?: string): void {
    if (this.#goesOnWithEvent(line)) return;
    if (!this.#held.take(line)) this.#dispatch(line, raw);
  }

  #dispatch(line: Line, raw?: string): void {
    const { text, lineNo } = line;
    if (text.trim() === '' || isEmptyQuote(text)) {
      this.#formats.end();
      this.#session.blank(lineNo);
      this.#notes.blank(lineNo);
      this.#events.joints.forget();
    } else if (this.#formats.take(text, lineNo)) {
      this.#missed.seeUsed(line);
      if (this.#formats.taker === 'dmesg' && this.#missed.isBehindStamp(line))
        this.loseAbove(lineNo + 1, UNREAD);
    } else if (this.#missed.takeTrace(line)) return;
    else if (this.#goOnWithNote(line)) return;
    else if (this.#readFrameLine(line, raw) || this.#readEventLine(line)) return;
    else if (this.#isThreadRow(line)) this.#held.hold('row', text, line);
    else if (text.startsWith(RUN_TILL_EXIT)) this.#held.hold('finish', text, line);
    else if (!this.#readSession(line, raw)) this.#readRest(line);
  }

  #isThreadRow({ text, lineNo }: Line): boolean {
    return isThreadRow(text) || (this.#session.listsThreads(lineNo) && isBareThreadRow(text));
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
    if (this.#events.isEvent(behindMonitor(text), lineNo)) return true;
    if (this.#margins.find(text) !== undefined) return true;
    return readGdbLine(text.trimEnd()) !== undefined || isPlacedLocation(text);
  }

  #leveledText({ text }: Line): LeveledText | undefined {
    return leveledText(text, this.#session.nextLevel);
  }

  #readFrameLine(line: Line, raw?: string): boolean {
    const frame = this.#leveledText(line);
    if (frame === undefined || frame.looks === 'none') return false;
    const { margin, level, text, looks } = frame;
    if (margin !== '') this.#margins.learnFrame(margin, this.#isNewest(line));
    if (line.text.startsWith('(')) this.#session.closeAll();
    const joint = this.#held.hold('frame', text, line, level, looks === 'weak');
    const isBare = raw === line.text && margin === '';
    if (isBare && joint.text === text && looks === 'strong')
      this.#frames.mark(text, joint.complete ? 'whole' : 'held');
    return true;
  }

  #readEventLine(line: Line): boolean {
    const read = this.#events.read(behindMonitor(line.text), line.lineNo);
    if (read === undefined) return false;
    this.#margins.learnInFrontOfStamp(line.text, this.#isNewest(line));
    this.#wrapped.add(line, read);
    return true;
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
      if (text === rest) this.#margins.learn(margin, this.#isNewest(line));
      const joint = this.#held.hold('stop', text, line);
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
    if (this.#pager.takeQuitAtPrompt({ ...line, text })) return;
    if (text !== '' && isOutput(text)) {
      // No echo: "(gdb) Breakpoint 1 at 0x11b0: file th.c, line 6."
      this.#session.closeAll();
      this.#dispatch({ ...line, text });
      return;
    }
    // No command is dots, or a comment that says so. Nothing goes on behind a prompt.
    this.#session.closeAll();
    if (this.#missed.takeCut({ ...line, text })) return;
    this.#session.addCommand(text.trimEnd(), { first: line.lineNo, last: line.lineNo });
  }

  #readRest(line: Line): void {
    if (this.#pager.takeQuit(line) || this.#missed.takeRepeated(line)) return;
    // Values of `bt full` are set in, too, and none of them is dots alone.
    if (this.#missed.takeCut(line)) return;
    if (this.#mayBeLocation(line)) this.#held.hold('location', line.text, line);
    else if (this.#output.take(line) || this.#readBehind(line) || this.#missed.takeTold(line))
      return;
    else this.#prose(line);
  }

  #mayBeLocation({ text, released }: Line): boolean {
    if (!this.#session.waitsForLocation && !this.#session.isGdb) return isAttached(text);
    return released === true ? isPlacedLocation(text) : startsLocation(text);
  }

  /** A frame, a stop or an event behind a margin that nobody knows: read with it, and those below, or told. */
  #readBehind(line: Line): boolean {
    const behind = this.#margins.behind(line, this.#isNewest(line));
    if (behind === undefined) return false;
    if (behind !== 'told') this.join(behind);
    return true;
  }

  #prose(line: Line): void {
    if (this.#wrapped.begin(line) || this.#missed.takeHidden(line)) return;
    if (this.#output.isOfProgram(line)) this.#session.prose(line.lineNo, false);
    else this.#notes.read(line);
  }
}

/** An event has no other margin that a command of the monitor has, too. */
function behindMonitor(text: string): string {
  return text.startsWith('(') ? text.replace(MONITOR, '') : text;
}
