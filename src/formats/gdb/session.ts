/**
 * The records of one capture in the order in which they open and close: what each line ends, and what it goes on with.
 * Backtraces are gathered in backtrace-builder.ts, stops that wait for their location in waiting-stop.ts, what is typed in
 * prompt.ts, returns in finish-command.ts, breakpoints in set-breakpoints.ts, calls that are only named in named-calls.ts.
 *
 * Source: gdb/infrun.c, normal_stop(), for the order in which gdb prints them (gdb 7 to 18).
 */
import { FORMAT_IDS } from '../../model/record.js';
import type {
  BreakpointSet,
  CaptureRecord,
  Chatter,
  FormatId,
  Frame,
  PrintedValue,
  Problem,
  ProcessMark,
  Prose,
  Span,
  ThreadNotice,
  ThreadRef,
} from '../../model/record.js';
import { BacktraceBuilder } from './backtrace-builder.js';
import { FinishCommand } from './finish-command.js';
import { LinesAbove } from './lines-above.js';
import { LostStops } from './lost-stops.js';
import { NamedCalls } from './named-calls.js';
import { askedMember } from './printed-value.js';
import { MOST_WORDS, printedWords } from './printed-words.js';
import { Prompt } from './prompt.js';
import { SetBreakpoints } from './set-breakpoints.js';
import { isTornStop } from './torn-names.js';
import { WaitingStop } from './waiting-stop.js';
import type { StopHead } from './waiting-stop.js';
import type { Doubts } from '../doubts.js';
import type { LooseKind, RecordSink } from '../record-sink.js';

const INFO_THREADS = /^(?:i|inf|info)[ \t]+th[a-z]*\b/;

export class GdbSession {
  readonly #sink: RecordSink;
  readonly #traces: BacktraceBuilder;
  readonly #formats = new Set<FormatId>();
  readonly #stop: WaitingStop;
  readonly #prompt = new Prompt();
  readonly #finish = new FinishCommand();
  readonly #named = new NamedCalls();
  readonly #above = new LinesAbove();
  readonly #lost = new LostStops();
  readonly breakpoints = new SetBreakpoints();
  /** The thread header directly above. */
  #header: ThreadRef | undefined;
  #hasStops = false;
  #showsLists = false;
  /** Where the program stopped last, as long as no frame is shown. */
  #stopped: Frame | undefined;
  #sourceLine: number | undefined;
  /** The last line of words that commands of a breakpoint may have printed. */
  #wordsLine = -1;
  #wordsCount = 0;
  /** The last record tells that a process has begun. */
  #started = false;

  constructor(sink: RecordSink) {
    this.#sink = sink;
    this.#traces = new BacktraceBuilder(sink);
    this.#stop = new WaitingStop(sink);
  }

  get formats(): readonly FormatId[] {
    return FORMAT_IDS.filter((id) => this.#formats.has(id));
  }

  /** For the formats whose records may be in doubt. */
  get doubts(): Doubts {
    return this.#sink.doubts;
  }

  /** Something of gdb was seen before. */
  get isGdb(): boolean {
    return this.#formats.has('gdb');
  }

  /** Backtraces stand alone so far: no stop says how the program came to them. */
  get showsStacksOnly(): boolean {
    return this.isGdb && !this.#hasStops;
  }

  /** Stops or frames have lists of arguments, `()` at least: nobody has cut or typed them all. */
  get showsLists(): boolean {
    return this.#showsLists;
  }

  get inBacktrace(): boolean {
    return this.#traces.isOpen;
  }

  /** The level that would go on with the open backtrace. */
  get nextLevel(): number | undefined {
    return this.#traces.nextLevel;
  }

  get waitsForLocation(): boolean {
    return this.#stop.isOpen;
  }

  /** The source line that the last frame or stop named. */
  get sourceLine(): number | undefined {
    return this.#sourceLine;
  }

  /** What is missing above the line, which belongs to a stop that is gone. */
  lostStop(text: string, lineNo: number): string | undefined {
    return this.#lost.see(text, lineNo, {
      isOutput: this.isNear(lineNo),
      isBlank: this.#above.blank === lineNo - 1,
      command: this.#prompt.above?.text,
      sourceLine: this.#sourceLine,
    });
  }

  /** A command list is being typed: lines begin with `>`. */
  get inCommandList(): boolean {
    return this.#prompt.isInList;
  }

  /** Was the line above printed by gdb, or directly below such a line? */
  isNear(lineNo: number): boolean {
    return this.#above.isOutput(lineNo);
  }

  /** Does the line answer `info threads`? */
  listsThreads(lineNo: number): boolean {
    return this.isNear(lineNo) && INFO_THREADS.test(this.#prompt.above?.text ?? '');
  }

  /** Is the line above gdb's, or the end of a record of another format, but for a blank line? */
  isBelowRecord(lineNo: number): boolean {
    return this.#above.isRecord(lineNo);
  }

  addFrame(level: number, frame: Frame, first: number, last: number): void {
    this.#settleCommand();
    this.settle();
    this.#tellLost(first, this.#lost.leave());
    if (level === 0 || !this.inBacktrace) this.#beginCall(frame.func, first);
    this.#traces.add(level, frame, first, last, this.#header);
    // Below a header it may be the stack of another thread.
    const stop = level === 0 && this.#header === undefined ? this.#stopped : undefined;
    if (stop !== undefined && isTornStop(stop, frame)) {
      const message = 'frame #0 and the stop above it differ: one of the two is damaged';
      this.problem('FRAME_UNREAD', message, { first, last });
      this.#traces.markIncomplete();
    }
    this.#stopped = undefined;
    this.#formats.add('gdb');
    this.#header = undefined;
    this.#prompt.leave();
    this.#above.output = last;
    this.#sourceLine = frame.line;
    this.#showsLists ||= frame.args !== undefined;
    this.#started = false;
    this.breakpoints.endTable();
  }

  /** A frame that could not be read: its backtrace is incomplete, and a gap where none is left to say so. */
  missFrame(level: number, span: Span): void {
    this.#settleCommand();
    this.#formats.add('gdb');
    this.settle();
    if (!this.#traces.miss(level, span.last)) this.gap(span, `frame #${level} could not be read`);
    this.#above.output = span.last;
  }

  addStop(head: StopHead, frame: Frame, span: Span): void {
    this.breakpoints.endTable();
    this.#tellLost(span.first, this.#lost.onStop(frame, span.last));
    this.#beginCall(frame.func, span.first);
    const { kind, reason, number, thread } = head;
    // By name: a spread takes longer than all else that is done for one of thousands.
    if (head.signal === undefined) this.record({ kind, reason, number, thread, span, frame });
    else this.record({ ...head, span, frame });
    this.#formats.add('gdb');
    this.#hasStops = true;
    this.#stopped = frame;
    this.#above.output = span.last;
    this.#sourceLine = frame.line;
    this.#showsLists ||= frame.args !== undefined;
  }

  #tellLost(lineNo: number, why: string | undefined): void {
    if (why !== undefined) this.gap({ first: lineNo, last: lineNo - 1 }, why);
  }

  /** A stop, or the first frame of a stack. Calls that were only named above it are missing. */
  #beginCall(func: string, lineNo: number): void {
    if (this.#named.begin(func) && this.#hasStops)
      this.gap({ first: lineNo, last: lineNo - 1 }, 'a call is named that could not be read');
  }

  /** A stop whose location comes on a later line, or never. */
  openStop(head: StopHead, lineNo: number): void {
    this.closeAll();
    this.#stop.begin(head, lineNo);
    this.#above.output = lineNo;
  }

  /** `Old value = 1` below a watchpoint. */
  watchpointHit(): void {
    this.#stop.hit();
  }

  /** A frame without level: the location of the waiting stop, or what `finish` and `step` print. */
  addLocation(frame: Frame, lines: readonly number[]): void {
    this.#sourceLine = frame.line;
    if (!this.#stop.isOpen && this.#finish.isRunning) {
      this.addOutput(this.#finish.comeBack(lines));
      return;
    }
    const open = this.#stop.take();
    if (open === undefined) {
      if (this.#prompt.above === undefined) this.#named.seeFrame(frame.func);
      for (const lineNo of lines) this.output(lineNo);
      return;
    }
    this.addStop(open.head, frame, { first: open.lineNo, last: lines.at(-1) ?? open.lineNo });
  }

  /** `Run till exit from #0  f (a=1) at x.c:9`. */
  finishing(frame: Frame | undefined, lines: readonly number[]): void {
    for (const lineNo of lines) this.output(lineNo);
    this.#finish.begin(frame?.func);
  }

  /** `Value returned is $2 = -22`. */
  returned(value: string, lineNo: number): void {
    this.addOutput(this.#finish.returned(value, lineNo));
  }

  /** What is printed of gdb itself answers a command: `show version`. */
  get asksVersion(): boolean {
    return /^sho?w?[ \t]+ver/.test(this.#prompt.above?.text ?? '');
  }

  /** A command at the prompt. */
  addCommand(text: string, span: Span): void {
    const command = { kind: 'command', span, text } as const;
    this.closeAll();
    this.#tellLost(span.first, this.#lost.leave());
    if (this.#prompt.type(command)) this.record(command);
    this.breakpoints.endTable();
    this.#above.output = span.last;
  }

  /** A line of the command list that is being typed. */
  addListed(text: string, span: Span): void {
    const command = this.#prompt.typeListed(text, span);
    if (command === undefined) this.output(span.first);
    else this.addOutput(command);
  }

  /** `Undefined command: "x".`: nothing came of what was typed. */
  refuse(): void {
    const refused = this.#prompt.takeDoubtful();
    if (refused !== undefined) this.output(refused.span.first);
  }

  #settleCommand(): void {
    const command = this.#prompt.takeDoubtful();
    if (command !== undefined) this.record(command);
  }

  /** `Breakpoint 1 at 0x1: ...`, below the command that set it. */
  addBreakpoint(set: BreakpointSet): void {
    this.#lost.place(set.line);
    this.addOutput(this.breakpoints.set(set, this.#prompt.above?.text ?? ''));
    this.#prompt.breakpointSet(set.number);
  }

  addHeader(thread: ThreadRef, span: Span): void {
    this.record({ kind: 'thread', span, what: 'header', thread });
    this.#header = thread;
    this.#above.output = span.last;
  }

  /** `[Switching to Thread 0x7ffff74335c0 (LWP 24305)]`, `[New Thread ...]`, `[Thread ... exited]`. */
  addThread(notice: ThreadNotice): void {
    if (notice.what === 'switch' && this.#stop.switchTo(notice))
      this.#above.output = notice.span.last;
    else this.addOutput(notice);
  }

  // "Starting program" and libthread_db's banner announce the same process.
  addProcess(what: ProcessMark['what'], span: Span): void {
    if (what === 'start' && this.#started) {
      this.output(span.first);
      return;
    }
    this.record({ kind: 'process', span, what });
    this.#started = what === 'start';
    this.#above.output = span.last;
  }

  /** Another record of gdb. */
  addOutput(record: CaptureRecord): void {
    this.record(record);
    this.#above.output = record.span.last;
  }

  addEvent(record: CaptureRecord): void {
    this.record(record);
    this.#formats.add('qemu-log');
  }

  /**
   * Records of another format; loose ones join their neighbours. A claimed line ends what is open.
   */
  addForeign(id: FormatId, records: readonly CaptureRecord[], lineNo?: number): void {
    this.#formats.add(id);
    if (lineNo !== undefined) this.closeAll();
    for (const record of records) {
      if (record.kind === 'chatter' || record.kind === 'prose') {
        const kind = looseKind(record);
        for (let line = record.span.first; line <= record.span.last; line++) this.loose(line, kind);
      } else if (record.kind === 'value') this.#addValue(record);
      else if (record.kind === 'foreign-stack' && record.tool === 'listed') {
        for (const { func } of record.frames) this.#named.seeFrame(func ?? '');
        this.record(record);
      } else this.record(record);
    }
    const last = records.at(-1);
    if (id === 'gdb' && last !== undefined) this.#above.output = last.span.last;
  }

  #addValue(value: PrintedValue): void {
    const asked = this.#askedAbove(value.span.first);
    this.record(asked === undefined ? value : { ...value, asked });
  }

  /** `$1 = 0x1` directly below the command that asked for it. */
  printedScalar(number: number, text: string, lineNo: number): boolean {
    const asked = this.#askedAbove(lineNo);
    const member = asked === undefined ? undefined : askedMember(asked);
    if (asked === undefined || member === undefined) return false;
    const span = { first: lineNo, last: lineNo };
    this.addOutput({ kind: 'value', span, number, asked, members: { [member]: text } });
    return true;
  }

  /** The expression of the print command directly above the line. */
  #askedAbove(lineNo: number): string | undefined {
    return this.isNear(lineNo) ? this.#prompt.asked : undefined;
  }

  // The thread of a lost frame 0 is the thread of the frames that follow.
  gap(span: Span, why: string): void {
    const header = this.#header;
    this.record({ kind: 'gap', span, why });
    this.#header = header;
  }

  /** Somebody says that lines were cut out here: between two frames of a backtrace, if one that goes on with it follows. */
  cut(lineNo: number, why: string): void {
    if (!this.inBacktrace) {
      this.gap({ first: lineNo, last: lineNo }, why);
      return;
    }
    this.#settleCommand();
    this.#traces.cut(lineNo, why);
    this.#above.record = lineNo;
    this.#finish.see('gap');
  }

  problem(code: Problem['code'], message: string, span: Span): void {
    this.#sink.problem(code, message, span);
  }

  /** The pager was quit: the outer frames of the open backtrace were never printed. */
  quit(lineNo: number): void {
    this.#traces.markIncomplete();
    this.gap({ first: lineNo, last: lineNo }, 'the pager was quit');
    this.#above.output = lineNo;
  }

  markIncomplete(): void {
    this.#traces.markIncomplete();
  }

  /** A line that gdb printed and that carries no record. */
  output(lineNo: number): void {
    this.loose(lineNo, 'chatter');
    this.#above.output = lineNo;
  }

  /** It also ends what "directly above" means for a thread header, but for one: trackers put a blank line below each line. */
  blank(lineNo: number): void {
    if (this.#above.record !== lineNo - 1) this.#header = undefined;
    this.#above.blank = lineNo;
    this.#lost.onBlank();
    this.loose(lineNo, 'blank');
  }

  /** Records are missing in front of the next one that comes. */
  missBelow(lineNo: number, why: string): void {
    this.closeAll();
    this.loose(lineNo, 'output');
    this.#sink.missBelow(why);
  }

  /** `text`: of a line that may name a call. */
  prose(lineNo: number, human: boolean, text = ''): void {
    this.#named.seeLine(text);
    this.#noteWords(lineNo, text);
    if (!human && this.isNear(lineNo)) this.#above.output = lineNo;
    this.settle();
    this.loose(lineNo, human ? 'human' : 'output');
  }

  #noteWords(lineNo: number, text: string): void {
    const goesOn = this.#wordsLine === lineNo - 1;
    if (!this.#hasStops || !(goesOn || this.isNear(lineNo))) return;
    this.#wordsCount = goesOn ? this.#wordsCount + 1 : 1;
    this.#wordsLine = lineNo;
    const words = this.#wordsCount > MOST_WORDS ? undefined : printedWords(text);
    if (words !== undefined) this.#sink.noteWords(lineNo, words);
  }

  record(record: CaptureRecord): void {
    this.#settleCommand();
    this.settle();
    this.#traces.close();
    this.#sink.add(record);
    this.#above.record = record.span.last;
    this.#header = undefined;
    if (record.kind !== 'command') this.#prompt.leave();
    if (record.kind !== 'thread') this.#started = false;
    this.#finish.see(record.kind);
  }

  loose(lineNo: number, kind: LooseKind): void {
    this.#settleCommand();
    if (!this.#stop.isOpen) this.#traces.loose(lineNo, kind);
    else if (this.#stop.hold(lineNo, kind)) this.settle();
  }

  /** The waiting stop, if any, gets no location. */
  settle(): void {
    if (this.#stop.end()) this.#formats.add('gdb');
  }

  /** A prompt, a header or another tool's stack: nothing goes on behind it. */
  closeAll(): void {
    this.#settleCommand();
    this.settle();
    this.#traces.close();
    this.#traces.forgetMissing();
  }
}

function looseKind(record: Chatter | Prose): LooseKind {
  if (record.kind === 'chatter') return 'chatter';
  return record.human ? 'human' : 'output';
}
