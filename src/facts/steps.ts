/**
 * Records → steps: one step for each time that the capture reports something about the protocol.
 *
 * A stop and the backtrace printed for it are one step. Silent breakpoint commands print only the
 * backtrace: that is a step too. `thread apply all bt` and a second `bt` at the same stop show stacks
 * without a new call: steps without an entry. Threads and processes are followed here, because gdb
 * says them in lines of their own (gdb/infrun.c, print_signal_received_reason(), normal_stop()).
 */
import type {
  Backtrace,
  BreakpointSet,
  CaptureRecord,
  Command,
  CommandList,
  Frame,
  FunctionReturn,
  KernelEvent,
  PrintedValue,
  Stop,
  SystemCall,
  ThreadNotice,
  ThreadRef,
  TraceEvent,
  VhostUserMessage,
} from '../model/record.js';
import { detached, detachedMembers } from '../base/detached.js';
import { Alterations } from './alterations.js';
import {
  conditionalFunction,
  NARROWS,
  plainCommand,
  RESUMES,
  SELECTS,
  SELECTS_FRAME,
} from './debugger-commands.js';
import type { Call } from './calls.js';
import { callOf, meaningOf } from './frame-meaning.js';
import type { FrameMeaning } from './frame-meaning.js';
import { plainName } from './functions.js';
import { innerFrames } from './inner-frames.js';
import { Sessions } from './sessions.js';
import { printedMembers, SilentPrints } from './printed.js';
import { markLostStacks } from './lost-stacks.js';
import type { Alteration, Report, Step, Steps, ThreadExit, WireFact } from './step.js';
import { ProcessFollower, ThreadFollower } from './threads.js';
import { eventTable } from './trace-events.js';
import { wireFact } from './wire.js';
import { lostEntryFact, OpenCalls } from './wire-kernel.js';

/** Walks the records once. */
export function buildSteps(records: readonly CaptureRecord[]): Steps {
  const builder = new StepBuilder('stacks');
  for (const record of records) builder.add(record);
  const built = builder.finish();
  markLostStacks(built.steps);
  return built;
}

/** The backtrace of a stop may be asked for at the prompt; what lets the program go on ends that chance. */
function endsStop(record: CaptureRecord): boolean {
  switch (record.kind) {
    case 'stop':
    case 'process':
    case 'event':
    case 'gap':
    case 'return':
    case 'syscall':
    case 'message':
    case 'kernel-event':
      return true;
    case 'command': {
      const text = plainCommand(record.text);
      return record.list === undefined && (RESUMES.test(text) || SELECTS.test(text));
    }
    default:
      return false;
  }
}

/** A line that lost its tail within the name of an event that has a meaning: `vhost_user_re`. */
function isTorn({ name, args, text }: TraceEvent): boolean {
  if (args !== undefined || text !== '') return false;
  return [...eventTable.keys()].some((known) => known.startsWith(name));
}

interface ToolLine {
  readonly line: number;
  /** Its chatter lies between its records. */
  readonly hasChatter: boolean;
  /** A blank line stands before it. */
  readonly isBroken: boolean;
}

const OF_TOOLS: ReadonlySet<CaptureRecord['kind']> = new Set([
  'syscall',
  'message',
  'kernel-event',
  'event',
]);

/** What was printed first is kept: the debugger may change it later. */
function notePrinted(step: Step, value: PrintedValue): void {
  const kind = step.calls.at(-1)?.row.kind;
  if (kind === undefined) return;
  step.printed = { ...printedMembers(kind, value), ...step.printed };
}

/** Only what an event says; its text and its time are not asked for. */
function leanEvent({ row, record }: NonNullable<Step['event']>): Step['event'] {
  const { kind, span, name, args, tid } = record;
  const own = { kind, span, name: detached(name), args: args && detachedMembers(args) };
  return { row, record: { ...own, text: '', tid, time: undefined } };
}

/** A step that shows no stack. */
const NOTHING_SHOWN = {
  calls: [],
  callLines: [],
  frames: [],
  frameLines: [],
  entry: false,
  stop: undefined,
  stackKnown: false,
  complete: false,
} as const;

/**
 * What {@link NOTHING_SHOWN} and `shown` have. By name, because captures have millions of these: a spread
 * takes ten times longer than all else that is done for one.
 */
function stackless(
  { line, event, wire }: Pick<Step, 'line' | 'event' | 'wire'>,
  thread: string | undefined,
  message?: VhostUserMessage,
) {
  const { calls, callLines, frames, frameLines, entry, stop, stackKnown, complete } = NOTHING_SHOWN;
  return {
    calls,
    callLines,
    frames,
    frameLines,
    entry,
    stop,
    stackKnown,
    complete,
    line,
    event,
    wire,
    message,
    thread,
  };
}

function threadOf(tid: number | undefined): string | undefined {
  return tid === undefined ? undefined : `tid ${tid}`;
}

/** Takes steps away from a {@link StepBuilder}. */
export interface StepTaker {
  /** A step that shows no stack, as long as none that does is held; where `isOpen` a result may be added. */
  take(step: Report, isOpen: boolean): void;
  /** Nothing is added any more to a step that was open. */
  settle(step: Report): void;
  /** The steps that are held when another session begins: nothing can come that belongs to theirs. */
  takeSessions?(built: Steps): void;
}

/** Makes the steps from the records, one by one. */
export class StepBuilder {
  /** Those that were not given away yet. */
  private steps: Step[] = [];
  private exits: ThreadExit[] = [];
  /** How many steps were made. */
  private made = 0;
  private last: Step | undefined;
  /** What was reported last is a request or a trace event, kept or handed over. */
  private isAfterTool = false;
  private readonly narrowed: number[] = [];
  private readonly conditional = new Set<string>();
  private threads = new ThreadFollower();
  private process = new ProcessFollower();
  private readonly sessions = new Sessions();
  private header: string | undefined;
  private pendingStop: Stop | undefined;
  private stopped: Frame | undefined;
  /** A stop line told of where the debugger stands: without another one it stands there still. */
  private hasStopLine = false;
  /** A command was typed and the program did not go on: what is printed now was asked for. */
  private wasAsked = false;
  /** `thread N` was typed: what is shown is not what stopped. */
  private otherSelected = false;
  /** The step whose innermost call the debugger stands in; undefined when the program runs. */
  private standing: Step | undefined;
  private readonly silent = new SilentPrints();
  /** `up`, `frame 2` was typed: what is printed is not of the innermost call. */
  private frameSelected = false;
  /** What was printed at the stop that still waits for its backtrace. */
  private pendingValues: PrintedValue[] = [];
  private sawCommands = false;
  private gap = false;
  private readonly alterations = new Alterations();
  private readonly kernelCalls = new OpenCalls((entry) => {
    if (!('index' in entry)) this.taker?.settle(entry);
  });
  private sawPid = false;
  /** The last line of a tool that prints no blank lines: strace, a kernel's trace, QEMU's trace log. */
  private tool: ToolLine | undefined;
  /** Function of each breakpoint number, as this debugger has them. */
  private readonly breakpoints = new Map<number, string>();
  /** Breakpoints that were set without a condition. */
  private readonly alwaysStopping = new Set<number>();

  /** The last stack. */
  private shown: { readonly frames: readonly Frame[]; readonly meanings: readonly FrameMeaning[] } =
    { frames: [], meanings: [] };
  private readonly scopedTids = new Map<number, string>();
  private readonly scopedNames = new Map<string, string>();
  /** The session of {@link scopedNames}. */
  private scopedIn = 0;
  /** The taker has every step so far. */
  private isTaken = true;
  /** Trace events may lead back to a session whose steps are here: these stay, and all that come after. */
  private mustHold = false;
  /** The last session of which something was reported to the taker. */
  private lastSession = -1;

  /**
   * `keep`: a step keeps the whole stack and text that it comes from, or only the known calls and arguments.
   * `taker`: gets them as soon as nothing can change them, instead of the reader of {@link finish}.
   */
  constructor(
    private readonly keep: 'stacks' | 'calls',
    private readonly taker?: StepTaker,
  ) {}

  add(record: CaptureRecord): void {
    if (endsStop(record)) {
      this.flushStop();
      this.standing = undefined;
    }
    this.followTool(record);
    switch (record.kind) {
      case 'stop':
        this.onStop(record);
        break;
      case 'backtrace':
        this.onBacktrace(record);
        break;
      case 'thread':
        this.onThread(record);
        break;
      case 'process':
        this.onProcess();
        break;
      case 'command':
        this.onCommand(record);
        break;
      case 'event':
        this.onEvent(record);
        break;
      case 'gap':
        this.onLoss();
        break;
      case 'return':
        this.onReturn(record);
        break;
      case 'value':
        this.onValue(record);
        break;
      case 'syscall':
      case 'message':
      case 'kernel-event':
        this.onWire(record);
        break;
      case 'breakpoint-set':
        this.onBreakpoint(record);
        break;
      case 'call-path':
      case 'chatter':
      case 'code':
      case 'code-reference':
      case 'foreign-stack':
      case 'heading':
      case 'log':
        break;
      case 'prose':
        this.onProse();
        break;
    }
  }

  finish(): Steps {
    this.flushStop();
    this.kernelCalls.forget();
    return this.built();
  }

  private built(): Steps {
    return {
      steps: this.steps,
      sessions: this.sessions.count,
      exits: this.exits,
      narrowed: this.narrowed,
      conditional: this.conditional,
      gapAtEnd: this.gap,
    };
  }

  private onStop(stop: Stop): void {
    if (this.isOtherDebugger(stop)) {
      this.onProcess();
      this.breakpoints.clear();
    }
    this.header = undefined;
    this.otherSelected = false;
    this.frameSelected = false;
    this.stopped = undefined;
    this.wasAsked = false;
    this.threads.onStop(stop.thread);
    this.pendingStop = stop;
  }

  /** A breakpoint number belongs to one function: another one means another debugger, and another process. */
  private isOtherDebugger({ reason, number, frame }: Stop): boolean {
    if (reason !== 'breakpoint' || number === undefined || frame === undefined) return false;
    const func = plainName(frame.func);
    const known = this.breakpoints.get(number);
    this.breakpoints.set(number, func);
    return known !== undefined && known !== func;
  }

  /** A stop line without a backtrace is a step by its own frame. */
  private flushStop(): void {
    const stop = this.pendingStop;
    const values = this.pendingValues;
    this.pendingStop = undefined;
    this.pendingValues = [];
    if (stop?.frame === undefined) return;
    this.stopped = stop.frame;
    this.hasStopLine = true;
    const call = callOf(stop.frame);
    if (call === undefined) return;
    const entry = stop.reason === 'breakpoint' || stop.reason === 'temporary-breakpoint';
    this.standing = this.push({
      line: stop.span.first,
      calls: [call],
      callLines: [stop.span.first],
      frames: [stop.frame],
      frameLines: [stop.span.first],
      entry,
      stop,
      stackKnown: false,
      complete: false,
    });
    for (const value of values) this.onValue(value);
  }

  /** A printed structure belongs to the innermost call of the stop. */
  private onValue(value: PrintedValue): void {
    this.silent.onValue();
    if (this.frameSelected) return;
    if (this.pendingStop !== undefined) this.pendingValues.push(value);
    else if (this.standing !== undefined) notePrinted(this.standing, value);
  }

  private onBacktrace(bt: Backtrace): void {
    const stop = this.pendingStop;
    this.pendingStop = undefined;
    const innermost = bt.frames[0];
    if (innermost === undefined) return;
    if (bt.thread !== undefined) this.header = this.threads.keyOf(bt.thread) ?? this.header;
    const headed = bt.thread !== undefined ? this.header : undefined;
    const meanings = this.meaningsOf(bt.frames);
    if (this.process.isOther(meanings) && this.sessions.isUsed) this.newSession();
    const starts = bt.levels[0] === 0;
    // The stop and the first frame of its backtrace are one report; among the stacks of all threads it
    // is that of the thread that stopped.
    const isOwn = headed === undefined || headed === stop?.thread?.num;
    const ofStop =
      stop?.frame !== undefined && starts && isOwn && stop.frame.func === innermost.func;
    if (!ofStop) this.pendingStop = stop;
    if (!ofStop && headed === undefined) this.flushStop();
    const again = !ofStop && this.isShownAgain(innermost, headed);
    const entry = ofStop
      ? stop.reason === 'breakpoint' || stop.reason === 'temporary-breakpoint'
      : starts && !again && headed === undefined && innermost.address === undefined;
    if (!starts && bt.frames.length > 1 && !this.sawCommands) this.gap = true;
    if (ofStop || (starts && headed === undefined)) {
      this.hasStopLine = ofStop || (again && this.hasStopLine);
      this.stopped = innermost;
    }
    const values = ofStop ? this.pendingValues : [];
    if (ofStop) this.pendingValues = [];
    const [own, thread] = ofStop ? [stop, undefined] : [undefined, headed];
    const step = this.pushStack(bt, meanings, own, entry, thread);
    // The same stop shown again stands where it stood.
    if (ofStop) this.standing = innermost === step.calls.at(-1)?.frame ? step : undefined;
    else if (entry) this.standing = this.silent.prints(step) ? step : undefined;
    for (const value of values) this.onValue(value);
  }

  /** Those of the outer frames are known from the stack before. */
  private meaningsOf(frames: readonly Frame[]): readonly FrameMeaning[] {
    const { frames: before, meanings } = this.shown;
    const inner = innerFrames(frames, before).map(meaningOf);
    const outer = meanings.slice(meanings.length - (frames.length - inner.length));
    this.shown = { frames, meanings: inner.concat(outer) };
    return this.shown.meanings;
  }

  /**
   * True when this backtrace repeats where the debugger already stands. Silent breakpoint commands print
   * nothing else: unless somebody asked, a second backtrace of theirs is a second stop.
   */
  private isShownAgain(innermost: Frame, headed: string | undefined): boolean {
    if (headed !== undefined || this.otherSelected) return true;
    return this.stopped?.func === innermost.func && (this.hasStopLine || this.wasAsked);
  }

  private pushStack(
    bt: Backtrace,
    meanings: readonly FrameMeaning[],
    stop: Stop | undefined,
    entry: boolean,
    headed: string | undefined,
  ): Step {
    const calls: Call[] = [];
    const callLines: number[] = [];
    for (let i = bt.frames.length - 1; i >= 0; i--) {
      const frame = bt.frames[i];
      const call = meanings[i]?.call;
      if (frame === undefined || call === undefined) continue;
      // Where the text ends in a name, that may be the beginning of a longer one: vhost_log_sync[_range].
      const isTorn = bt.incomplete && i === bt.frames.length - 1 && frame.args === undefined;
      if (isTorn) continue;
      calls.push(call);
      callLines.push(bt.lines[i] ?? bt.span.first);
    }
    // Where text of a backtrace is missing, records around it may be: the frames beside the hole may
    // even belong to two of them.
    if (bt.incomplete) this.gap = true;
    const first = bt.frames[0];
    const isCall = first !== undefined && calls.at(-1)?.frame === first;
    const step = this.push({
      line: isCall ? (stop?.span.first ?? bt.span.first) : bt.span.first,
      calls,
      callLines,
      frames: bt.frames,
      frameLines: bt.lines,
      entry: entry && isCall,
      stop,
      stackKnown: true,
      complete: !bt.incomplete && meanings.some(({ isOutermost }) => isOutermost),
      partial: bt.incomplete || bt.levels[0] !== 0,
      ...(headed === undefined ? {} : { thread: headed }),
    });
    if (bt.incomplete) this.gap = true;
    return step;
  }

  private onThread({ what, thread: ref, span }: ThreadNotice): void {
    const key = this.threads.keyOf(ref);
    switch (what) {
      case 'header':
        this.header = key;
        break;
      case 'switch':
        this.flushStop();
        this.standing = undefined;
        this.threads.onSwitch(ref);
        break;
      case 'new':
        this.onNewThread(ref);
        break;
      case 'exit':
        // A stop that printed no stack came before the end of its thread.
        this.flushStop();
        this.threads.onExit(ref);
        if (key !== undefined) {
          this.exits.push({ thread: this.scoped(key), after: this.made - 1, line: span.first });
        }
        break;
    }
  }

  /** A thread that is alive cannot begin: the text goes on with another process (two logs in one file). */
  private onNewThread(ref: ThreadRef): void {
    if (this.threads.onNew(ref)) return;
    this.flushStop();
    this.onProcess();
    this.threads.onNew(ref);
  }

  private onProcess(): void {
    if (this.sessions.isUsed) this.newSession();
    this.process = new ProcessFollower();
  }

  private newSession(): void {
    this.mustHold ||= !this.isTaken && this.sessions.mayReturn;
    this.sessions.next();
    this.threads = new ThreadFollower();
    this.stopped = undefined;
    // The return of a call in the kernel changes the step of the call.
    if (!this.mustHold && !this.kernelCalls.changeSteps) this.giveAway();
  }

  private giveAway(): void {
    if (this.taker?.takeSessions === undefined) return;
    this.taker.takeSessions(this.built());
    this.steps = [];
    this.exits = [];
    this.isTaken = true;
  }

  private onCommand(record: Command): void {
    const { list, span } = record;
    const command = record.text.trim();
    if (list !== undefined) {
      // The machine interface prints a list on one line.
      for (const line of command.split('\n')) this.onListed(list, line.trim(), span.first);
      return;
    }
    const text = plainCommand(command);
    const alteration = this.alterations.isMadeBy(text) ? { line: span.first, command } : undefined;
    this.sawCommands = true;
    this.wasAsked = true;
    if (RESUMES.test(text)) {
      this.stopped = undefined;
      this.wasAsked = false;
      this.otherSelected = false;
    } else if (SELECTS.test(text)) {
      this.otherSelected = true;
    } else if (SELECTS_FRAME.test(text)) {
      this.frameSelected = true;
    }
    if (alteration !== undefined) this.onAlteration(alteration);
    const conditional = conditionalFunction(text);
    if (conditional !== undefined) this.conditional.add(conditional);
    if (NARROWS.test(text)) this.narrowed.push(this.made);
  }

  /** What was altered is the call that the debugger stands in; what comes of it is nobody's fault but its own. */
  private onAlteration(alteration: Alteration): void {
    const { last } = this;
    if (this.pendingStop !== undefined) this.alterations.hold(alteration);
    else if (last !== undefined) {
      last.altered = alteration;
      this.gap = true;
    }
  }

  /** A command that runs later, at each hit of its breakpoints or when its definition is called. */
  private onListed(list: CommandList, text: string, line: number): void {
    this.alterations.onListed(list, text, line);
    if (NARROWS.test(text)) this.narrowed.push(this.made);
  }

  /** Set with a condition it never proved that its function was watched; else that ends here. */
  private onBreakpoint({ number, func, narrowed, declared }: BreakpointSet): void {
    if (narrowed !== true) this.alwaysStopping.add(number);
    // It was set like the others, and then found to be incomplete.
    else if (declared === true && func !== undefined) this.conditional.add(func);
    else if (func !== undefined && !this.alwaysStopping.has(number)) this.conditional.add(func);
    else this.narrowed.push(this.made);
  }

  private onEvent(record: TraceEvent): void {
    const row = eventTable.get(record.name);
    if (row === undefined) {
      if (isTorn(record)) this.gap = true;
      return;
    }
    if (record.pid !== undefined) {
      if (this.sessions.isOtherPid(record.pid)) this.newSession();
      this.sessions.usePid(record.pid);
    }
    const shown = { line: record.span.first, event: { row, record }, wire: undefined };
    if (this.taker !== undefined && this.isTaken) this.report(this.taker, shown, record.tid, false);
    else this.push(stackless(shown, threadOf(record.tid)));
  }

  private onReturn(returned: FunctionReturn): void {
    this.stopped = undefined;
    const thread = this.returningThread(returned);
    this.push({
      ...NOTHING_SHOWN,
      line: returned.span.first,
      returned,
      ...(thread === undefined ? {} : { thread }),
    });
  }

  /** As long as the program has one thread, no stop names it, and the return is its own. */
  private returningThread({ thread }: FunctionReturn): string | undefined {
    const isNamed = thread !== undefined && this.threads.current !== undefined;
    return isNamed ? this.threads.keyOf(thread) : undefined;
  }

  private onWire(record: KernelEvent | SystemCall | VhostUserMessage): void {
    const isReturn = record.kind === 'kernel-event' && record.what === 'return';
    if (isReturn && this.kernelCalls.close(record)) return;
    if (record.kind !== 'kernel-event') {
      // strace -f names the process on every line: one that does not has lost its head.
      if (record.pid === undefined && this.sawPid) this.gap = true;
      this.sawPid ||= record.pid !== undefined;
    }
    const wire = isReturn ? lostEntryFact(record) : wireFact(record);
    if (wire === undefined) return;
    // The result of a call in the kernel comes with its return.
    const isOpen = record.kind === 'kernel-event' && !isReturn;
    const shown = { line: record.span.first, event: undefined, wire };
    if (this.taker !== undefined && this.isTaken) {
      const lasting = isOpen ? { ...shown, wire: detachedMembers(wire) } : shown;
      const report = this.report(this.taker, lasting, record.pid, isOpen);
      if (isOpen) this.kernelCalls.open(record, report);
      return;
    }
    const message = record.kind === 'message' ? record : undefined;
    const step = this.push(stackless(shown, threadOf(record.pid), message));
    if (isOpen) this.kernelCalls.open(record, step);
  }

  /** Of the first in a session an empty step stays, for what is said of its beginning. */
  private report(
    taker: StepTaker,
    shown: Pick<Step, 'line' | 'event' | 'wire'>,
    tid: number | undefined,
    isOpen: boolean,
  ): Report {
    this.sessions.use();
    const session = this.sessions.current;
    // By name, see stackless().
    const { line, event, wire } = shown;
    const report = { line, event, wire, session, thread: this.scopedTid(tid) };
    taker.take(report, isOpen);
    if (session > this.lastSession) {
      this.lastSession = session;
      this.push({ ...NOTHING_SHOWN, line: shown.line, isEmpty: true });
    }
    this.isAfterTool = true;
    return report;
  }

  private scopedTid(tid: number | undefined): string | undefined {
    const thread = tid === undefined ? this.threads.current : undefined;
    if (tid === undefined) return thread === undefined ? undefined : this.scoped(thread);
    let name = this.scopedIn === this.sessions.current ? this.scopedTids.get(tid) : undefined;
    if (name === undefined) {
      name = this.scoped(`tid ${tid}`);
      this.scopedTids.set(tid, name);
    }
    return name;
  }

  /** Between requests or trace events stands a line that nobody could read, or `[...]` where some were cut out. */
  private onProse(): void {
    if (this.isAfterTool) this.onLoss();
  }

  /** Where a blank line stands in the output of such a tool, one was emptied or some were cut out. */
  private followTool({ kind, span }: CaptureRecord): void {
    const { tool } = this;
    const isTool = OF_TOOLS.has(kind);
    if (!isTool && !(kind === 'chatter' && tool?.hasChatter === true)) {
      this.tool = undefined;
      return;
    }
    const isBroken = tool !== undefined && (tool.isBroken || span.first > tool.line + 1);
    if (isBroken && isTool) this.onLoss();
    // The second parts of calls in an strace; a graph of the kernel has blank lines where it changes the task.
    const hasChatter = kind === 'syscall' || kind === 'message' || !isTool;
    this.tool = { line: span.last, hasChatter, isBroken: isBroken && !isTool };
  }

  private onLoss(): void {
    this.gap = true;
    this.kernelCalls.forget();
  }

  /** Thread and session; one text for all steps of a thread. */
  private scoped(thread: string): string {
    if (this.scopedIn !== this.sessions.current) {
      this.scopedIn = this.sessions.current;
      this.scopedNames.clear();
      this.scopedTids.clear();
    }
    let name = this.scopedNames.get(thread);
    if (name === undefined) {
      name = detached(`${this.sessions.current}/${thread}`);
      this.scopedNames.set(thread, name);
    }
    return name;
  }

  private push(part: {
    line: number;
    calls: readonly Call[];
    callLines: readonly number[];
    frames: readonly Frame[];
    frameLines: readonly number[];
    entry: boolean;
    stop: Stop | undefined;
    stackKnown: boolean;
    complete: boolean;
    partial?: boolean;
    thread?: string | undefined;
    event?: Step['event'];
    wire?: WireFact | undefined;
    message?: VhostUserMessage | undefined;
    returned?: FunctionReturn;
    isEmpty?: boolean;
  }): Step {
    const thread = part.thread ?? this.threads.current;
    this.sessions.use();
    const altered = this.alterations.takeFor(part);
    const isLean = this.keep === 'calls';
    const step: Step = {
      index: this.made++,
      session: this.sessions.current,
      line: part.line,
      thread: thread === undefined ? undefined : this.scoped(thread),
      calls: part.calls,
      callLines: part.callLines,
      frames: isLean ? NOTHING_SHOWN.frames : part.frames,
      frameLines: isLean ? NOTHING_SHOWN.frameLines : part.frameLines,
      entry: part.entry,
      breakpoint: part.stop?.number,
      temporary: part.stop?.reason === 'temporary-breakpoint',
      stackKnown: part.stackKnown,
      partial: part.partial ?? false,
      complete: part.complete,
      gapBefore: this.gap,
      altered,
      printed: undefined,
      event: isLean ? part.event && leanEvent(part.event) : part.event,
      wire: isLean ? part.wire && detachedMembers(part.wire) : part.wire,
      message: isLean ? undefined : part.message,
      returned: part.returned,
    };
    this.gap = altered !== undefined;
    this.isTaken &&= part.isEmpty === true;
    this.steps.push(step);
    this.last = step;
    this.isAfterTool = step.wire !== undefined || step.event !== undefined;
    return step;
  }
}
