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
  CaptureRecord,
  Frame,
  KernelEvent,
  Stop,
  SystemCall,
  ThreadRef,
  TraceEvent,
  VhostUserMessage,
} from '../model/record.js';
import { callOf } from './calls.js';
import { ALTERS, BREAKS_IF, NARROWS, RESUMES, SELECTS } from './debugger-commands.js';
import type { Call } from './calls.js';
import { plainName } from './functions.js';
import type { Step, Steps, ThreadExit, WireFact } from './step.js';
import { ProcessFollower, reachesBottom, ThreadFollower } from './threads.js';
import { eventTable } from './trace-events.js';
import { wireFact } from './wire.js';
import { OpenCalls } from './wire-kernel.js';

/** Walks the records once. */
export function buildSteps(records: readonly CaptureRecord[]): Steps {
  const builder = new StepBuilder();
  for (const record of records) builder.add(record);
  return builder.finish();
}

/** The backtrace of a stop may be asked for at the prompt; what lets the program go on ends that chance. */
function endsStop(record: CaptureRecord): boolean {
  switch (record.kind) {
    case 'stop':
    case 'process':
    case 'event':
    case 'gap':
    case 'syscall':
    case 'message':
    case 'kernel-event':
      return true;
    case 'command':
      return RESUMES.test(record.text.trim()) || SELECTS.test(record.text.trim());
    default:
      return false;
  }
}

class StepBuilder {
  private readonly steps: Step[] = [];
  private readonly exits: ThreadExit[] = [];
  private readonly narrowed: number[] = [];
  private readonly conditional = new Set<string>();
  private threads = new ThreadFollower();
  private process = new ProcessFollower();
  private session = 0;
  private sessionUsed = false;
  private header: string | undefined;
  private pendingStop: Stop | undefined;
  private stopped: Frame | undefined;
  /** `thread N` was typed: what is shown is not what stopped. */
  private otherSelected = false;
  private sawCommands = false;
  private gap = false;
  private readonly kernelCalls = new OpenCalls();
  /** Function of each breakpoint number, as this debugger has them. */
  private readonly breakpoints = new Map<number, string>();

  add(record: CaptureRecord): void {
    if (endsStop(record)) this.flushStop();
    switch (record.kind) {
      case 'stop':
        this.onStop(record);
        break;
      case 'backtrace':
        this.onBacktrace(record);
        break;
      case 'thread':
        this.onThread(record.what, record.thread);
        break;
      case 'process':
        this.onProcess();
        break;
      case 'command':
        this.onCommand(record.text.trim());
        break;
      case 'event':
        this.onEvent(record);
        break;
      case 'gap':
        this.gap = true;
        this.kernelCalls.forget();
        break;
      case 'syscall':
      case 'message':
      case 'kernel-event':
        this.onWire(record);
        break;
      case 'breakpoint-set':
      case 'call-path':
      case 'chatter':
      case 'code':
      case 'code-reference':
      case 'foreign-stack':
      case 'heading':
      case 'log':
      case 'prose':
        break;
    }
  }

  finish(): Steps {
    this.flushStop();
    return {
      steps: this.steps,
      sessions: this.session + 1,
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
    this.stopped = undefined;
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
    this.pendingStop = undefined;
    if (stop?.frame === undefined) return;
    this.stopped = stop.frame;
    const call = callOf(stop.frame);
    if (call === undefined) return;
    const entry = stop.reason === 'breakpoint' || stop.reason === 'temporary-breakpoint';
    this.push({
      line: stop.span.first,
      calls: [call],
      callLines: [stop.span.first],
      frames: [stop.frame],
      entry,
      stop,
      stackKnown: false,
      complete: false,
    });
  }

  private onBacktrace(bt: Backtrace): void {
    const stop = this.pendingStop;
    this.pendingStop = undefined;
    const innermost = bt.frames[0];
    if (innermost === undefined) return;
    if (bt.thread !== undefined) this.header = this.threads.keyOf(bt.thread) ?? this.header;
    const headed = bt.thread !== undefined ? this.header : undefined;
    if (this.process.isOther(bt.frames) && this.sessionUsed) this.newSession();
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
    if (ofStop || (this.sawCommands && starts)) this.stopped = innermost;
    this.pushStack(bt, ofStop ? stop : undefined, entry, ofStop ? undefined : headed);
  }

  /** True when this backtrace repeats where the debugger already stands. */
  private isShownAgain(innermost: Frame, headed: string | undefined): boolean {
    if (headed !== undefined || this.otherSelected || this.stopped === innermost) return true;
    return this.sawCommands && this.stopped?.func === innermost.func;
  }

  private pushStack(
    bt: Backtrace,
    stop: Stop | undefined,
    entry: boolean,
    headed: string | undefined,
  ): void {
    const calls: Call[] = [];
    const callLines: number[] = [];
    for (let i = bt.frames.length - 1; i >= 0; i--) {
      const frame = bt.frames[i];
      const call = frame === undefined ? undefined : callOf(frame);
      if (call === undefined) continue;
      calls.push(call);
      callLines.push(bt.lines[i] ?? bt.span.first);
    }
    const first = bt.frames[0];
    const isCall = first !== undefined && calls.at(-1)?.frame === first;
    this.push({
      line: isCall ? (stop?.span.first ?? bt.span.first) : bt.span.first,
      calls,
      callLines,
      frames: bt.frames,
      entry: entry && isCall,
      stop,
      stackKnown: true,
      complete: !bt.incomplete && reachesBottom(bt.frames),
      partial: bt.levels[0] !== 0,
      ...(headed === undefined ? {} : { thread: headed }),
    });
  }

  private onThread(what: 'switch' | 'new' | 'exit' | 'header', ref: ThreadRef): void {
    const key = this.threads.keyOf(ref);
    switch (what) {
      case 'header':
        this.header = key;
        break;
      case 'switch':
        this.flushStop();
        this.threads.onSwitch(ref);
        break;
      case 'new':
        this.onNewThread(ref);
        break;
      case 'exit':
        this.threads.onExit(ref);
        if (key !== undefined) {
          this.exits.push({ thread: this.scoped(key), after: this.steps.length - 1 });
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
    if (this.sessionUsed) this.newSession();
    this.process = new ProcessFollower();
  }

  private newSession(): void {
    this.session++;
    this.sessionUsed = false;
    this.threads = new ThreadFollower();
    this.stopped = undefined;
  }

  private onCommand(text: string): void {
    this.sawCommands = true;
    if (RESUMES.test(text)) {
      this.stopped = undefined;
      this.otherSelected = false;
    } else if (SELECTS.test(text)) {
      this.otherSelected = true;
    }
    const last = this.steps.at(-1);
    if (ALTERS.test(text) && last !== undefined) {
      last.altered = true;
      this.gap = true;
    }
    const conditional = BREAKS_IF.exec(text)?.[1];
    if (conditional !== undefined) this.conditional.add(conditional);
    if (NARROWS.test(text)) this.narrowed.push(this.steps.length);
  }

  private onEvent(record: TraceEvent): void {
    const row = eventTable.get(record.name);
    if (row === undefined) return;
    this.push({
      line: record.span.first,
      calls: [],
      callLines: [],
      frames: [],
      entry: false,
      stop: undefined,
      stackKnown: false,
      complete: false,
      event: { row, record },
      ...(record.tid === undefined ? {} : { thread: `tid ${record.tid}` }),
    });
  }

  private onWire(record: KernelEvent | SystemCall | VhostUserMessage): void {
    if (record.kind === 'kernel-event' && record.what === 'return') {
      this.kernelCalls.close(record);
      return;
    }
    const wire = wireFact(record);
    if (wire === undefined) return;
    const step = this.push({
      line: record.span.first,
      calls: [],
      callLines: [],
      frames: [],
      entry: false,
      stop: undefined,
      stackKnown: false,
      complete: false,
      wire,
      ...(record.pid === undefined ? {} : { thread: `tid ${record.pid}` }),
    });
    if (record.kind === 'kernel-event') this.kernelCalls.open(record, step);
  }

  private scoped(thread: string): string {
    return `${this.session}/${thread}`;
  }

  private push(part: {
    line: number;
    calls: readonly Call[];
    callLines: readonly number[];
    frames: readonly Frame[];
    entry: boolean;
    stop: Stop | undefined;
    stackKnown: boolean;
    complete: boolean;
    partial?: boolean;
    thread?: string;
    event?: Step['event'];
    wire?: WireFact;
  }): Step {
    const thread = part.thread ?? this.threads.current;
    this.sessionUsed = true;
    const step: Step = {
      index: this.steps.length,
      session: this.session,
      line: part.line,
      thread: thread === undefined ? undefined : this.scoped(thread),
      calls: part.calls,
      callLines: part.callLines,
      frames: part.frames,
      entry: part.entry,
      breakpoint: part.stop?.number,
      temporary: part.stop?.reason === 'temporary-breakpoint',
      stackKnown: part.stackKnown,
      partial: part.partial ?? false,
      complete: part.complete,
      gapBefore: this.gap,
      altered: false,
      event: part.event,
      wire: part.wire,
    };
    this.steps.push(step);
    this.gap = false;
    return step;
  }
}
