/**
 * The records of one capture while they open and close: which backtrace is open, which stop waits for
 * its location, which header or command stands directly above.
 *
 * Source: gdb/infrun.c, normal_stop(), for the order in which gdb prints them (gdb 7 to 18).
 */
import { FORMAT_IDS } from '../../model/record.js';
import type {
  BreakpointSet,
  CaptureRecord,
  Chatter,
  Command,
  FormatId,
  Frame,
  PrintedValue,
  Problem,
  ProcessMark,
  Prose,
  Span,
  Stop,
  ThreadRef,
} from '../../model/record.js';
import { isOwnCommand } from '../../model/gdb-commands.js';
import { BacktraceBuilder } from './backtrace-builder.js';
import { CommandLists } from './command-lists.js';
import { NamedCalls } from './named-calls.js';
import { askedExpression, askedMember } from './printed-value.js';
import { SetBreakpoints } from './set-breakpoints.js';
import type { LooseKind, RecordSink } from '../record-sink.js';

/** A stop without its place and lines. */
export type StopHead = Omit<Stop, 'span' | 'frame'>;

/** Lines between a stop and its location: "Old value = 1", "New value = 2", blank ones. */
const MOST_LINES_BEFORE_LOCATION = 16;

interface OpenStop {
  readonly head: StopHead;
  readonly lineNo: number;
  readonly waiting: { readonly lineNo: number; readonly kind: LooseKind }[];
  /** `Old value = ` was printed: the watchpoint was hit, not only set. */
  hit: boolean;
}

export class GdbSession {
  readonly #sink: RecordSink;
  readonly #traces: BacktraceBuilder;
  readonly #formats = new Set<FormatId>();
  #stop: OpenStop | undefined;
  #header: ThreadRef | undefined;
  #command: Command | undefined;
  #outputLine = -1;
  #recordLine = -1;
  #blankLine = -1;
  #hasStops = false;
  #sourceLine: number | undefined;
  #started = false;
  readonly #breakpoints = new SetBreakpoints();
  readonly #lists = new CommandLists();
  readonly #named = new NamedCalls();
  /** A command that gdb may not know: the line below would say so. */
  #doubtful: Command | undefined;
  /** The function that `finish` waits for. */
  #finishing: string | undefined;
  /** The function that came back last, until its value is printed. */
  #returning: string | undefined;

  constructor(sink: RecordSink) {
    this.#sink = sink;
    this.#traces = new BacktraceBuilder(sink);
  }

  get formats(): readonly FormatId[] {
    return FORMAT_IDS.filter((id) => this.#formats.has(id));
  }

  /** Something of gdb was seen before. */
  get isGdb(): boolean {
    return this.#formats.has('gdb');
  }

  /** Backtraces stand alone so far: no stop says how the program came to them. */
  get showsStacksOnly(): boolean {
    return this.isGdb && !this.#hasStops;
  }

  get inBacktrace(): boolean {
    return this.#traces.isOpen;
  }

  /** The level that would go on with the open backtrace. */
  get nextLevel(): number | undefined {
    return this.#traces.nextLevel;
  }

  get waitsForLocation(): boolean {
    return this.#stop !== undefined;
  }

  /** The source line that the last frame or stop named. */
  get sourceLine(): number | undefined {
    return this.#sourceLine;
  }

  /** Was the line above printed by gdb, or directly below such a line? */
  isNear(lineNo: number): boolean {
    return this.#outputLine === lineNo - 1;
  }

  /** Is the line above gdb's, or the end of a record of another format, but for a blank line? */
  isBelowRecord(lineNo: number): boolean {
    const at = this.#blankLine === lineNo - 1 ? lineNo - 1 : lineNo;
    return this.isNear(at) || this.#recordLine === at - 1;
  }

  addFrame(level: number, frame: Frame, first: number, last: number): void {
    this.#settleCommand();
    if (this.#stop !== undefined) this.#endStop(this.#stop);
    if (level === 0 || !this.inBacktrace) this.#beginCall(frame.func, first);
    this.#traces.add(level, frame, first, last, this.#header);
    this.#formats.add('gdb');
    this.#header = undefined;
    this.#command = undefined;
    this.#outputLine = last;
    this.#sourceLine = frame.line;
    this.#started = false;
    this.#breakpoints.endTable();
  }

  /** A frame that could not be read: its backtrace is incomplete, and a gap where none is left to say so. */
  missFrame(level: number, span: Span): void {
    this.#settleCommand();
    this.#formats.add('gdb');
    this.settle();
    if (!this.#traces.miss(level, span.last)) this.gap(span, `frame #${level} could not be read`);
    this.#outputLine = span.last;
  }

  addStop(head: StopHead, frame: Frame, span: Span): void {
    this.#breakpoints.endTable();
    this.#beginCall(frame.func, span.first);
    const { kind, reason, number, thread } = head;
    // By name: a spread takes longer than all else that is done for one of thousands.
    if (head.signal === undefined) this.record({ kind, reason, number, thread, span, frame });
    else this.record({ ...head, span, frame });
    this.#formats.add('gdb');
    this.#hasStops = true;
    this.#outputLine = span.last;
    this.#sourceLine = frame.line;
  }

  /** A stop, or the first frame of a stack. Calls that were only named above it are missing. */
  #beginCall(func: string, lineNo: number): void {
    if (this.#named.begin(func) && this.#hasStops)
      this.gap({ first: lineNo, last: lineNo - 1 }, 'a call is named that could not be read');
  }

  /** A stop whose location comes on a later line, or never. */
  openStop(head: StopHead, lineNo: number): void {
    this.closeAll();
    this.#stop = { head, lineNo, waiting: [], hit: head.reason !== 'watchpoint' };
    this.#outputLine = lineNo;
  }

  /** A frame without level: the location of the waiting stop, or what `finish` and `step` print. */
  addLocation(frame: Frame, lines: readonly number[]): void {
    const open = this.#stop;
    this.#sourceLine = frame.line;
    if (open === undefined && this.#finishing !== undefined) {
      this.#comeBack(lines);
      return;
    }
    if (open?.hit !== true) {
      if (this.#command === undefined) this.#named.seeFrame(frame.func);
      for (const lineNo of lines) this.output(lineNo);
      return;
    }
    this.#stop = undefined;
    this.addStop(open.head, frame, { first: open.lineNo, last: lines.at(-1) ?? open.lineNo });
  }

  /** `Run till exit from #0  f (a=1) at x.c:9`; a stop inside ends the wait without a value. */
  finishing(frame: Frame | undefined, lines: readonly number[]): void {
    for (const lineNo of lines) this.output(lineNo);
    this.#finishing = frame?.func;
  }

  /** `Value returned is $2 = -22`. */
  returned(value: string, lineNo: number): void {
    const span = { first: lineNo, last: lineNo };
    this.addOutput({ kind: 'return', span, func: this.#returning, value });
    this.#returning = undefined;
  }

  // The caller's place: the call has ended, and a value may follow.
  #comeBack(lines: readonly number[]): void {
    const func = this.#finishing;
    const span = { first: lines[0] ?? 0, last: lines.at(-1) ?? 0 };
    this.addOutput({ kind: 'return', span, func, value: undefined });
    this.#returning = func;
  }

  /** `Old value = 1` below a watchpoint. */
  watchpointHit(): void {
    if (this.#stop !== undefined) this.#stop.hit = true;
  }

  /** A command at the prompt. */
  addCommand(text: string, span: Span): void {
    const command: Command = { kind: 'command', span, text };
    this.#lists.atPrompt(text.trim());
    this.closeAll();
    if (isOwnCommand(text)) this.record(command);
    else this.#doubtful = command;
    this.#command = command;
    this.#breakpoints.endTable();
    this.#outputLine = span.last;
  }

  /** `Undefined command: "x".`: nothing came of what was typed. */
  refuse(): void {
    const refused = this.#doubtful;
    this.#doubtful = undefined;
    if (refused !== undefined) this.output(refused.span.first);
  }

  #settleCommand(): void {
    const command = this.#doubtful;
    this.#doubtful = undefined;
    if (command !== undefined) this.record(command);
  }

  /** A command list is being typed: lines begin with `>`. */
  get inCommandList(): boolean {
    return this.#lists.isOpen;
  }

  /** A line of the list that is being typed. */
  addListed(text: string, span: Span): void {
    const block = this.#lists.inner(text);
    if (block === 'script') this.output(span.first);
    else
      this.addOutput({
        kind: 'command',
        span,
        text,
        ...(block === 'commands' ? {} : { list: block }),
      });
  }

  /** The row of `info breakpoints` that the line stands below, if any. */
  get tableRow(): number | undefined {
    return this.#breakpoints.row;
  }

  /** `        return 0` below a row of `info breakpoints`: its command list. */
  addListedInTable(text: string, span: Span): void {
    const { row } = this.#breakpoints;
    if (row === undefined) return;
    this.addOutput({ kind: 'command', span, text, list: { breakpoints: [row] } });
  }

  addHeader(thread: ThreadRef, span: Span): void {
    this.record({ kind: 'thread', span, what: 'header', thread });
    this.#header = thread;
    this.#outputLine = span.last;
  }

  // "Starting program" and libthread_db's banner announce the same process.
  addProcess(what: ProcessMark['what'], span: Span): void {
    if (what === 'start' && this.#started) {
      this.output(span.first);
      return;
    }
    this.record({ kind: 'process', span, what });
    this.#started = what === 'start';
    this.#outputLine = span.last;
  }

  /** A breakpoint that a command set, or that `info breakpoints` lists. */
  addBreakpoint(set: BreakpointSet, isNew: boolean): void {
    const told = isNew
      ? this.#breakpoints.set(set, this.#command?.text ?? '')
      : this.#breakpoints.list(set);
    this.addOutput(told);
    if (isNew) this.#lists.breakpointSet(set.number);
  }

  /** A row of `info breakpoints` without a place: the places of its locations follow. */
  breakpointRow(number: number): void {
    this.#breakpoints.beginRow(number);
  }

  /** `stop only if x` below such a row. */
  narrowedRow(lineNo: number): boolean {
    const set = this.#breakpoints.narrowRow(lineNo);
    if (set !== undefined) this.addOutput(set);
    return set !== undefined;
  }

  /** `Will ignore next 2 crossings of breakpoint 16.  Continuing.`; `said`: what a list says. */
  addNarrowed(number: number, lineNo: number, said: { readonly listed?: true } = {}): void {
    this.addOutput({ ...this.#breakpoints.narrow(number, lineNo), ...said });
  }

  /** Another record of gdb. */
  addOutput(record: CaptureRecord): void {
    this.record(record);
    this.#outputLine = record.span.last;
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
    if (id === 'gdb' && last !== undefined) this.#outputLine = last.span.last;
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
    const command = this.isNear(lineNo) ? this.#command : undefined;
    return command === undefined ? undefined : askedExpression(command.text);
  }

  // The thread of a lost frame 0 is the thread of the frames that follow.
  gap(span: Span, why: string): void {
    const header = this.#header;
    this.record({ kind: 'gap', span, why });
    this.#header = header;
  }

  problem(code: Problem['code'], message: string, span: Span): void {
    this.#sink.problem(code, message, span);
  }

  /** The pager was quit: the outer frames of the open backtrace were never printed. */
  quit(lineNo: number): void {
    this.#traces.markIncomplete();
    this.gap({ first: lineNo, last: lineNo }, 'the pager was quit');
    this.#outputLine = lineNo;
  }

  markIncomplete(): void {
    this.#traces.markIncomplete();
  }

  /** A line that gdb printed and that carries no record. */
  output(lineNo: number): void {
    this.loose(lineNo, 'chatter');
    this.#outputLine = lineNo;
  }

  /** A blank line also ends what "directly above" means for a thread header. */
  blank(lineNo: number): void {
    this.#header = undefined;
    this.#blankLine = lineNo;
    this.loose(lineNo, 'blank');
  }

  /** `text`: of a line that may name a call. */
  prose(lineNo: number, human: boolean, text = ''): void {
    this.#named.seeLine(text);
    if (!human && this.isNear(lineNo)) this.#outputLine = lineNo;
    this.settle();
    this.loose(lineNo, human ? 'human' : 'output');
  }

  record(record: CaptureRecord): void {
    this.#settleCommand();
    this.settle();
    this.#traces.close();
    this.#sink.add(record);
    this.#recordLine = record.span.last;
    this.#header = undefined;
    if (record.kind !== 'command') this.#command = undefined;
    if (record.kind !== 'thread') this.#finishing = undefined;
    if (record.kind !== 'return') this.#returning = undefined;
    if (record.kind !== 'thread') this.#started = false;
  }

  loose(lineNo: number, kind: LooseKind): void {
    this.#settleCommand();
    if (this.#stop === undefined) {
      this.#traces.loose(lineNo, kind);
      return;
    }
    this.#stop.waiting.push({ lineNo, kind });
    if (this.#stop.waiting.length > MOST_LINES_BEFORE_LOCATION) this.#endStop(this.#stop);
  }

  /** The waiting stop, if any, gets no location. */
  settle(): void {
    if (this.#stop !== undefined) this.#endStop(this.#stop);
  }

  /** A prompt, a header or another tool's stack: nothing goes on behind it. */
  closeAll(): void {
    this.#settleCommand();
    this.settle();
    this.#traces.close();
    this.#traces.forgetMissing();
  }

  #endStop(open: OpenStop): void {
    this.#stop = undefined;
    const { head, lineNo, hit, waiting } = open;
    if (hit) {
      this.#formats.add('gdb');
      this.#sink.add({ ...head, span: { first: lineNo, last: lineNo }, frame: undefined });
    } else {
      // "Hardware watchpoint 3: counter" is also what `watch` says.
      this.#sink.loose(lineNo, 'chatter');
    }
    for (const line of waiting) this.#sink.loose(line.lineNo, line.kind);
  }
}

function looseKind(record: Chatter | Prose): LooseKind {
  if (record.kind === 'chatter') return 'chatter';
  return record.human ? 'human' : 'output';
}
