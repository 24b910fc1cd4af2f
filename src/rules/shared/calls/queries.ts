/**
 * Questions that most rules ask of the calls of a run: what happened before a step, what keeps a call from being judged
 * by what it does not show, what was watched. Steps are indices of `run.steps`; missing-list entries are texts for
 * `missing` of a judgement, none where nothing is missing. All pure.
 */
import { firstIndex } from '../../../base/search.js';
import {
  callerOf,
  descendants,
  failureIn,
  isInside,
  sameness,
} from '../../../flows/activations/activation.js';
import type { Activation } from '../../../flows/activations/activation.js';
import { mayCall } from '../../../flows/activations/callers.js';
import type { Probe } from '../../../flows/probe-finder.js';
import { hasGap } from '../../../flows/run.js';
import type { Run } from '../../../flows/run.js';
import type { Backend, FactKind } from '../../../model/fact.js';
import { opFunction } from '../../../facts/functions.js';
import type { SessionContext } from '../../rule.js';

/** First step after an activation: where it had returned, or the end of the capture. */
export function endOf(run: Run, activation: Activation): number {
  return activation.closed ?? run.steps.length;
}

/** Index of the first of some calls in order that does not begin before a step. */
export function firstFrom(calls: readonly Activation[], step: number): number {
  return firstIndex(calls.length, (i) => (calls[i]?.first ?? step) >= step);
}

/** The first of some calls in order behind another that is of its device, or does not show which it is of. */
export function nextOf(
  calls: readonly Activation[],
  { device, last }: Activation,
): Activation | undefined {
  for (let i = firstFrom(calls, last + 1); i < calls.length; i++) {
    const call = calls[i];
    if (call?.device === undefined || call.device === device) return call;
  }
  return undefined;
}

/** The last of some calls in order that begins before a step. */
export function lastBefore(calls: readonly Activation[], step: number): Activation | undefined {
  return calls[firstFrom(calls, step) - 1];
}

/** Those of some calls in order that begin behind a step and before another. */
export function callsBetween(
  calls: readonly Activation[],
  from: number,
  to: number,
): readonly Activation[] {
  return calls.slice(firstFrom(calls, from + 1), firstFrom(calls, to));
}

/**
 * What keeps a call from being judged by what is missing in it: nothing for a call whose entry was
 * reported, that has certainly returned, with no gap in between and no hand of the debugger on it.
 * `over`: the step at which it has returned, or got past what is asked for, where that is known otherwise; `isEntered`:
 * nothing stands in front of what is shown of it.
 */
export function doubts(
  run: Run,
  activation: Activation,
  over = activation.closed,
  isEntered = activation.entered,
): string[] {
  const found = recordDoubts(run, activation, over, isEntered);
  const failed = failureIn(activation);
  if (failed !== undefined) {
    found.push(`a call that succeeded: ${failed.func} returned ${failed.result?.value ?? ''}`);
  }
  return found;
}

/** Both name their thread: one of them had the big lock of QEMU only when the other had given it back. */
export function isOfAnotherThread(one: Activation, other: Activation): boolean {
  return one.thread !== undefined && other.thread !== undefined && one.thread !== other.thread;
}

/** The same for a call of which it is known that it failed: is all of it shown? */
export function recordDoubts(
  run: Run,
  activation: Activation,
  over = activation.closed,
  isEntered = activation.entered,
): string[] {
  const found: string[] = [];
  if (!isEntered) found.push(`the entry of ${activation.func}`);
  if (!activation.stackKnown) found.push(`the backtrace at ${activation.func}`);
  found.push(...cutInTwo(run, activation));
  if (over === undefined) found.push(`proof that ${activation.func} returned`);
  if (hasGap(run, activation.first, over ?? run.steps.length))
    found.push(`an unbroken record of ${activation.func}`);
  if (isAltered(activation)) found.push('a run that the debugger did not alter');
  return found;
}

/**
 * A missing-list entry for a stop further down in a function than others, of a stack that does not show its caller: it
 * may be at the second part of a function that the compiler has cut in two (GCC tree-ssa-ipa-split.cc, `f.part.0`), and
 * what the first part did stands before it.
 */
export function cutInTwo(run: Run, { first, func, entered }: Activation): string[] {
  const step = run.steps[first];
  if (step === undefined || !entered || step.frames.length !== 1 || step.complete) return [];
  const line = step.frames[0]?.line ?? 0;
  return line > (firstLines(run).get(`${step.session} ${func}`) ?? line)
    ? [`the whole backtrace at ${func}`]
    : [];
}

const firstLinesOf = new WeakMap<Run, ReadonlyMap<string, number>>();

/** By session and function, the first line at which a breakpoint stopped in it. */
function firstLines(run: Run): ReadonlyMap<string, number> {
  let found = firstLinesOf.get(run);
  if (found === undefined) firstLinesOf.set(run, (found = findFirstLines(run)));
  return found;
}

function findFirstLines({ steps }: Run): Map<string, number> {
  const found = new Map<string, number>();
  for (const { calls, breakpoint, session } of steps) {
    const { func, frame } = calls.at(-1) ?? {};
    if (breakpoint === undefined || func === undefined || frame?.line === undefined) continue;
    const key = `${session} ${func}`;
    found.set(key, Math.min(frame.line, found.get(key) ?? frame.line));
  }
  return found;
}

function isAltered(activation: Activation): boolean {
  if (activation.altered) return true;
  for (const child of descendants(activation)) if (child.altered) return true;
  return false;
}

/** A missing-list entry when a function was not watched between two steps, or a call of it may have gone by unseen. */
export function unwatched(
  run: Run,
  kind: FactKind,
  from: number,
  to: number,
  backend?: Backend,
): string[] {
  const probe = run.probes.watching(kind, from, to, backend);
  if (probe === undefined) return [`probe ${probeName(kind, backend)}`];
  return unknownCopies(run, kind, probe, from, to);
}

/**
 * A breakpoint on an inlined function stops at the copies for which the compiler has left debug information. Where that
 * is so in one caller is shown by another call of it, with the same flag: a caller may come in a copy for each flag.
 * What is called through a table is no copy.
 */
function unknownCopies(
  run: Run,
  kind: FactKind,
  { func, hasCopies, isDeclared }: Probe,
  from: number,
  to: number,
): string[] {
  if (!hasCopies || isDeclared || kind.startsWith('op_') || CALLBACKS.has(kind)) return [];
  const caller = run.atStep[from]?.findLast(({ first, entered }) => first === from && entered);
  if (caller === undefined || endOf(run, caller) < to) return [];
  const key = [kind, caller.func, caller.enable, caller.session].join(' ');
  const known = knownCopies.get(run) ?? new Map<string, boolean>();
  knownCopies.set(run, known);
  const isKnown = known.get(key) ?? run.activations.some((call) => isLike(call, kind, caller));
  known.set(key, isKnown);
  return isKnown ? [] : [`a call of ${func} from ${caller.func} elsewhere: it is inlined`];
}

/** Of each run; each is looked for once. */
const knownCopies = new WeakMap<Run, Map<string, boolean>>();

/** A call of that kind from a caller of the same function with the same flag. */
function isLike(call: Activation, kind: FactKind, caller: Activation): boolean {
  if (call.kind !== kind || !call.entered || call.session !== caller.session) return false;
  const above = callerOf(call, caller.kind);
  return above?.func === caller.func && (above.enable ?? caller.enable) === caller.enable;
}

/** Members of a MemoryListener. */
const CALLBACKS: ReadonlySet<FactKind> = new Set([
  'vhost_log_global_start',
  'vhost_log_global_stop',
  'vhost_log_sync',
  'vhost_commit',
]);

/** The function to break on for a kind: `vhost_user_set_log_base`, `vhost_dev_start`. */
export function probeName(kind: FactKind, backend: Backend | undefined): string {
  if (!kind.startsWith('op_')) return kind;
  if (backend !== undefined) return opFunction(backend, kind) ?? kind;
  return `vhost_*_${kind.slice(3)}`;
}

/** Everything of these kinds below an activation, in order, without what is for another device. */
export function below(activation: Activation, ...kinds: readonly FactKind[]): Activation[] {
  const found: Activation[] = [];
  for (const child of descendants(activation)) {
    if (kinds.includes(child.kind) && !isForAnother(child, activation)) found.push(child);
  }
  return found.sort((a, b) => a.first - b.first);
}

/** Direct children of these kinds, in order, without what is for another device. */
export function childrenOf(activation: Activation, ...kinds: readonly FactKind[]): Activation[] {
  return activation.children.filter(
    (child) => kinds.includes(child.kind) && !isForAnother(child, activation),
  );
}

/**
 * What runs inside of a call for another device is no step of it: it runs in a main loop in which QEMU waits for a reply, or
 * got the wrong device (ST-LISTENER). Objects of one heap have addresses of one length: a shorter one was cut off.
 */
function isForAnother({ device }: Activation, outer: Activation): boolean {
  // One that it has from its own caller is that of the wrong call where a main loop runs in between.
  const own = outer.call.pointer === undefined ? undefined : outer.device;
  return (
    device !== undefined && own !== undefined && device !== own && device.length === own.length
  );
}

/**
 * Calls of a kind for the same device within the span of an activation that may belong to it: bare stops
 * (no backtrace), and stacks cut short (`bt 1`) before the activation would show.
 */
export function bareWithin(
  context: SessionContext,
  activation: Activation,
  ...kinds: readonly FactKind[]
): Activation[] {
  const end = endOf(context.run, activation);
  const calls = context.of(...kinds);
  const loose = context.onceFor(calls, 'loose', () => calls.filter((a) => a.isLoose));
  const within = loose.slice(firstFrom(loose, activation.first), firstFrom(loose, end));
  return within.filter(
    (a) =>
      (a.device === undefined || a.device === activation.device) &&
      (a.thread === undefined ||
        activation.thread === undefined ||
        a.thread === activation.thread) &&
      !isInside(a, activation) &&
      !isInsideAnother(a, activation) &&
      !isOfOthers(a, activation),
  );
}

/** A missing-list entry for the first such call, where what is not seen in an activation may be it. */
export function withoutCaller(
  context: SessionContext,
  activation: Activation,
  ...kinds: readonly FactKind[]
): string[] {
  const [call] = bareWithin(context, activation, ...kinds);
  return call === undefined ? [] : [`the whole backtrace at ${call.func}`];
}

/** Who called it is known by the stops of its thread, and what of that is not known is not called in the other. */
function isOfOthers(call: Activation, outer: Activation): boolean {
  let top = call;
  while (top.isLinked && top.parent !== undefined) top = top.parent;
  return top !== call && !mayCall(outer.kind, top.kind);
}

/** Its stack, as far as it is shown, has another execution of the same function. */
function isInsideAnother(call: Activation, { func, call: own }: Activation): boolean {
  for (let a = call.parent; a !== undefined; a = a.parent)
    if (a.func === func && sameness(a, own) === 'different') return true;
  return false;
}

/**
 * True when a call of these kinds that does not show its device lies between two steps: it may have
 * been about any device.
 */
export function hasStranger(
  context: SessionContext,
  from: number,
  to: number,
  ...kinds: readonly FactKind[]
): boolean {
  const calls = context.of(...kinds);
  const strangers = context.onceFor(calls, 'strangers', () =>
    calls.filter((a) => a.device === undefined),
  );
  return (strangers[firstFrom(strangers, from + 1)]?.first ?? to) < to;
}

/** Where a judgement about a call points: at its first sight. */
export function place(activation: Activation): {
  device: string | undefined;
  step: number;
  line: number;
} {
  return { device: activation.device, step: activation.first, line: activation.line };
}

export { callerOf, hasGap };
