/**
 * What a debugger prints → steps. A stop and the backtrace printed for it are one step. Silent breakpoint
 * commands print only the backtrace: that is a step too. `thread apply all bt` and a second `bt` at the same
 * stop show stacks without a new call: steps without an entry. Threads and processes are followed here, because
 * gdb says them in lines of their own (gdb/infrun.c, print_signal_received_reason(), normal_stop()).
 */
import type {
  Backtrace,
  Chatter,
  BreakpointSet,
  Command,
  CommandList,
  Frame,
  FunctionReturn,
  LogLine,
  PrintedValue,
  ProcessMark,
  Stop,
  ThreadNotice,
  ThreadRef,
} from '../model/record.js';
import { detachedMembers } from '../base/detached.js';
import { BreakpointNumbers } from './breakpoint-numbers.js';
import { Breakpoints } from './breakpoints.js';
import type { Call } from './calls.js';
import {
  aliased,
  conditionalFunction,
  CONTINUES,
  DIRECTION,
  GOES_BACK,
  innerCommand,
  isOpaque,
  LEAVES,
  NARROWS,
  plainCommand,
  RESUMES,
  SELECTS,
  SELECTS_FRAME,
  STEPS,
  STOPS_LOGGING,
} from './debugger-commands.js';
import { DebuggerPosition } from './debugger-position.js';
import { callOf, meaningOf } from './frame-meaning.js';
import { framesOfHandler, ownBreakpoint } from './other-programs.js';
import type { FrameMeaning } from './frame-meaning.js';
import { plainName } from './functions.js';
import { innerFrames } from './inner-frames.js';
import { printedMembers, SilentPrints } from './printed.js';
import { isTooDeep, MOST_CALLS } from './step.js';
import type { Alteration, Step } from './step.js';
import { NOTHING_SHOWN } from './report-step.js';
import type { StepMaker } from './step-maker.js';
import { inferiorOf, ProcessFollower } from './threads.js';

/** The operation of `vhost_dev_log_resize()` and `vhost_dev_start()`, as their report names it. */
const LOG_BASE = 'vhost_set_log_base';

/** What was printed first is kept: the debugger may change it later. */
function notePrinted(step: Step, value: PrintedValue): void {
  const kind = step.calls.at(-1)?.row.kind;
  if (kind === undefined) return;
  step.printed = { ...detachedMembers(printedMembers(kind, value)), ...step.printed };
}

/**
 * Whether the frame is a part of the function that its caller is: an optimising compiler cuts functions in two (GCC
 * tree-ssa-ipa-split.cc, `f.part.0`), and gdb stops in both. None of the known functions calls itself.
 */
function isPartOfNext({ frames, levels }: Backtrace, i: number): boolean {
  const [frame, next] = [frames[i], frames[i + 1]];
  if (frame === undefined || next === undefined) return false;
  return levels[i + 1] === (levels[i] ?? 0) + 1 && plainName(frame.func) === plainName(next.func);
}

function isOfBreakpoint({ reason }: Stop): boolean {
  return reason === 'breakpoint' || reason === 'temporary-breakpoint';
}

/** Signals that the emulator of a machine handles nowhere (util/oslib-posix.c takes SIGBUS, accel/kvm/kvm-all.c SIGUSR1). */
const DEADLY = /^SIG(?:ABRT|SEGV|FPE|SYS)$/;

function isDeadly({ signal, ended }: Stop): boolean {
  return signal !== undefined && (ended === true || DEADLY.test(signal));
}

/** gdb's number of the thread that a program begins with, as long as it has one inferior. */
const MAIN_THREAD = '1';

export class DebuggerSteps {
  /** By session. */
  private readonly processes = new Map<number, ProcessFollower>();
  private header: string | undefined;
  private pendingStop: Stop | undefined;
  /** QEMU does not run on from this stop. */
  private death: Stop | undefined;
  private readonly position = new DebuggerPosition();
  /** The step whose innermost call the debugger stands in; undefined when the program runs. */
  private standing: Step | undefined;
  private readonly silent = new SilentPrints();
  /** What was printed at the stop that still waits for its backtrace. */
  private pendingValues: PrintedValue[] = [];
  private sawCommands = false;
  /** A breakpoint told of itself by its number. */
  private sawBreakpoint = false;
  /** The last stop was not one of a breakpoint, and its stack may still come. */
  private wasInterrupted = false;
  /** Functions that some stop was in, and those of stacks that stand alone. */
  private readonly reported = new Set<string>();
  /** `continue` and the like run the program backwards. */
  private goesBack = false;
  /** Where the program stands it came to by going backwards. */
  private wentBack = false;
  /** Commands that the log itself defines: what they do was seen. */
  private readonly defined = new Set<string>();
  /** Line of the `continue` that let the program go, as long as nothing was shown since that it came to. */
  private letGoAt: number | undefined;
  /** A stop line may be lost: whose stack comes next is not known. */
  private isBehindLoss = false;
  private breakpoints: Breakpoints;
  private numbers = new BreakpointNumbers();

  /** The last stack. */
  private shown: { readonly frames: readonly Frame[]; readonly meanings: readonly FrameMeaning[] } =
    { frames: [], meanings: [] };

  constructor(private readonly maker: StepMaker) {
    this.breakpoints = new Breakpoints(maker);
  }

  onStop(stop: Stop): void {
    this.enterInferiorOf(stop.thread);
    const { threads } = this.maker;
    const isOther = threads.isOther(stop.thread);
    const { current } = this.maker.sessions;
    if (!this.breakpoints.onStop(stop, current) || isOther) this.onProcess();
    if (isOther) this.maker.threads.follows(threads);
    this.header = undefined;
    this.position.stop();
    this.maker.threads.onStop(stop.thread);
    this.isBehindLoss = false;
    this.letGoAt = undefined;
    this.sawBreakpoint ||= stop.reason === 'breakpoint';
    this.wasInterrupted = !isOfBreakpoint(stop);
    this.pendingStop = stop;
    this.death = isDeadly(stop) ? stop : undefined;
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
    if (call === undefined) return;
    const entry = isOfBreakpoint(stop);
    this.standing = this.maker.push({
      line: stop.span.first,
      calls: [call],
      callLines: [stop.span.first],
      frames: [stop.frame],
      frameLines: [stop.span.first],
      entry,
      stop,
      stackKnown: false,
      complete: false,
      deadly: this.deadlyFor(undefined),
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

  /** `Continuing.` is said of what somebody types: there a stop may be left out by whoever pasted the session. */
  onChatter({ span }: Chatter): void {
    if (span.first - 1 === this.letGoAt) this.letGoAt = undefined;
  }

  /** A printed structure belongs to the innermost call of the stop. */
  onValue(value: PrintedValue): void {
    this.silent.onValue();
    if (this.position.frameSelected) return;
    if (this.pendingStop !== undefined) this.pendingValues.push(value);
    else if (this.standing !== undefined) notePrinted(this.standing, value);
  }

  /** The stacks of all threads are of all inferiors; the debugger stays in its own. */
  onBacktrace(bt: Backtrace): void {
    const own = this.maker.inferior;
    this.enterInferiorOf(bt.thread);
    this.showBacktrace(bt);
    if (own !== undefined) this.maker.enterInferior(own);
  }

  private enterInferiorOf(thread: ThreadRef | undefined): void {
    const inferior = inferiorOf(thread);
    if (inferior !== undefined) this.maker.enterInferior(inferior);
  }

  private showBacktrace(bt: Backtrace): void {
    const stop = this.pendingStop;
    this.pendingStop = undefined;
    this.letGoAt = undefined;
    const innermost = bt.frames[0];
    if (innermost === undefined) return;
    if (bt.thread !== undefined) this.header = this.maker.threads.keyOf(bt.thread) ?? this.header;
    const headed = bt.thread !== undefined ? this.header : undefined;
    const meanings = this.meaningsOf(bt.frames);
    if (this.process().isOther(meanings) && this.maker.sessions.isUsed) this.newSession();
    const starts = bt.levels[0] === 0;
    // The stop and the first frame of its backtrace are one report; among the stacks of all threads it
    // is that of the thread that stopped.
    const isOwn = headed === undefined || headed === stop?.thread?.num;
    const ofStop =
      stop?.frame !== undefined && starts && isOwn && stop.frame.func === innermost.func;
    if (!ofStop) this.pendingStop = stop;
    if (!ofStop && starts && headed === undefined && this.isOfOtherThread(innermost, meanings))
      return;
    if (!ofStop && headed === undefined) this.flushStop();
    if (this.isBehindLoss && headed === undefined) this.maker.threads.onUnknown();
    const again = !ofStop && (headed !== undefined || this.position.isShownAgain(innermost));
    const mayBegin = starts && !again && headed === undefined && innermost.address === undefined;
    const isBare = !ofStop && mayBegin && this.isBare(innermost);
    const entry = ofStop ? isOfBreakpoint(stop) : mayBegin && !isBare;
    if (!starts && bt.frames.length > 1 && !this.sawCommands) this.maker.markGap();
    if (ofStop || (starts && headed === undefined)) this.position.show(innermost, ofStop, again);
    const values = ofStop ? this.pendingValues : [];
    if (ofStop) this.pendingValues = [];
    const [own, thread] = ofStop ? [stop, undefined] : [undefined, headed];
    const step = this.pushStack(bt, meanings, own, entry, thread);
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
    if (this.position.wasAsked || this.wasInterrupted) return false;
    if (meanings.every(({ call }) => call === undefined)) return true;
    const isAtBreakpoint = this.pendingStop !== undefined || this.standing !== undefined;
    return isAtBreakpoint && address !== undefined;
  }

  /**
   * A stack that somebody asked for, of a function that was never reported, in a log where breakpoints tell of
   * themselves, or behind another stop than that of a breakpoint: the program may have come there in any way.
   */
  private isBare({ func }: Frame): boolean {
    const isFirst = !this.reported.has(plainName(func));
    this.reported.add(plainName(func));
    const { wasInterrupted } = this;
    this.wasInterrupted = false;
    // It may be one more call of a function that is watched.
    if (wasInterrupted && !isFirst) this.maker.markGap();
    return wasInterrupted || (isFirst && this.position.wasAsked && this.sawBreakpoint);
  }

  /** Those of the outer frames are known from the stack before. */
  private meaningsOf(frames: readonly Frame[]): readonly FrameMeaning[] {
    const { frames: before, meanings } = this.shown;
    const inner = innerFrames(frames, before).map(meaningOf);
    const outer = meanings.slice(meanings.length - (frames.length - inner.length));
    this.shown = { frames, meanings: inner.concat(outer) };
    return this.shown.meanings;
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
    const ofOthers = framesOfHandler(bt.frames);
    // Told by its place: a part and its function may look alike.
    let isCall = false;
    for (let i = bt.frames.length - 1; i >= ofOthers; i--) {
      const frame = bt.frames[i];
      const call = meanings[i]?.call;
      if (frame === undefined || call === undefined) continue;
      // Where the text ends in a name, that may be the beginning of a longer one: vhost_log_sync[_range].
      const mayGoOn = bt.incomplete && i === bt.frames.length - 1 && frame.args === undefined;
      if (mayGoOn || isPartOfNext(bt, i)) continue;
      calls.push(call);
      callLines.push(bt.lines[i] ?? bt.span.first);
      isCall = i === 0;
    }
    // Where text of a backtrace is missing, records around it may be: the frames beside the hole may
    // even belong to two of them.
    const isTorn = bt.incomplete || isTooDeep({ calls });
    if (isTorn) this.maker.markGap();
    const step = this.maker.push({
      line: isCall ? (stop?.span.first ?? bt.span.first) : bt.span.first,
      // Copies have no room to grow.
      calls: calls.slice(-MOST_CALLS),
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
      this.maker.markGap();
      this.onLoss();
    }
    // A core file shows its innermost frame by itself first. What comes behind the whole stack may be of another process.
    if (step.deadly !== undefined && bt.frames.length > 1) this.death = undefined;
    this.onHit(step);
    return step;
  }

  /** Said of the stack of the thread that the signal is for, wherever it is shown. */
  private deadlyFor(headed: string | undefined): string | undefined {
    const { death } = this;
    const isOwn =
      headed === undefined ? !this.position.otherSelected : headed === death?.thread?.num;
    return isOwn ? death?.signal : undefined;
  }

  /** What stands at an entry may turn out to stand further inside of its call. */
  private onHit(step: Step): void {
    const frame = step.calls.at(-1)?.frame;
    if (!step.entry || frame === undefined) return;
    this.reported.add(plainName(frame.func));
    this.breakpoints.onHit(frame, step.breakpoint);
    this.maker.entryLines.onHit(step, this.breakpoints.isInside(step.breakpoint));
  }

  onThread({ what, thread: ref, span }: ThreadNotice): void {
    const key = this.maker.threads.keyOf(ref);
    switch (what) {
      case 'header':
        this.header = key;
        break;
      case 'switch':
        this.flushStop();
        this.standing = undefined;
        this.enterInferiorOf(ref);
        this.maker.threads.onSwitch(ref);
        this.isBehindLoss = false;
        break;
      case 'new':
        this.onNewThread(ref);
        break;
      case 'exit':
        // A stop that printed no stack came before the end of its thread.
        this.flushStop();
        this.maker.threads.onExit(ref);
        if (key !== undefined) {
          this.maker.addExit(key, span.first);
        }
        break;
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
      this.maker.addExit(MAIN_THREAD, span.first);
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
    const { list, span } = record;
    const command = record.text.trim();
    if (list !== undefined) {
      // The machine interface prints a list on one line.
      for (const line of command.split('\n')) this.onListed(list, line.trim(), span.first);
      return;
    }
    const text = innerCommand(plainCommand(command));
    const alteration = this.maker.alterations.isMadeBy(text)
      ? { line: span.first, command }
      : undefined;
    this.breakpoints.onCommand(text);
    this.maker.alterations.onDisplay(text, span.first);
    this.sawCommands = true;
    this.position.wasAsked = true;
    this.goesBack = (DIRECTION.exec(text)?.[1] ?? (this.goesBack ? 'reverse' : '')) === 'reverse';
    if (STOPS_LOGGING.test(text)) this.maker.markGap();
    // It stopped in between, at a breakpoint whose commands, told by `set trace-commands on`, showed nothing of it.
    if (this.letGoAt !== undefined && CONTINUES.test(text)) this.maker.markGap();
    if (RESUMES.test(text)) {
      this.letGoAt = CONTINUES.test(text) ? span.first : undefined;
      this.onLeap(text);
      this.death = undefined;
      this.wasInterrupted = false;
      this.position.resume(STEPS.test(text));
    } else if (SELECTS.test(text)) {
      this.position.otherSelected = true;
    } else if (SELECTS_FRAME.test(text)) {
      this.position.frameSelected = true;
    }
    if (alteration !== undefined) this.onAlteration(alteration);
    const conditional = conditionalFunction(text);
    if (conditional !== undefined) this.breakpoints.onConditional(plainName(conditional));
    const alias = aliased(text);
    if (alias !== undefined) {
      this.onListed({ breakpoints: [], definition: alias.name }, alias.to, span.first);
    }
    this.onNarrowing(text);
  }

  /** Commands that switch breakpoints off, or may do so. */
  private onNarrowing(text: string): void {
    if (NARROWS.test(text)) this.maker.narrow();
    else if (isOpaque(text) && !this.defined.has(/^[\w-]*/.exec(text)?.[0] ?? '')) {
      this.breakpoints.onDoubt();
    }
  }

  /**
   * What happens up to the next stop nobody sees, or it happened in another order: nothing that was known is known
   * any more. Each stop that the program comes to backwards stands for itself.
   */
  private onLeap(text: string): void {
    const isBack = this.goesBack || GOES_BACK.test(text);
    const isLeap = isBack || this.wentBack || LEAVES.test(text);
    this.wentBack = isBack;
    if (isLeap && this.maker.sessions.isUsed) this.newSession();
  }

  /** What was altered is the call that the debugger stands in; what comes of it is nobody's fault but its own. */
  private onAlteration(alteration: Alteration): void {
    if (this.pendingStop !== undefined) this.maker.alterations.hold(alteration);
    else this.maker.alterLast(alteration);
  }

  /** A command that runs later, at each hit of its breakpoints or when its definition is called. */
  private onListed(list: CommandList, text: string, line: number): void {
    const inner = innerCommand(text);
    this.maker.alterations.onListed(list, inner, line);
    this.breakpoints.onListed(list.breakpoints, text);
    if (list.definition !== undefined) this.defined.add(list.definition);
    if (GOES_BACK.test(inner)) this.maker.narrow();
    this.onNarrowing(inner);
  }

  onBreakpoint(told: BreakpointSet): void {
    const { stepsMade } = this.maker;
    if (this.numbers.isOfAnother(told, stepsMade)) {
      this.numbers = new BreakpointNumbers();
      this.breakpoints = new Breakpoints(this.maker);
      this.flushStop();
      this.onProcess();
      // It may look at the same process, which ran on unwatched.
      this.maker.markGap();
    }
    this.numbers.add(told, stepsMade);
    const set = ownBreakpoint(told);
    this.breakpoints.onSet(set);
    this.maker.entryLines.onSet(set, this.maker.sessions.current);
  }

  /**
   * What QEMU reports of a refused operation: VHOST_OPS_DEBUG() in hw/virtio/vhost.c, directly behind its call. What
   * was entered last returned it, if it is that operation.
   */
  onLog(log: LogLine): void {
    this.flushStop();
    const { refused, error = '' } = log.values ?? {};
    const { lastStep } = this.maker;
    const call = lastStep?.entry === true ? lastStep.calls.at(-1) : undefined;
    const errno = /\((-?)(\d+)\)$/.exec(error)?.[2];
    if (refused === LOG_BASE && call?.row.kind === 'op_set_log_base' && errno !== undefined)
      this.onReturn({ kind: 'return', span: log.span, func: call.func, value: `-${errno}` });
    else this.maker.addLog(log);
  }

  onReturn(returned: FunctionReturn): void {
    this.position.leave();
    const thread = this.returningThread(returned);
    this.maker.push({
      ...NOTHING_SHOWN,
      line: returned.span.first,
      returned,
      ...(thread === undefined ? {} : { thread }),
    });
  }

  /** As long as the program has one thread, no stop names it, and the return is its own. */
  private returningThread({ thread }: FunctionReturn): string | undefined {
    const isNamed = thread !== undefined && this.maker.threads.current !== undefined;
    return isNamed ? this.maker.threads.keyOf(thread) : undefined;
  }
}
