/**
 * Makes the steps of a capture, and hands them over: which process and which thread each is of, and whether
 * records may be missing in front of it.
 */
import { detached, detachedMembers } from '../base/detached.js';
import type {
  FunctionReturn,
  LogLine,
  Reach,
  SocketLine,
  Stop,
  VhostUserMessage,
} from '../model/record.js';
import { Alterations } from './debugger/alterations.js';
import { EntryLines } from './debugger/entry-lines.js';
import { Inferiors } from './debugger/inferiors.js';
import { Masks } from './stacks/masks.js';
import type { Sessions } from './sessions.js';
import { RepeatedEvents } from './repeated-events.js';
import { SharedEvents } from './shared-events.js';
import { NOTHING_SHOWN, EventStep, WireStep } from './report-step.js';
import type {
  Alteration,
  CallWait,
  Death,
  FailedAssertion,
  Loss,
  RefusedOperation,
  Report,
  SaidEvent,
  Step,
  Steps,
  Switched,
  ThreadExit,
} from './step.js';
import { MOST_LOSSES } from './step.js';
import { ThreadNames } from './thread-names.js';
import type { ThreadFollower } from './debugger/threads.js';
import { OpenCalls } from './wire/kernel.js';

/** Takes steps away from a {@link StepMaker}. */
export interface StepTaker {
  /** A step that shows no stack, as long as none that does is held; where `isOpen` a result may be added. */
  take(step: Report, isOpen: boolean): void;
  /** Nothing is added any more to a step that was open. */
  settle(step: Report): void;
  /** The steps that are held when another session begins: nothing can come that belongs to theirs. */
  takeSessions?(built: Steps): void;
}

/** See {@link StepMaker}. */
export type Keep = 'records' | 'stacks' | 'calls';

/** What a step that shows no stack says. */
type Shown = Pick<Step, 'line' | 'event' | 'wire'>;

/** A step of a debugger, but for what the maker knows. The thread is that which the debugger stands in where it is left out. */
type StepPart = Shared & Partial<Special> & { readonly stop: Stop | undefined };
type Shared = Pick<
  Step,
  'line' | 'calls' | 'callLines' | 'frames' | 'frameLines' | 'entry' | 'stackKnown' | 'complete'
>;
type Special = Pick<Step, 'partial' | 'thread' | 'returned' | 'deadly'> & {
  /** It stands for the first of those that were handed over, see {@link StepMaker.show}. */
  readonly isEmpty: boolean;
};

/** Only what facts are made of: the text and the time of an event are not asked for. */
function leanEvent({ name, args, tid }: SaidEvent): SaidEvent {
  const own = { name: detached(name), args: args && detachedMembers(args) };
  return { ...own, text: '', tid, time: undefined };
}

const ALTERED = 'what a call would have done that the debugger altered';

/** Its thread is that of the step. */
function leanReturn({ kind, span, func, value, address }: FunctionReturn): FunctionReturn {
  const lean = { kind, span, func, value };
  return detachedMembers(address === undefined ? lean : { ...lean, address });
}

export class StepMaker {
  private readonly inferiors = new Inferiors({
    ends: () => {
      this.mustHold ||= !this.isTaken && this.sessions.mayReturn;
    },
    begun: () => {
      // The return of a call in the kernel changes the step of the call.
      if (!this.mustHold && !this.openCalls.changeSteps) this.giveAway();
    },
  });
  readonly sessions: Sessions = this.inferiors.sessions;
  readonly alterations = new Alterations();
  readonly entryLines = new EntryLines();
  private readonly masks = new Masks();
  /** Calls in the kernel whose return may change what was made of them. */
  readonly openCalls = new OpenCalls((entry) => {
    if (!('index' in entry)) this.taker?.settle(entry);
  });
  /** What was made last is a request or a trace event, kept or handed over. */
  isAfterTool = false;
  /** Those that were not given away yet. */
  private steps: Step[] = [];
  private exits: ThreadExit[] = [];
  private assertions: FailedAssertion[] = [];
  private deaths: Death[] = [];
  private refusals: RefusedOperation[] = [];
  private readonly waits: CallWait[] = [];
  /** How many steps were made. */
  private made = 0;
  private last: Step | undefined;
  private gap = false;
  private readonly reaches: Reach[] = [];
  private readonly losses: Loss[] = [];
  /** Of the gap before the next step, where no record tells of it. */
  private loss: (Omit<Loss, 'step' | 'line'> & { readonly line?: number }) | undefined;
  private readonly narrowed: Switched[] = [];
  private readonly enabled: Switched[] = [];
  private readonly conditional = new Set<string>();
  /** Functions whose breakpoints may have been switched off before anything was reported. */
  private readonly doubted = new Set<string>();
  private readonly names = new ThreadNames();
  /** The taker has every step so far. */
  private isTaken = true;
  private readonly events = new SharedEvents();
  private readonly repeats = new RepeatedEvents();
  /** Trace events may lead back to a session whose steps are here: these stay, and all that come after. */
  private mustHold = false;
  /** The last session of which something was reported to the taker. */
  private lastSession = -1;

  /**
   * `keep`: a step keeps the records that it comes from, or the stacks and what events say but not when, or
   * only the known calls and arguments.
   * `taker`: gets them as soon as nothing can change them, instead of the reader of {@link built}.
   */
  constructor(
    private readonly keep: Keep,
    private readonly taker?: StepTaker,
  ) {}

  /** The step that was made last. */
  get lastStep(): Step | undefined {
    return this.last;
  }

  /** Of the session's process. */
  get threads(): ThreadFollower {
    return this.inferiors.threads;
  }

  /** The inferior that the debugger stands in, where it has several. */
  get inferior(): string | undefined {
    return this.inferiors.current;
  }

  get stepsMade(): number {
    return this.made;
  }

  /** Records may be missing before the next step, and where `reach` says. */
  markGap(reach?: Reach): void {
    this.gap = true;
    if (reach !== undefined) this.reaches.push(reach);
  }

  /** The same where no record tells of it; `line`: where it shows, if that is not where the next step is. */
  lose(why: string, line?: number): void {
    this.gap = true;
    this.loss = { why, ...(line !== undefined && { line }) };
  }

  /** From the next step on breakpoints may be switched off or narrowed: these, or all. */
  narrow(numbers?: ReadonlySet<number>): void {
    this.narrowed.push({ from: this.made, numbers });
  }

  /** Breakpoints may have been off up to the next step: these, or all. */
  enable(numbers: ReadonlySet<number> | undefined): void {
    this.enabled.push({ from: this.made, numbers });
  }

  /**
   * Breakpoints may be switched off once: up to the first report of a process that tells only of functions that are
   * never reported.
   */
  doubt(funcs: Iterable<string>): void {
    if (this.sessions.isUsed) this.narrow();
    else for (const func of funcs) this.doubted.add(func);
  }

  /** The function was reported: its breakpoint was not switched off before. */
  trust(func: string): void {
    this.doubted.delete(func);
  }

  /** The function was never watched without a condition. */
  addConditional(func: string): void {
    this.conditional.add(func);
  }

  /** `thread` is its key in the session, which the lines `named` told. */
  addExit(thread: string, line: number, named: readonly number[]): void {
    const [name, after] = [this.scoped(thread), this.made - 1];
    // The end of a process is the end of its threads, which may have been told before.
    for (let i = this.exits.length - 1; this.exits[i]?.after === after; i--)
      if (this.exits[i]?.thread === name) return;
    this.exits.push({ thread: name, after, line, named });
  }

  /** What QEMU says on standard error; of the session that something was reported of last. */
  addLog(log: LogLine): void {
    const { refused, killed, error = '', message = '' } = log.values ?? {};
    const [session, line] = [this.sessions.current, log.span.first];
    if (killed !== undefined) this.deaths.push({ session, line, signal: killed });
    else if (refused === undefined) this.addAssertion(log);
    else {
      const after = Math.max(0, this.made - 1);
      this.refusals.push({ session, line, after, operation: refused, error, message });
    }
  }

  /** A thread waits where the capture ends. */
  addWait(wait: CallWait): void {
    this.waits.push(wait);
  }

  private addAssertion({ span, values = {} }: LogLine): void {
    const { func = '', what = '', file, line, program } = values;
    const place = file === undefined || line === undefined ? undefined : `${file}:${line}`;
    const session = this.sessions.current;
    this.assertions.push({ session, line: span.first, func, what, place, program });
  }

  /** The debugger changed what the call of the last step did. */
  alterLast(alteration: Alteration): void {
    if (this.last === undefined) return;
    this.last.altered = alteration;
    this.lose(ALTERED, this.last.line);
  }

  /** What follows is of this inferior: each is a process, and one debugger may show them in turn. */
  enterInferior(inferior: string): void {
    this.inferiors.enter(inferior);
  }

  /** What follows is of another process. */
  newSession(): void {
    this.inferiors.newSession();
  }

  built(): Steps {
    this.entryLines.settle();
    return {
      steps: this.masks.hideIn(this.steps),
      sessions: this.sessions.count,
      exits: this.exits,
      assertions: this.assertions,
      deaths: this.deaths,
      refusals: this.refusals,
      waits: this.waits,
      narrowed: this.narrowed,
      enabled: this.enabled,
      conditional: new Set([...this.conditional, ...this.doubted]),
      reaches: this.reaches,
      losses: this.losses,
      masks: this.masks.found,
      gapAtEnd: this.gap,
    };
  }

  /**
   * What shows no stack: handed over where nothing is held that comes before it, else a step. Where it
   * `isOpen` a result may be added to what is returned.
   */
  show(
    shown: Shown,
    tid: number | undefined,
    isOpen = false,
    message?: VhostUserMessage,
  ): Step | Report {
    const { taker } = this;
    if (taker === undefined || !this.isTaken) {
      return this.pushReport(shown, tid, message);
    }
    const { line, event, wire } = shown;
    this.sessions.use();
    const session = this.sessions.current;
    const lasting = isOpen ? wire && detachedMembers(wire) : wire;
    const report = { line, event, wire: lasting, session, thread: this.scopedTid(tid) };
    taker.take(report, isOpen);
    if (session > this.lastSession) {
      this.lastSession = session;
      // It stays, for what is said of the session's beginning.
      this.push({ ...NOTHING_SHOWN, line, isEmpty: true });
    }
    this.isAfterTool = true;
    return report;
  }

  /** What a log tells of a connection: facts need it no more than stacks do. */
  showSocket(line: number, socket: SocketLine): void {
    if (this.keep === 'calls') return;
    this.pushReport({ line, event: undefined, wire: undefined }, undefined, undefined, socket);
  }

  private pushReport(
    { line, event, wire }: Shown,
    tid: number | undefined,
    message: VhostUserMessage | undefined,
    socket?: SocketLine,
  ): Step {
    this.sessions.use();
    const { stop, frames } = NOTHING_SHOWN;
    const altered = this.alterations.takeFor({ stop, frames, line });
    const isLean = this.keep === 'calls';
    const place = {
      index: this.made++,
      session: this.sessions.current,
      line,
      thread: this.scopedTid(tid),
      gapBefore: this.gap,
      altered,
    };
    const step =
      event === undefined
        ? new WireStep(
            place,
            isLean ? wire && detachedMembers(wire) : wire,
            isLean ? undefined : message,
            socket,
          )
        : new EventStep(place, { row: event.row, record: this.keptEvent(event.record) });
    this.isTaken = false;
    this.isAfterTool = true;
    return this.keepStep(step);
  }

  private keptEvent(record: SaidEvent): SaidEvent {
    if (this.keep === 'calls') return leanEvent(record);
    const kept = this.keep === 'records' ? record : this.events.of(record);
    return this.repeats.sees(record, this.made) ? { ...kept, isRepeated: true } : kept;
  }

  push(part: StepPart): Step {
    const thread = part.thread ?? this.threads.current;
    this.sessions.use();
    this.masks.see(part);
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
      event: undefined,
      wire: undefined,
      message: undefined,
      socket: undefined,
      returned: isLean ? part.returned && leanReturn(part.returned) : part.returned,
      deadly: part.deadly,
    };
    this.isTaken &&= part.isEmpty === true;
    this.isAfterTool = false;
    return this.keepStep(step);
  }

  private keepStep(step: Step): Step {
    const { loss, losses } = this;
    if (loss !== undefined && losses.length < MOST_LOSSES)
      losses.push({ step: step.index, line: step.line, ...loss });
    this.loss = undefined;
    this.gap = false;
    if (step.altered !== undefined) this.lose(ALTERED, step.line);
    this.steps.push(step);
    this.last = step;
    return step;
  }

  private giveAway(): void {
    if (this.taker?.takeSessions === undefined) return;
    this.taker.takeSessions(this.built());
    this.entryLines.clear();
    this.steps = [];
    this.exits = [];
    this.assertions = [];
    this.deaths = [];
    this.refusals = [];
    this.isTaken = true;
  }

  private scopedTid(tid: number | undefined): string | undefined {
    return tid === undefined ? undefined : this.names.ofTid(this.sessions.current, tid);
  }

  private scoped(thread: string): string {
    return this.names.of(this.sessions.current, thread);
  }
}
