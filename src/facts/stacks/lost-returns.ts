/**
 * Calls and returns of which the other half is missing, in a log that shows both: lines were taken out of it in between.
 *
 * Source: src/recipes/gdb-python.ts, VhtraceReturn, which has gdb say of each call that stopped when it comes back.
 */
import type { Reach } from '../../model/record.js';
import { plainName } from '../functions.js';
import { showsCalls } from '../step.js';
import type { Step } from '../step.js';

/** A call that stopped the debugger, and has not come back. */
interface Entered {
  readonly line: number;
  /** The function that called it, where the stack shows that. */
  readonly caller: string | undefined;
}

/** Calls of a function in one session: those that are shown from the entry to the return, and the others. */
class Halves {
  whole = 0;
  /** The script watches each call: `finish` is for whom it is typed, and names no thread. */
  isWatched = false;
  readonly lone: Reach[] = [];
}

/** Of one thread. Known functions alone count. */
class ThreadHalves {
  readonly open = new Map<string, Entered>();
  /** Left without a return: a coroutine may still come back to it. */
  readonly left = new Map<string, Reach>();
  /** Functions of the first stack: where a log begins they have been entered. */
  begun: Set<string> | undefined;
  /** Functions of the last stack, with the line up to which the thread was seen outside of them. */
  since: ReadonlyMap<string, number> = new Map();
  lastLine = 0;
  lastReturned = '';
}

/** Where lines are missing. Of functions that mostly come back unseen nothing is known. Pure. */
export function findLostReturns(steps: readonly Step[]): Reach[] {
  const functions = new Map<string, Halves>();
  const threads = new Map<string, ThreadHalves>();
  for (const step of steps) {
    const { session, thread = '', returned } = step;
    // A uprobe names the call that it is about.
    if (returned === undefined ? !showsCalls(step) : returned.address !== undefined) continue;
    const halvesOf = (func: string): Halves => made(functions, `${session} ${func}`, Halves);
    const state = made(threads, `${session} ${thread}`, ThreadHalves);
    if (returned === undefined) follow(state, step, halvesOf);
    else if (returned.func !== undefined) {
      const func = plainName(returned.func);
      if (returned.thread !== undefined) halvesOf(func).isWatched = true;
      comeBack(state, step, func, halvesOf);
    }
    state.lastLine = step.line;
  }
  return [...functions.values()].flatMap(({ whole, isWatched, lone }) => {
    const isRare = isWatched ? whole >= lone.length : whole > lone.length;
    return whole > 0 && isRare ? lone : [];
  });
}

function follow(state: ThreadHalves, step: Step, halvesOf: (func: string) => Halves): void {
  const { calls, entry, frames, line } = step;
  const inner = calls.at(-1)?.func;
  for (const [func, entered] of state.open) {
    const isAgain = entry && inner === func;
    if (!isAgain && !hasLeft(func, entered, step)) continue;
    const reach = { from: entered.line + 1, to: line, why: `the return of ${func}` };
    halvesOf(func).lone.push(reach);
    state.open.delete(func);
    state.left.set(func, reach);
  }
  const { since, lastLine } = state;
  state.since = new Map(calls.map(({ func }) => [func, since.get(func) ?? lastLine]));
  state.begun ??= new Set(state.since.keys());
  state.lastReturned = '';
  // What the debugger sends back does not come back by itself.
  if (!entry || step.altered !== undefined || inner === undefined) return;
  const caller = frames[1] && plainName(frames[1].func);
  state.open.set(inner, { line, caller });
}

/** The stack does not show the call any more: it is whole, or goes out to what called it. */
function hasLeft(func: string, { caller }: Entered, step: Step): boolean {
  if (!step.stackKnown || step.partial || step.calls.some((call) => call.func === func))
    return false;
  return step.complete || step.frames.some((frame) => plainName(frame.func) === caller);
}

function comeBack(
  state: ThreadHalves,
  { line }: Step,
  func: string,
  halvesOf: (func: string) => Halves,
): void {
  const halves = halvesOf(func);
  const left = state.left.get(func);
  if (state.open.delete(func)) halves.whole += 1;
  else if (left !== undefined) {
    // It had not left for good.
    halves.lone.splice(halves.lone.indexOf(left), 1);
    halves.whole += 1;
  } else if (state.lastReturned !== func && state.begun?.delete(func) !== true) {
    // A function that begins with a copy of another comes back twice.
    const from = (state.since.get(func) ?? state.lastLine) + 1;
    halves.lone.push({ from, to: line, why: `the call of ${func}, which returns` });
  }
  state.left.delete(func);
  state.lastReturned = func;
}

function made<Value>(map: Map<string, Value>, key: string, create: new () => Value): Value {
  let value = map.get(key);
  if (value === undefined) {
    value = new create();
    map.set(key, value);
  }
  return value;
}
