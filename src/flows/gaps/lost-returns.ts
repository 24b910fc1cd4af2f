/**
 * Calls and returns of which the other half is missing, in a log that shows both: lines were taken out of it in between.
 *
 * Source: src/recipes/gdb-python.ts, VhtraceReturn, which has gdb say of each call that stopped when it comes back.
 */
import { plainName } from '../../facts/functions.js';
import { showsCalls } from '../../facts/step.js';
import type { Step } from '../../facts/step.js';
import type { LostHalf } from './lost-half.js';
import { isShort } from './short-calls.js';

/** A call that stopped the debugger, and has not come back. */
interface Entered {
  readonly line: number;
  /** The function that called it, where the stack shows that. */
  readonly caller: string | undefined;
  /** Line of the source that it stopped at. */
  readonly at: number | undefined;
}

/** Calls of a function in one session: those that are shown from the entry to the return, and the others. */
class Halves {
  whole = 0;
  /** The script watches each call: `finish` is for whom it is typed, and names no thread. */
  isWatched = false;
  readonly lone: LostHalf[] = [];
  /** Those of them that are none for any other reason. */
  readonly sure: LostHalf[] = [];
}

/** Of one thread. Known functions alone count. */
class ThreadHalves {
  readonly open = new Map<string, Entered>();
  /** Left without a return: a coroutine may still come back to it. */
  readonly left = new Map<string, LostHalf>();
  /** Functions of the first stack: where a log begins they have been entered. */
  begun: Set<string> | undefined;
  /** Functions of the last stack, with the line up to which the thread was seen outside of them. */
  since: ReadonlyMap<string, number> = new Map();
  /** The first step, the last stack that shows all that is running, and where each function came back last. */
  firstLine = 0;
  wholeLine = 0;
  readonly returned = new Map<string, number>();
  /** The last stack is such a one. */
  isWhole = false;
  lastLine = 0;
  lastReturned = '';
  /** Functions that stopped twice in one call, and may come back twice. */
  readonly doubled = new Set<string>();
  /** Where each function stopped last. */
  readonly hits = new Map<string, number>();

  /** The line up to which the thread was outside of a function that the last stack does not show. */
  outsideOf(func: string): number {
    if (this.isWhole) return this.lastLine;
    return Math.max(this.firstLine, this.wholeLine, this.returned.get(func) ?? 0);
  }

  /** What was shown of the call may be another stop: that of a function inside, with its stack, or at the same place. */
  mayHide(func: string): boolean {
    const inner = this.hits.get(BEGINS_WITH.get(func) ?? '') ?? 0;
    return this.since.has(func) || inner > this.outsideOf(func);
  }
}

/** Functions that may begin with a copy of another one, whose stop stands for theirs: hw/virtio/vhost.c. */
const BEGINS_WITH: ReadonlyMap<string, string> = new Map([
  ['vhost_log_global_start', 'vhost_migration_log'],
  ['vhost_log_global_stop', 'vhost_migration_log'],
  ['vhost_dev_stop', 'do_vhost_dev_stop'],
  ['vhost_dev_force_stop', 'do_vhost_dev_stop'],
  ['vhost_virtqueue_stop', 'do_vhost_virtqueue_stop'],
]);

/**
 * Where lines are missing. Of functions that mostly come back unseen nothing is known, unless each of their calls
 * `isWatched` at a step. Pure.
 */
export function findLostReturns(
  steps: readonly Step[],
  isWatched: (func: string, step: number) => boolean,
): LostHalf[] {
  // A uprobe names the call that it is about.
  const isTold = ({ returned }: Step): boolean =>
    returned !== undefined && returned.address === undefined;
  if (!steps.some(isTold)) return [];
  const begin = steps[0]?.line ?? 0;
  const functions = new Map<string, Halves>();
  const threads = new Map<string, ThreadHalves>();
  for (const step of steps) {
    const { session, thread = '', returned } = step;
    if (returned === undefined ? !showsCalls(step) : !isTold(step)) continue;
    const halvesOf = (func: string): Halves => made(functions, `${session} ${func}`, Halves);
    const state = made(threads, `${session} ${thread}`, ThreadHalves);
    // A thread that has come back from somewhere was at work before.
    if (state.firstLine === 0) state.firstLine = returned === undefined ? step.line : begin;
    if (returned === undefined) follow(state, step, halvesOf);
    else if (returned.func !== undefined) {
      const func = plainName(returned.func);
      if (returned.thread !== undefined) halvesOf(func).isWatched = true;
      // It is the stop at the entry that sets what reports this; a stack that shows the call may be that of such a stop.
      const isOfScript =
        returned.thread !== undefined && !state.mayHide(func) && isWatched(func, step.index);
      const lone = comeBack(state, step, func, halvesOf(func));
      if (lone !== undefined && isOfScript && isShort(func)) halvesOf(func).sure.push(lone);
    }
    state.lastLine = step.line;
  }
  return [...functions.values()].flatMap(({ whole, isWatched, lone, sure }) => {
    const isRare = isWatched ? whole >= lone.length : whole > lone.length;
    return whole > 0 && isRare ? lone : sure;
  });
}

function follow(state: ThreadHalves, step: Step, halvesOf: (func: string) => Halves): void {
  const { calls, entry, frames, line } = step;
  const inner = calls.at(-1)?.func;
  for (const [func, entered] of state.open) {
    const isAgain = entry && inner === func && isSamePlace(entered, step);
    if (!isAgain && !hasLeft(func, entered, step)) continue;
    const lost: LostHalf = { from: entered.line + 1, to: line, half: 'return', func };
    halvesOf(func).lone.push(lost);
    state.open.delete(func);
    state.left.set(func, lost);
  }
  const { since } = state;
  state.since = new Map(calls.map(({ func }) => [func, since.get(func) ?? state.outsideOf(func)]));
  state.isWhole = step.stackKnown && step.complete && !step.partial;
  if (state.isWhole) state.wholeLine = line;
  state.begun ??= new Set(state.since.keys());
  state.lastReturned = '';
  // What the debugger sends back does not come back by itself.
  if (!entry || step.altered !== undefined || inner === undefined) return;
  const caller = frames[1] && plainName(frames[1].func);
  if (state.open.has(inner)) state.doubled.add(inner);
  else state.open.set(inner, { line, caller, at: frames[0]?.line });
  state.hits.set(inner, line);
}

/** Of the same call a breakpoint may report a copy of a part of the function, which begins elsewhere. */
function isSamePlace({ at }: Entered, { frames }: Step): boolean {
  return at === undefined || frames[0]?.line === undefined || frames[0].line === at;
}

/** The stack does not show the call any more: it is whole, or goes out to what called it. */
function hasLeft(func: string, { caller }: Entered, step: Step): boolean {
  if (!step.stackKnown || step.partial || step.calls.some((call) => call.func === func))
    return false;
  return step.complete || step.frames.some((frame) => plainName(frame.func) === caller);
}

function isTwice({ lastReturned, doubled }: ThreadHalves, func: string): boolean {
  return lastReturned === func && doubled.has(func);
}

/** Where the call of what comes back is missing. */
function comeBack(
  state: ThreadHalves,
  { line }: Step,
  func: string,
  halves: Halves,
): LostHalf | undefined {
  let lone: LostHalf | undefined;
  const left = state.left.get(func);
  if (state.open.delete(func)) halves.whole += 1;
  else if (left !== undefined) {
    // It had not left for good.
    halves.lone.splice(halves.lone.indexOf(left), 1);
    halves.whole += 1;
  } else if (!isTwice(state, func) && state.begun?.delete(func) !== true) {
    const from = (state.since.get(func) ?? state.outsideOf(func)) + 1;
    lone = { from, to: line, half: 'call', func };
    halves.lone.push(lone);
  }
  state.left.delete(func);
  state.returned.set(func, line);
  state.lastReturned = func;
  return lone;
}

function made<Value>(map: Map<string, Value>, key: string, create: new () => Value): Value {
  let value = map.get(key);
  if (value === undefined) {
    value = new create();
    map.set(key, value);
  }
  return value;
}
