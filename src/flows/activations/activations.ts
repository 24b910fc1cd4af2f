/**
 * Steps → activations: one activation is one execution of a known function, seen in one or several
 * stacks of one thread.
 *
 * Successive stacks of a thread share their outer calls. A call is continuing as long as the stacks
 * show it; it has returned for certain when a stack that reaches the thread's outermost function no
 * longer shows it, when the same function is entered again by this thread (none of the known
 * functions is recursive), or when the thread is gone. Nothing else closes an activation: a stack
 * that is cut short proves nothing about what it does not show.
 */
import type { Call } from '../../facts/stacks/calls.js';
import { deviceOf } from '../../facts/stacks/device.js';
import { MOST_CALLS } from '../../facts/step.js';
import type { Step, ThreadExit } from '../../facts/step.js';
import { Activation, inheritedDevice, sameness } from './activation.js';
import { EventLives } from './event-lives.js';
import { goingOn, gone } from './going-on.js';
import { followReturn } from './returns.js';
import { addBare, allOf, closeAll, newThread } from './thread-state.js';
import type { ThreadState } from './thread-state.js';

/** Shared: a trace log has millions of steps that show no call. */
const NONE: readonly Activation[] = [];

export interface Activations {
  readonly all: readonly Activation[];
  /** For each of the steps, the activations its stack shows, outermost first. */
  readonly atStep: readonly (readonly Activation[])[];
  /** For steps (by index) of trace events that name a device: its incarnation. */
  readonly ofEvent: ReadonlyMap<number, number>;
}

/**
 * Follows every thread through the steps. Pure but for `begun`, the lives that events before the first of
 * these steps have shown; linear in the number of shown calls. `firstId`: how many activations were before.
 */
export function buildActivations(
  steps: readonly Step[],
  exits: readonly ThreadExit[],
  listenerOffset: bigint,
  begun = new EventLives(),
  firstId = 0,
): Activations {
  const tracker = new Tracker(listenerOffset, begun, firstId);
  let exit = 0;
  for (const step of steps) {
    for (let e = exits[exit]; e !== undefined && e.after < step.index; e = exits[++exit]) {
      tracker.threadGone(e.thread, step.index);
    }
    tracker.advance(step);
  }
  const end = (steps.at(-1)?.index ?? -1) + 1;
  for (let e = exits[exit]; e !== undefined; e = exits[++exit]) tracker.threadGone(e.thread, end);
  return { all: tracker.all, atStep: tracker.atStep, ofEvent: tracker.ofEvent };
}

class Tracker {
  readonly all: Activation[] = [];
  readonly atStep: (readonly Activation[])[] = [];
  readonly ofEvent = new Map<number, number>();
  private readonly threads = new Map<string, ThreadState>();
  private gaps = 0;
  /** Sessions in which a thread was named. */
  private readonly named = new Set<number>();

  constructor(
    private readonly listenerOffset: bigint,
    private readonly lives: EventLives,
    private readonly firstId: number,
  ) {}

  advance(step: Step): void {
    if (step.gapBefore) this.gaps += 1;
    if (isEmpty(step)) {
      this.atStep.push(NONE);
      return;
    }
    // Named ones are those of their session, and the text may come back to it.
    if (this.lives.enter(step.session)) this.threads.delete('');
    const incarnation = this.lives.follow(step);
    if (incarnation !== undefined) this.ofEvent.set(step.index, incarnation);
    if (step.returned !== undefined) followReturn(this.stateOf(step.thread ?? ''), step, this.gaps);
    if (step.calls.length === 0 && !step.stackKnown) {
      this.atStep.push(NONE);
      return;
    }
    this.followNames(step);
    this.nameThread(step);
    const state = this.stateOf(step.thread ?? '');
    state.returned = undefined;
    const shown = step.stackKnown ? this.followStack(state, step) : this.bareStop(state, step);
    if (step.stackKnown) state.gaps = this.gaps;
    for (const activation of shown) {
      activation.last = step.index;
      if (step.altered !== undefined) activation.altered = true;
    }
    notePrinted(shown.at(-1), step);
    // A copy has no room to grow.
    this.atStep.push(shown.slice());
  }

  threadGone(thread: string, at: number): void {
    const state = this.threads.get(thread);
    if (state === undefined) {
      const nameless = this.threads.get('');
      if (nameless !== undefined) nameless.mayBeAnother = true;
      return;
    }
    closeAll(allOf(state), at);
    this.threads.delete(thread);
  }

  /** Behind a gap a stack without a name may be of any thread, also of another than the one before. */
  private followNames({ thread, session }: Step): void {
    if (thread !== undefined) this.named.add(session);
    else if (this.named.has(session) && this.threads.get('')?.gaps !== this.gaps) {
      const { parts } = this.stateOf('');
      this.threads.set('', { ...newThread(this.gaps, parts), mayBeAnother: true });
    }
  }

  /** A stack that stands before every line that names a thread is of the one that goes on with it. */
  private nameThread({ thread, calls, stackKnown }: Step): void {
    const nameless = this.threads.get('');
    if (nameless === undefined || thread === undefined || this.threads.has(thread) || !stackKnown)
      return;
    const [outer, outermost] = [(nameless.outer ?? nameless).open[0], calls[0]];
    if (outer === undefined || outermost === undefined) return;
    if (nameless.mayBeAnother === true) return;
    if (sameness(outer, outermost) !== 'same') return;
    for (const activation of allOf(nameless)) activation.thread = thread;
    this.threads.delete('');
    this.threads.set(thread, nameless);
  }

  private stateOf(thread: string): ThreadState {
    let state = this.threads.get(thread);
    if (state === undefined) {
      state = newThread(this.gaps);
      this.threads.set(thread, state);
    }
    return state;
  }

  private bareStop(state: ThreadState, step: Step): Activation[] {
    const call = step.calls[0];
    if (call === undefined) return [];
    if (step.entry) this.closeSameFunction(state, call, step.index);
    const activation = this.open(step, call, step.line, undefined, step.entry);
    addBare(state, activation, this.gaps);
    return [activation];
  }

  private followStack(state: ThreadState, step: Step): Activation[] {
    if (state.isCut) this.addCallers(state, step);
    if (!step.partial) leaveCut(state, step);
    const on = goingOn(state.open, step);
    const kept = [...on.kept];
    const left = gone(state, state.open.slice(kept.length), step, on.shown);
    // A stack cut short can only prove the end of calls inner to one that it does show.
    const provesEnd = !step.partial && on.isCertain && (step.complete || on.shown > 0);
    if (provesEnd) closeAll(left, step.index);
    const last = step.calls.at(-1);
    if (step.entry && last !== undefined) {
      this.closeSameFunction(state, last, step.index);
      this.dropSameFunction(state, step, last);
    }
    const again = on.shown > 0 ? undefined : state.parts.goingOn(step);
    if (again !== undefined) kept.push(...again.kept);
    for (let i = again?.shown ?? on.shown; i < step.calls.length; i++) {
      const call = step.calls[i];
      if (call === undefined) continue;
      const entered = step.entry && i === step.calls.length - 1;
      const opened = this.open(step, call, step.callLines[i] ?? step.line, kept.at(-1), entered);
      opened.mayBeEarlier = !entered && (!on.isCertain || this.mayBeShown(state, step, call));
      kept.push(opened);
    }
    if (!step.partial) {
      if (step.complete) state.parts.clear();
      const isLinked = step.complete || on.shown > 0;
      if (!isLinked && state.isRooted)
        state.outer = {
          open: state.open,
          isCut: state.isCut,
          isRooted: true,
          height: state.height,
        };
      state.isRooted = step.complete || (isLinked && state.isRooted);
      state.isCut = !step.complete;
      state.height = Math.max(on.kept.length === 0 ? 0 : state.height, kept.length);
      state.open = kept;
      if (state.height > MOST_CALLS) forget(state);
    } else if (step.entry) {
      // A call between these may be hidden: a later stack that shows it would seem to end those inside.
      state.parts.remember(state.open);
      state.open = [];
      state.outer = undefined;
    }
    if (step.partial) state.parts.remember(kept.slice());
    // Otherwise what a partial stack does not show may go on inside.
    return kept;
  }

  /** The last stack was cut short, and this one shows who called its outermost call. */
  private addCallers(state: ThreadState, step: Step): void {
    // What a cut stack showed may have ended where records are missing.
    if (state.gaps !== this.gaps) state.open = [];
    const [outermost] = state.open;
    if (outermost === undefined) return;
    const before = step.entry ? step.calls.slice(0, -1) : step.calls;
    const at = before.findIndex((call) => sameness(outermost, call) !== 'different');
    const same = before[at];
    if (at <= 0 || same === undefined) return;
    if (sameness(outermost, same) === 'unknown') {
      // Perhaps it goes on there, perhaps it does not: nothing ends it.
      state.open = [];
      return;
    }
    const { outer } = state;
    const on = goingOn(outer?.open ?? [], step, at);
    const callers = [...on.kept];
    if (outer !== undefined && on.isCertain && (step.complete || on.shown > 0)) {
      closeAll(gone(outer, outer.open.slice(callers.length), step, on.shown), step.index);
    }
    for (let i = on.shown; i < at; i++) {
      const call = step.calls[i];
      if (call === undefined) continue;
      callers.push(this.open(step, call, step.callLines[i] ?? step.line, callers.at(-1), false));
    }
    outermost.parent = callers.at(-1);
    outermost.parent?.adopt(outermost);
    state.open = [...callers, ...state.open];
    state.height = Math.max(outer?.height ?? 0, callers.length + state.height);
    state.isRooted = outer?.isRooted === true && on.shown > 0;
    state.outer = undefined;
  }

  /** A thread enters a function anew: an older execution of it, for the same device, has returned. */
  private closeSameFunction({ bare }: ThreadState, call: Call, at: number): void {
    bare.endSame(call.func, deviceOf(call, this.listenerOffset), at);
  }

  /**
   * A stack cut short that shows the function later is of the one that was entered last. Without a caller it may be the
   * part of itself that GCC has split off: then the execution goes on.
   */
  private dropSameFunction(state: ThreadState, { calls }: Step, call: Call): void {
    if (calls.length < 2) return;
    const isSame = this.isSameFunction(call);
    state.open = around(state.open, isSame);
    state.parts.leave(isSame);
    if (state.outer !== undefined)
      state.outer = { ...state.outer, open: around(state.outer.open, isSame) };
  }

  /** A backtrace that misses frames showed it before, in this thread or where none is named; or this one may be of any thread. */
  private mayBeShown({ parts }: ThreadState, { thread, partial }: Step, call: Call): boolean {
    if (parts.mayHave(call) || this.threads.get('')?.parts.mayHave(call) === true) return true;
    if (thread !== undefined || !partial) return false;
    for (const other of this.threads.values()) {
      const isOpen = allOf(other).some((a) => sameness(a, call) !== 'different');
      if (isOpen || other.parts.mayHave(call)) return true;
    }
    return false;
  }

  private isSameFunction(call: Call): (a: Activation) => boolean {
    const device = deviceOf(call, this.listenerOffset);
    return (a) =>
      a.func === call.func &&
      (a.device === undefined || device === undefined || a.device === device);
  }

  private open(
    step: Step,
    call: Call,
    line: number,
    parent: Activation | undefined,
    entered: boolean,
  ): Activation {
    const device = deviceOf(call, this.listenerOffset) ?? inheritedDevice(call, parent);
    const incarnation = device === undefined ? 0 : this.lives.of(device, call.row.kind);
    const id = this.firstId + this.all.length;
    const activation = new Activation(id, call, step, line, entered, parent, device, incarnation);
    this.all.push(activation);
    return activation;
  }
}

/** What a cut stack showed does not go on in this one: what was open before it may. */
function leaveCut(state: ThreadState, step: Step): void {
  const { outer, open } = state;
  if (outer === undefined || goingOn(open, step).shown > 0) return;
  if (step.complete) closeAll(gone(state, open, step, 0), step.index);
  Object.assign(state, outer, { outer: undefined });
}

/** Stacks cut short that put calls around calls without end were made up: nothing ends what they showed. */
function forget(state: ThreadState): void {
  Object.assign(state, { open: [], isRooted: false, height: 0, outer: undefined });
}

/** The calls around the outermost one that `is` it; all where none is. */
function around(open: Activation[], is: (a: Activation) => boolean): Activation[] {
  const at = open.findIndex(is);
  return at < 0 ? open : open.slice(0, at);
}

function notePrinted(activation: Activation | undefined, { printed }: Step): void {
  if (activation === undefined || printed === undefined) return;
  // What was printed first is kept.
  activation.printed = new Map([...Object.entries(printed), ...(activation.printed ?? [])]);
}

/** What it showed was made a fact before, see `FactBuilder`. */
function isEmpty({ calls, stackKnown, event, wire, returned }: Step): boolean {
  const shown = event ?? wire ?? returned;
  return calls.length === 0 && !stackKnown && shown === undefined;
}
