/**
 * Reads one capture line by line: every line is claimed by a record, counted as blank, or both.
 *
 * Producers: gdb's command line (gdb 7 to 16) and QEMU's "log" trace backend, mixed with anything else.
 * Unit:      see the record types. Backtraces are counted by level: a new one begins where the level does
 *            not rise, and after a prompt, a thread header, a record or another tool's stack.
 * Not read:  GDB/MI, strace, ftrace, crash, ASan; their lines become prose that is not human.
 */
import type {
  CaptureRecord,
  Command,
  FormatId,
  Frame,
  Reading,
  Span,
  Stop,
  ThreadRef,
} from '../model/record.js';
import { BacktraceBuilder } from './backtrace-builder.js';
import { cleanLine, cutPager, isEmptyQuote, splitMargin } from './clean.js';
import {
  isDebuggerMessage,
  isLocal,
  isSpacedSourceEcho,
  isThreadRow,
  isVariable,
  startsLocation,
} from './gdb-chatter.js';
import { FrameTable, frameHead, isForeignFrame, splitLevel } from './gdb-frames.js';
import { Joint, MOST_LINES } from './gdb-join.js';
import { breakpointFunction, isBarrier, readGdbLine, startsStop } from './gdb-lines.js';
import type { GdbLine } from './gdb-lines.js';
import { isHuman } from './prose.js';
import { readEvent } from './qemu-trace.js';
import { RecordSink } from './record-sink.js';
import type { LooseKind } from './record-sink.js';

/** Takes lines, gives records. One reader per capture. */
export interface CaptureReader {
  /** One line without its newline; it may carry CR, colours, NUL, anything. Never throws. */
  push(line: string): void;
  /** The records that are finished so far; finish() then returns only the rest. For captures larger than memory. */
  take(): readonly CaptureRecord[];
  /** The input ended. Call once. */
  finish(): Reading;
}

export function createReader(): CaptureReader {
  return new Reader();
}

const LONGEST_LINE = 1 << 20;

/** Lines between a stop and its location: "Old value = 1", "New value = 2", blank ones. */
const MOST_LINES_BEFORE_LOCATION = 16;

interface Line {
  /** Without controls and pager text. */
  readonly text: string;
  readonly lineNo: number;
  /** The pager cut the line here, in mid-word. */
  readonly cut: boolean;
}

interface Pending {
  readonly what: 'frame' | 'stop' | 'location' | 'row';
  readonly level: number;
  /** A name alone: a frame only if a trace goes on, or its list follows. */
  readonly weak: boolean;
  readonly joint: Joint;
  readonly lines: Line[];
  last: number;
}

interface OpenStop {
  readonly stop: Omit<Stop, 'span' | 'frame'>;
  readonly lineNo: number;
  readonly waiting: { readonly lineNo: number; readonly kind: LooseKind }[];
}

class Reader implements CaptureReader {
  readonly #sink = new RecordSink();
  readonly #traces = new BacktraceBuilder(this.#sink);
  readonly #frames = new FrameTable();
  /** Raw lines without level that are one whole frame: most of a log, and seen many times. */
  readonly #wholeLines = new Map<string, Frame>();
  readonly #formats = new Set<FormatId>();
  #lines = 0;
  #pending: Pending | undefined;
  #stop: OpenStop | undefined;
  #header: ThreadRef | undefined;
  #command: Command | undefined;
  /** The last line that gdb printed, and the source line that it named. */
  #outputLine = 0;
  #sourceLine: number | undefined;
  #eventLine = 0;
  #started = false;
  #paged = false;
  /** The program runs, up to the next blank line at least: what is printed is its own. */
  #runningAt = 0;

  push(raw: string): void {
    this.#lines += 1;
    const lineNo = this.#lines;
    if (raw.charCodeAt(0) === 35 && this.#pushKnownFrame(raw, lineNo)) return;
    if (raw.length > LONGEST_LINE) {
      this.#tooLong(lineNo);
      return;
    }
    const text = cleanLine(raw);
    const pager = cutPager(text);
    if (pager !== undefined) this.#readPager(pager.before, pager.after, lineNo);
    else this.#join({ text, lineNo, cut: false }, raw);
  }

  take(): readonly CaptureRecord[] {
    return this.#sink.take();
  }

  finish(): Reading {
    while (this.#pending !== undefined) this.#finishPending(true);
    this.#endStop();
    this.#traces.close();
    const records = this.#sink.finish();
    const formats = (['gdb', 'qemu-log'] as const).filter((id) => this.#formats.has(id));
    return {
      lines: this.#lines,
      blank: this.#sink.blank,
      formats,
      records,
      problems: this.#sink.problems,
    };
  }

  // --- fast path

  #pushKnownFrame(raw: string, lineNo: number): boolean {
    const head = splitLevel(raw);
    if (head === undefined) return false;
    const frame = this.#wholeLines.get(raw.slice(head.start));
    if (frame === undefined) return false;
    while (this.#pending !== undefined) {
      if (this.#pending.joint.cut) return false;
      this.#finishPending(false);
    }
    this.#addFrame(head.level, frame, lineNo, lineNo);
    return true;
  }

  // --- joining

  #join(line: Line, raw?: string): void {
    while (this.#pending !== undefined) {
      if (this.#continues(this.#pending, line)) return;
      this.#finishPending(false);
    }
    this.#dispatch(line, raw);
  }

  #continues(pending: Pending, line: Line): boolean {
    const { joint } = pending;
    if (joint.cut) return this.#append(pending, line, line.text);
    if (line.text.trim() === '' || pending.lines.length >= MOST_LINES) return false;
    if (isEmptyQuote(line.text)) {
      if (joint.complete) return false;
      pending.lines.push(line);
      pending.last = line.lineNo;
      return true;
    }
    const { margin, rest } = splitMargin(line.text);
    if (isBarrier(rest) || !joint.wants(rest)) return false;
    return this.#append(pending, line, margin.trim() === '' ? line.text.trimStart() : rest);
  }

  #append(pending: Pending, line: Line, rest: string): boolean {
    pending.joint.append(line.text, rest, line.cut);
    pending.lines.push(line);
    pending.last = line.lineNo;
    if (pending.joint.complete) this.#finishPending(false);
    return true;
  }

  #hold(what: Pending['what'], text: string, line: Line, level = 0, weak = false): Pending {
    const joint = new Joint(text, line.cut);
    const pending: Pending = { what, level, weak, joint, lines: [line], last: line.lineNo };
    this.#pending = pending;
    if (joint.complete) this.#finishPending(false);
    return pending;
  }

  #finishPending(ended: boolean): void {
    const pending = this.#pending;
    if (pending === undefined) return;
    this.#pending = undefined;
    switch (pending.what) {
      case 'frame':
        this.#finishFrame(pending, ended);
        break;
      case 'stop':
        this.#finishStop(pending, ended);
        break;
      case 'location':
        this.#finishLocation(pending);
        break;
      case 'row':
        for (const { lineNo } of pending.lines) this.#output(lineNo);
        break;
    }
  }

  #finishFrame(pending: Pending, ended: boolean): void {
    const { joint, level, lines } = pending;
    const first = lines[0]?.lineNo ?? 0;
    const cutOff = ended && (joint.open || isHalfPlace(joint.text));
    if (pending.weak && !/\(/.test(joint.text) && level !== this.#traces.nextLevel) {
      this.#release(lines, 'prose');
      return;
    }
    const frame = cutOff ? undefined : this.#frames.read(joint.text);
    if (frame !== undefined) {
      this.#addFrame(level, frame, first, pending.last);
      return;
    }
    this.#missFrame(pending, first, ended, cutOff);
  }

  // The text of several lines is no frame. The first line may be one, and something else followed.
  #missFrame(pending: Pending, first: number, ended: boolean, cutOff: boolean): void {
    const { level, lines } = pending;
    const [head, ...rest] = lines;
    const alone =
      rest.length > 0 && !cutOff ? this.#frames.read(frameText(head?.text ?? '')) : undefined;
    if (alone !== undefined) {
      this.#addFrame(level, alone, first, first);
      this.#release(rest, 'dispatch');
      return;
    }
    const last = cutOff ? pending.last : first;
    const span = { first, last };
    this.#formats.add('gdb');
    this.#settle();
    if (ended) this.#sink.problem('CUT_OFF', `the input ends inside frame #${level}`, span);
    else this.#sink.problem('FRAME_UNREAD', `frame #${level} does not follow gdb's syntax`, span);
    if (!this.#traces.miss(level, last)) this.#gap(span, `frame #${level} could not be read`);
    this.#outputLine = last;
    if (!cutOff) this.#release(rest, 'dispatch');
  }

  #release(lines: readonly Line[], how: 'dispatch' | 'prose'): void {
    const [head, ...rest] = lines;
    if (head === undefined) return;
    if (how === 'prose') this.#prose(head);
    else this.#join(head);
    for (const line of rest) this.#join(line);
  }

  // --- classifying

  #dispatch(line: Line, raw?: string): void {
    const { text, lineNo } = line;
    if (text.trim() === '') {
      this.#loose(lineNo, 'blank');
      return;
    }
    if (this.#readFrameLine(line, raw)) return;
    const read = readEvent(text, lineNo, this.#eventLine === lineNo - 1);
    if (read !== undefined) {
      if (read.unread)
        this.#sink.problem(
          'EVENT_UNREAD',
          `${read.event.name} has arguments of no known format`,
          read.event.span,
        );
      this.#record(read.event);
      this.#formats.add('qemu-log');
      this.#eventLine = lineNo;
      return;
    }
    if (isThreadRow(text) || /^Run till exit from/.test(text)) this.#hold('row', text, line);
    else if (!this.#readSession(line)) this.#readRest(line);
  }

  #readFrameLine(line: Line, raw?: string): boolean {
    const hash = line.text.indexOf('#');
    if (hash < 0 || hash > 256) return false;
    const text = frameLine(line.text, hash);
    const head = text === undefined ? undefined : splitLevel(text);
    if (text === undefined || head === undefined) return false;
    const body = text.slice(head.start);
    const kind = this.#headKind(body, head.level);
    if (kind === 'none') return isForeignFrame(body) && this.#foreign(line.lineNo);
    if (isForeignFrame(body) && this.#frames.read(body.trimEnd()) === undefined)
      return this.#foreign(line.lineNo);
    if (line.text.startsWith('(')) this.#closeAll();
    const pending = this.#hold('frame', body, line, head.level, kind === 'weak');
    if (raw !== undefined && hash === 0 && pending.joint.complete)
      this.#remember(raw, pending.joint.text);
    return true;
  }

  #headKind(body: string, level: number): 'strong' | 'weak' | 'none' {
    const kind = frameHead(body);
    // "#12 0x00005555" at the end of a cut log
    if (
      kind === 'none' &&
      /^0x[0-9a-fA-F]*(?:[ \t]+i?)?$/.test(body) &&
      level === this.#traces.nextLevel
    )
      return 'strong';
    return kind;
  }

  #remember(raw: string, text: string): void {
    const frame = this.#frames.known(text);
    const head = splitLevel(raw);
    if (frame === undefined || head === undefined) return;
    if (this.#wholeLines.size >= 262_144) this.#wholeLines.clear();
    this.#wholeLines.set(raw.slice(head.start), frame);
  }

  #foreign(lineNo: number): true {
    this.#closeAll();
    this.#loose(lineNo, 'output');
    return true;
  }

  #readSession(line: Line): boolean {
    const { margin, rest } = splitMargin(line.text);
    const text = margin === '' || /^[\d+]/.test(margin) ? line.text : rest;
    if (startsStop(text)) {
      this.#hold('stop', text, line);
      return true;
    }
    const read =
      readGdbLine(text.trimEnd()) ??
      (text === line.text ? undefined : readGdbLine(line.text.trimEnd()));
    if (read === undefined) return false;
    this.#readSessionLine(read, line);
    return true;
  }

  #readSessionLine(read: GdbLine, line: Line): void {
    const { lineNo } = line;
    const span = { first: lineNo, last: lineNo };
    switch (read.type) {
      case 'prompt':
        this.#readPrompt(read.text, line);
        return;
      case 'stop':
        this.#settle();
        this.#closeAll();
        this.#stop = { stop: stopOf(read), lineNo, waiting: [] };
        break;
      case 'thread':
        this.#record({ kind: 'thread', span, what: read.what, thread: read.thread });
        if (read.what === 'header') this.#header = read.thread;
        break;
      case 'process':
        this.#readProcess(read.what, span);
        break;
      case 'breakpoint-set': {
        const { number, temporary, func, file, line: at } = read;
        const typed =
          this.#command === undefined ? undefined : breakpointFunction(this.#command.text);
        this.#record({
          kind: 'breakpoint-set',
          span,
          number,
          temporary,
          func: func ?? typed,
          file,
          line: at,
        });
        break;
      }
    }
    this.#outputLine = lineNo;
  }

  #readPrompt(text: string, line: Line): void {
    this.#closeAll();
    if (text !== '' && isOutput(text)) {
      // No echo: "(gdb) Breakpoint 1 at 0x11b0: file th.c, line 6."
      this.#dispatch({ ...line, text });
      return;
    }
    const span = { first: line.lineNo, last: line.lineNo };
    const command: Command = { kind: 'command', span, text: text.trimEnd() };
    this.#record(command);
    this.#command = command;
    this.#outputLine = line.lineNo;
  }

  // "Starting program" and libthread_db's banner announce the same process.
  #readProcess(what: 'start' | 'exit', span: Span): void {
    if (what === 'start' && this.#started) {
      this.#output(span.first);
      return;
    }
    this.#record({ kind: 'process', span, what });
    this.#started = what === 'start';
  }

  #readRest(line: Line): void {
    const { text, lineNo } = line;
    const near = this.#outputLine === lineNo - 1;
    if (this.#stop !== undefined && startsLocation(text)) {
      this.#hold('location', text, line);
    } else if (/^Quit\b/.test(text.trim()) && this.#paged) {
      this.#quitPager(lineNo);
    } else if (isDebuggerMessage(text) || this.#isSilentOutput(text, near)) {
      this.#output(lineNo);
      if (/^Continuing\.|^Using host libthread_db/.test(text)) this.#runningAt = lineNo;
    } else if (startsLocation(text) && this.#formats.has('gdb')) {
      this.#hold('location', text, line);
    } else if (LOST.test(text) && text.length < 512) {
      this.#record({
        kind: 'gap',
        span: { first: lineNo, last: lineNo },
        why: 'the log says that events were lost',
      });
    } else {
      this.#prose(line);
    }
  }

  #isSilentOutput(text: string, near: boolean): boolean {
    if (this.#traces.isOpen && isLocal(text)) return true;
    if (near && isSpacedSourceEcho(text, this.#sourceLine)) return true;
    return this.#formats.has('gdb') && isVariable(text);
  }

  #prose(line: Line): void {
    const { text, lineNo } = line;
    const near = this.#outputLine === lineNo - 1;
    // "hi" below "Continuing.": the program's own words, short ones at least
    const running =
      this.#runningAt === lineNo - 1 && /^[\x21-\x7e]+(?: [\x21-\x7e]+){0,2}$/.test(text.trim());
    const human = !running && isHuman(text, near);
    if (!human && near) this.#outputLine = lineNo;
    if (running) this.#runningAt = lineNo;
    this.#settle();
    this.#loose(lineNo, human ? 'human' : 'output');
  }

  // --- pager

  #readPager(before: string, after: string, lineNo: number): void {
    const reply = after.trim();
    const cut = before.trim() !== '';
    this.#paged = true;
    if (cut) {
      this.#join({ text: before, lineNo, cut: after === '' || /^[cq]?$/.test(reply) });
      if (/^q(?:uit)?$/.test(reply)) this.#traces.markIncomplete();
      return;
    }
    if (/^q(?:uit)?$/.test(reply)) {
      while (this.#pending !== undefined) this.#finishPending(false);
      this.#quitPager(lineNo);
    } else if (/^#\d+[ \t]|^(?: {4}|\t)/.test(after)) {
      // Commands from a pipe: nothing is typed, the output goes on in the same line.
      this.#join({ text: after, lineNo, cut: false });
    } else if (this.#pending !== undefined) {
      this.#pending.lines.push({ text: '', lineNo, cut: false });
      this.#pending.last = lineNo;
    } else this.#output(lineNo);
  }

  #quitPager(lineNo: number): void {
    this.#traces.markIncomplete();
    this.#paged = false;
    this.#record({ kind: 'gap', span: { first: lineNo, last: lineNo }, why: 'the pager was quit' });
    this.#outputLine = lineNo;
  }

  // --- records

  #addFrame(level: number, frame: Frame, first: number, last: number): void {
    if (this.#stop !== undefined) this.#endStop();
    this.#traces.add(level, frame, first, last, this.#header);
    this.#formats.add('gdb');
    this.#header = undefined;
    this.#command = undefined;
    this.#outputLine = last;
    this.#sourceLine = frame.line;
    this.#started = false;
  }

  #finishStop(pending: Pending, ended: boolean): void {
    const { joint, lines } = pending;
    const first = lines[0]?.lineNo ?? 0;
    const span = { first, last: pending.last };
    const read = readGdbLine(joint.text);
    const frame =
      read?.type === 'stop' && read.location !== undefined
        ? this.#frames.read(read.location.trim())
        : undefined;
    if (read?.type === 'stop' && frame !== undefined && !(ended && joint.open)) {
      this.#record({ ...stopOf(read), span, frame });
      this.#formats.add('gdb');
      this.#outputLine = span.last;
      this.#sourceLine = frame.line;
      return;
    }
    const unread = { first, last: first };
    if (ended) this.#sink.problem('CUT_OFF', 'the input ends inside a stop', unread);
    else this.#sink.problem('STOP_UNREAD', 'the location of this stop could not be read', unread);
    this.#gap(unread, 'a stop could not be read');
    this.#release(lines.slice(1), 'dispatch');
  }

  #finishLocation(pending: Pending): void {
    const frame = this.#frames.read(pending.joint.text);
    const first = pending.lines[0]?.lineNo ?? 0;
    if (frame === undefined || frame.args === undefined) {
      this.#release(pending.lines, 'prose');
      return;
    }
    this.#sourceLine = frame.line;
    if (this.#stop === undefined) {
      for (const { lineNo } of pending.lines) this.#output(lineNo);
      return;
    }
    const { stop, lineNo } = this.#stop;
    this.#stop = undefined;
    this.#record({ ...stop, span: { first: lineNo, last: pending.last }, frame });
    this.#formats.add('gdb');
    this.#outputLine = Math.max(pending.last, first);
  }

  /** A stop whose location never came. */
  #endStop(): void {
    const open = this.#stop;
    if (open === undefined) return;
    this.#stop = undefined;
    const span = { first: open.lineNo, last: open.lineNo };
    this.#formats.add('gdb');
    this.#sink.add({ ...open.stop, span, frame: undefined });
    for (const { lineNo, kind } of open.waiting) this.#sink.loose(lineNo, kind);
  }

  #settle(): void {
    if (this.#stop !== undefined) this.#endStop();
  }

  #closeAll(): void {
    this.#settle();
    this.#traces.close();
    this.#traces.forgetMissing();
  }

  #record(record: CaptureRecord): void {
    this.#settle();
    this.#traces.close();
    this.#sink.add(record);
    this.#header = undefined;
    if (record.kind !== 'command') this.#command = undefined;
    if (record.kind !== 'thread') this.#started = false;
  }

  // The thread of a lost frame 0 is the thread of the frames that follow.
  #gap(span: Span, why: string): void {
    const header = this.#header;
    this.#record({ kind: 'gap', span, why });
    this.#header = header;
  }

  #tooLong(lineNo: number): void {
    while (this.#pending !== undefined) this.#finishPending(false);
    const span = { first: lineNo, last: lineNo };
    this.#sink.problem(
      'LINE_TOO_LONG',
      'a line of more than a million characters is not read',
      span,
    );
    this.#record({ kind: 'gap', span, why: 'a line was too long to read' });
  }

  #output(lineNo: number): void {
    this.#loose(lineNo, 'chatter');
    this.#outputLine = lineNo;
  }

  #loose(lineNo: number, kind: LooseKind): void {
    if (this.#stop !== undefined) {
      this.#stop.waiting.push({ lineNo, kind });
      if (this.#stop.waiting.length > MOST_LINES_BEFORE_LOCATION) this.#endStop();
      return;
    }
    this.#traces.loose(lineNo, kind);
  }
}

// "CPU:3 [LOST 12 EVENTS]"   "dropped 7 events"   "Suppressed 12 messages from ..."
const LOST =
  /\[LOST \d+ EVENTS\]|\bLOST \d+ EVENTS\b|\bdropped \d+ (?:trace )?(?:events|records|messages)\b|\b\d+ (?:trace )?(?:events|records|messages) (?:were )?(?:dropped|lost)\b|^dropped: \d+|Suppressed \d+ messages|\d+ (?:output lines|callbacks) suppressed/i;

// ") at ../hw/virtio/vho": a place without a line that is no library either
function isHalfPlace(text: string): boolean {
  return (
    /\)[ \t]+(?:at|from)?$/.test(text) ||
    (/\)[ \t]+at[ \t]+[^:]*:?$/.test(text) && !/\.so[.\d]*$/.test(text))
  );
}

// Margin, glued words and prompts in front of "#0  ..." go; undefined when there is no level.
function frameLine(text: string, hash: number): string | undefined {
  const after = text.charCodeAt(hash + 1);
  if (!(after >= 48 && after <= 57)) return undefined;
  if (hash === 0) return text;
  const { rest } = splitMargin(text);
  if (rest.startsWith('#')) return rest;
  // "(gdb) (gdb) #0  vcpu (idx=1) at th.c:6"
  const prompts = /^(?:\((?:gdb|cgdb|rr)\) *)+(?=#\d)/.exec(rest);
  if (prompts !== null) return rest.slice(prompts[0].length);
  // "libxlFDRegisterEventHook#0  libxlFDRegisterEventHook (...": a printf without newline
  return /^\S{1,128}#0[ \t]/.test(text) && hash <= 128 ? text.slice(hash) : undefined;
}

// The text of a frame's first line, without level and margin.
function frameText(text: string): string {
  const line = frameLine(text, text.indexOf('#')) ?? '';
  const head = splitLevel(line);
  return head === undefined ? '' : line.slice(head.start).trimEnd();
}

function stopOf(read: Extract<GdbLine, { type: 'stop' }>): Omit<Stop, 'span' | 'frame'> {
  return { kind: 'stop', reason: read.reason, number: read.number, thread: read.thread };
}

// What stands behind a prompt was either typed, or printed because nothing is echoed.
function isOutput(text: string): boolean {
  if (startsStop(text) || isDebuggerMessage(text) || isThreadRow(text) || startsLocation(text))
    return true;
  const head = splitLevel(text);
  if (head !== undefined) return frameHead(text.slice(head.start)) === 'strong';
  const read = readGdbLine(text);
  return read !== undefined && read.type !== 'prompt';
}
