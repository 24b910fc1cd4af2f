/**
 * What a debugger prints → steps. A stop and the backtrace printed for it are one step. Silent breakpoint
 * commands print only the backtrace: that is a step too. `thread apply all bt` and a second `bt` at the same
 * stop show stacks without a new call: steps without an entry. Threads and processes are followed here, because
 * gdb says them in lines of their own (gdb/infrun.c, print_signal_received_reason(), normal_stop()).
 */
import { isSameFunction } from '../../model/function-names.js';
import type {
  Backtrace,
  Chatter,
  BreakpointSet,
  Command,
  Frame,
  FunctionReturn,
  LogLine,
  PrintedValue,
  ProcessMark,
  Stop,
  ThreadNotice,
  ThreadRef,
} from '../../model/record.js';
import { detachedMembers } from '../../base/detached.js';
import { BareStacks, isOfBreakpoint } from './bare-stacks.js';
import { BreakpointNumbers } from './breakpoint-numbers.js';
import { Breakpoints } from './breakpoints.js';
import { DeadlyStop } from './deadly-stop.js';
import { DebuggerPosition } from './position.js';
import { DebuggerReturns, isAboutLastCall } from './returns.js';
import { callOf } from '../stacks/frame-meaning.js';
import { ownBreakpoint } from '../stacks/other-programs.js';
import type { FrameMeaning } from '../stacks/frame-meaning.js';
import { printedMembers, SilentPrints } from './printed.js';
import { callsOf, StackMeanings, withStop } from '../stacks/stack-calls.js';
import { beginsTwice, rootOf } from '../stacks/thread-root.js';
import { isTooDeep, MOST_CALLS } from '../step.js';
import type { Step } from '../step.js';
import { innermostOf, partsOf } from './parted-stacks.js';
import type { StepMaker } from '../step-maker.js';
import { inferiorOf, ProcessFollower } from './threads.js';
import { TypedCommands } from './typed-commands.js';

/** gdb's number of the thread that a program begins with, as long as it has one inferior. */
const MAIN_THREAD = '1';
const TORN = 'a part of a backtrace';

export class DebuggerSteps {
  /** By session. */
  private readonly processes = new Map<number, ProcessFollower>();
  private header: string | undefined;
  private pendingStop: Stop | undefined;
  private readonly death = new DeadlyStop();
  private readonly position = new DebuggerPosition();
  /** The step whose innermost call the debugger stands in; undefined when the program runs. */
  private standing: Step | undefined;
  private readonly silent = new SilentPrints();
  /** What was printed at the stop that still waits for its backtrace. */
  private pendingValues: PrintedValue[] = [];
  /** A stop line may be lost: whose stack comes next is not known. */
  private isBehindLoss = false;
  private breakpoints: Breakpoints;
  private numbers = new BreakpointNumbers();
  private readonly stacks = new StackMeanings();
  private readonly commands: TypedCommands;
  private readonly bare: BareStacks;
  private readonly returns: DebuggerReturns;

  constructor(private readonly maker: StepMaker) {
    this.breakpoints = new Breakpoints(maker);
    this.bare = new BareStacks(maker, this.position);
    this.returns = new DebuggerReturns(maker);
    this.commands = new TypedCommands(maker, this.position, {
      newSession: () => {
        this.newSession();
      },
      isStopOpen: () => this.pendingStop !== undefined,
    });
  }

  onStop(stop: Stop): void {
    const before = this.maker.threads;
    this.enterInferiorOf(stop.thread);
    const { threads } = this.maker;
    // The notice of the switch stands above: which inferior that is for only the stop says.
    if (threads !== before) threads.follows(before);
    const isOther = threads.isOther(stop.thread);
    const { current } = this.maker.sessions;
    if (!this.breakpoints.onStop(stop, current) || isOther) this.onProcess();
    if (isOther) this.maker.threads.follows(threads);
    this.header = undefined;
    this.position.stop();
    this.maker.threads.onStop(stop.thread);
    this.isBehindLoss = false;
    this.commands.onShown();
    this.bare.onStop(stop);
    this.pendingStop = stop;
    this.death.onStop(stop, this.keyOf(stop));
  }

  /** A stop line without a backtrace is a step by its own frame. */
  flushStop(): void {
    const stop = this.pendingStop;
    const values = this.pendingValues;
    this.pendingStop = undefined;
    this.pendingValues = [];
    if (stop?.frame === undefined) return;
    this.position.stand(stop.frame);
    const call = callOf(stop.frame);
    const deadly = this.deadlyFor(undefined);
    // Where QEMU dies is told, whichever function that is.
    if (call === undefined && deadly === undefined) return;
    const entry = isOfBreakpoint(stop);
    this.standing = this.maker.push({
      line: stop.span.first,
      calls: call === undefined ? [] : [call],
      callLines: call === undefined ? [] : [stop.span.first],
      frames: [stop.frame],
      frameLines: [stop.span.first],
      entry,
      stop,
      stackKnown: false,
      complete: false,
      deadly,
    });
    this.onHit(this.standing);
    for (const value of values) this.onValue(value);
  }

  /** Something is lost here. A value that a function returns names its function, a stack does not name its thread. */
  onLoss(): void {
    this.isBehindLoss = true;
  }

  /** The stop is over: no backtrace comes for it any more, and no value is of its call. */
  endStop(): void {
    this.flushStop();
    this.standing = undefined;
  }

  onChatter(chatter: Chatter): void {
    this.commands.onChatter(chatter);
  }

  /** A printed structure belongs to the innermost call of the stop. */
  onValue(value: PrintedValue): void {
    this.silent.onValue();
    if (this.position.frameSelected) return;
    if (this.pendingStop !== undefined) this.pendingValues.push(value);
    else if (this.standing !== undefined) this.notePrinted(this.standing, value);
  }

  /**
   * A breakpoint of the recipe stopped where its function begins. In a copy that the compiler has put into the caller,
   * whose frame has no address then, code of it may have run before (gdb/stack.c, frame_show_address()).
   */
  private isOfRecipe({ breakpoint, frames }: Step): boolean {
    const [, caller] = frames;
    const isCopy = caller !== undefined && caller.address === undefined;
    return breakpoint !== undefined && !isCopy && this.numbers.isOfRecipe(breakpoint);
  }

  /** What was printed first is kept: the debugger may change it later. */
  private notePrinted(step: Step, value: PrintedValue): void {
    const kind = step.calls.at(-1)?.row.kind;
    if (kind === undefined) return;
    const members = printedMembers(kind, value, this.isOfRecipe(step));
    step.printed = { ...detachedMembers(members), ...step.printed };
  }

  /** The stacks of all threads are of all inferiors; the debugger stays in its own. */
  onBacktrace(bt: Backtrace): void {
    const own = this.maker.inferior;
    this.enterInferiorOf(bt.thread);
    const { isAsked } = this.commands;
    for (const part of partsOf(bt)) this.showBacktrace(part, isAsked);
    if (own !== undefined) this.maker.enterInferior(own);
  }

  /** Of its thread. */
  private keyOf(stop: Stop | undefined): string | undefined {
    return stop?.thread === undefined ? undefined : this.maker.threads.keyOf(stop.thread);
  }

  private enterInferiorOf(thread: ThreadRef | undefined): void {
    const inferior = inferiorOf(thread);
    if (inferior !== undefined) this.maker.enterInferior(inferior);
  }

  private showBacktrace(bt: Backtrace, wasTyped: boolean): void {
    const stop = this.pendingStop;
    const isPlaceTold = stop !== undefined || this.position.isShown;
    this.pendingStop = undefined;
    this.commands.onShown();
    const innermost = bt.frames[0];
    if (innermost === undefined) return;
    if (bt.thread !== undefined) {
      this.maker.threads.onTold(bt.thread, bt.span.first);
      this.header = this.maker.threads.keyOf(bt.thread) ?? this.header;
    }
    const headed = bt.thread !== undefined ? this.header : undefined;
    const meanings = this.stacks.of(bt.frames);
    if (this.process().isOther(meanings) && this.maker.sessions.isUsed) this.newSession();
    const starts = bt.levels[0] === 0;
    // The stop and the first frame of its backtrace are one report; among the stacks of all threads it
    // is that of the thread that stopped.
    // Of a program with one thread a stop names none.
    const stopped = stop?.thread === undefined ? MAIN_THREAD : this.keyOf(stop);
    const isOwn = headed === undefined || headed === stopped;
    const isStop = stop?.frame !== undefined && isSameFunction(stop.frame.func, innermost.func);
    const ofStop = isStop && starts && isOwn;
    if (!ofStop) this.pendingStop = stop;
    const isWhole = starts && !bt.incomplete;
    if (!ofStop && isWhole && headed === undefined && this.isOfOtherThread(innermost, meanings))
      return;
    if (!ofStop && headed === undefined) this.flushStop();
    if (this.isBehindLoss && headed === undefined) this.maker.threads.onUnknown();
    const named = ofStop ? this.keyOf(stop) : headed;
    const root = rootOf(bt.frames, meanings);
    const isOther = named !== undefined && this.maker.threads.onNamedStack(named, root);
    const isOfTwo = isOther || beginsTwice(bt.frames, root);
    if (named === undefined && !ofStop && this.maker.threads.onNamelessStack(root))
      this.maker.lose('the thread of a backtrace');
    const again = !ofStop && (headed !== undefined || this.position.isShownAgain(bt));
    const mayBegin = starts && !again && headed === undefined && innermost.address === undefined;
    const isBare = !ofStop && mayBegin && this.bare.isBare(innermost);
    const entry = ofStop ? isOfBreakpoint(stop) : mayBegin && !isBare;
    const isAsked = wasTyped && this.position.wasAsked && (isPlaceTold || headed !== undefined);
    if (!starts && bt.frames.length > 1 && !isAsked) this.maker.lose('the head of a backtrace');
    if (ofStop || (starts && headed === undefined)) this.position.show(bt, ofStop, again);
    const values = ofStop ? this.pendingValues : [];
    if (ofStop) this.pendingValues = [];
    const [own, thread] = ofStop ? [stop, undefined] : [undefined, headed];
    const step = this.pushStack(isOfTwo ? innermostOf(bt) : bt, meanings, own, entry, thread);
    // The same stop shown again stands where it stood.
    if (ofStop) this.standing = innermost === step.calls.at(-1)?.frame ? step : undefined;
    else if (entry) this.standing = this.silent.prints(step) ? step : undefined;
    for (const value of values) this.onValue(value);
  }

  /**
   * A stack without a thread, among those of all threads (`thread apply all -q bt`): of the thread that stopped at a
   * breakpoint the innermost frame is the place of the stop, which has no address; one that waits calls nothing of
   * vhost, and nothing says of which thread it is.
   */
  private isOfOtherThread({ address }: Frame, meanings: readonly FrameMeaning[]): boolean {
    if (this.position.wasAsked || this.bare.wasInterrupted) return false;
    const isAtBreakpoint = this.pendingStop !== undefined || this.standing !== undefined;
    if (isAtBreakpoint && address !== undefined) return true;
    const isFirst = this.maker.stepsMade === 0 && !isAtBreakpoint;
    return !isFirst && meanings.every(({ call }) => call === undefined);
  }

  private pushStack(
    bt: Backtrace,
    meanings: readonly FrameMeaning[],
    stop: Stop | undefined,
    entry: boolean,
    headed: string | undefined,
  ): Step {
    const { calls, callLines, isCall } = callsOf(bt, meanings);
    // Where text of a backtrace is missing, records around it may be: the frames beside the hole may
    // even belong to two of them.
    const isTorn = bt.incomplete || isTooDeep({ calls });
    if (isTorn) this.maker.lose(TORN);
    const step = this.maker.push({
      line: isCall ? (stop?.span.first ?? bt.span.first) : bt.span.first,
      // Copies have no room to grow.
      calls: (isCall ? withStop(calls, stop?.frame) : calls).slice(-MOST_CALLS),
      callLines: callLines.slice(-MOST_CALLS),
      frames: bt.frames,
      frameLines: bt.lines,
      entry: entry && isCall,
      stop,
      stackKnown: true,
      complete: !isTorn && meanings.some(({ isOutermost }) => isOutermost),
      partial: isTorn || bt.levels[0] !== 0,
      ...(headed === undefined ? {} : { thread: headed }),
      deadly: bt.levels[0] === 0 ? this.deadlyFor(headed) : undefined,
    });
    if (isTorn) {
      this.maker.lose(TORN, step.line);
      this.onLoss();
    }
    // A core file shows its innermost frame by itself first. What comes behind the whole stack may be of another process.
    if (step.deadly !== undefined && bt.frames.length > 1) this.death.forget();
    this.onHit(step);
    return step;
  }

  private deadlyFor(headed: string | undefined): string | undefined {
    return this.death.signalOf(headed, this.position.otherSelected);
  }

  /** What stands at an entry may turn out to stand further inside of its call. */
  private onHit(step: Step): void {
    const frame = step.calls.at(-1)?.frame;
    if (!step.entry || frame === undefined) return;
    this.bare.onHit(frame);
    this.breakpoints.onHit(frame, step.breakpoint);
    this.maker.entryLines.onHit(step, this.breakpoints.isInside(step.breakpoint));
  }

  onThread({ what, thread: ref, span }: ThreadNotice): void {
    const key = this.maker.threads.keyOf(ref);
    switch (what) {
      case 'header':
        this.maker.threads.onTold(ref, span.first);
        this.header = key;
        break;
      case 'switch':
        this.flushStop();
        this.standing = undefined;
        this.enterInferiorOf(ref);
        this.maker.threads.onTold(ref, span.first);
        this.maker.threads.onSwitch(ref);
        this.isBehindLoss = false;
        break;
      case 'new':
        this.onNewThread(ref);
        break;
      case 'exit': {
        // A stop that printed no stack came before the end of its thread.
        this.flushStop();
        const named = this.maker.threads.onExit(ref);
        if (key !== undefined) this.maker.addExit(key, span.first, named);
        break;
      }
    }
  }

  /** A thread that is alive cannot begin: the text goes on with another process (two logs in one file). */
  private onNewThread(ref: ThreadRef): void {
    if (this.maker.threads.onNew(ref)) return;
    this.flushStop();
    this.onProcess();
    this.maker.threads.onNew(ref);
  }

  /** main() returns from every call before the process exits with 0. */
  onProcessMark({ what, span }: ProcessMark): void {
    if (what === 'normal-exit') {
      this.flushStop();
      this.maker.addExit(MAIN_THREAD, span.first, []);
    }
    this.onProcess();
  }

  onProcess(): void {
    if (this.maker.sessions.isUsed) this.newSession();
    this.processes.clear();
  }

  private process(): ProcessFollower {
    const { current } = this.maker.sessions;
    const process = this.processes.get(current) ?? new ProcessFollower();
    this.processes.set(current, process);
    return process;
  }

  /** What follows is of another process. */
  newSession(): void {
    this.maker.newSession();
    this.position.leave();
  }

  onCommand(record: Command): void {
    const resumes = this.commands.onCommand(record, this.breakpoints);
    if (!resumes) return;
    this.death.forget();
    this.bare.onRun();
  }

  onBreakpoint(told: BreakpointSet): void {
    const { stepsMade } = this.maker;
    if (this.numbers.isOfAnother(told, stepsMade)) {
      this.numbers = new BreakpointNumbers();
      this.breakpoints = new Breakpoints(this.maker);
      this.flushStop();
      this.onProcess();
      // It may look at the same process, which ran on unwatched.
      this.maker.lose('what ran before another gdb sets its breakpoints');
    }
    this.numbers.add(told, stepsMade);
    const set = ownBreakpoint(told);
    this.breakpoints.onSet(set);
    this.maker.entryLines.onSet(set, this.maker.sessions.current);
  }

  onLog(log: LogLine): void {
    if (isAboutLastCall(log)) this.flushStop();
    const returned = this.returns.reported(log);
    if (returned === undefined) this.maker.addLog(log);
    else this.onReturn(returned);
  }

  onReturn(returned: FunctionReturn): void {
    this.position.leave();
    this.returns.onReturn(returned);
  }
}
