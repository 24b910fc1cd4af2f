/**
 * Passes over all memory listeners: memory_global_dirty_log_start() calls log_global_start of every
 * registered one, the stop log_global_stop in the opposite order (system/memory.c).
 */
import { firstIndex } from '../../../base/search.js';
import { callerOf, hasSucceeded } from '../../../flows/activations/activation.js';
import type { Activation } from '../../../flows/activations/activation.js';
import type { Step } from '../../../facts/step.js';
import type { FactKind } from '../../../model/fact.js';
import type { Run } from '../../../flows/run.js';
import { hasGap, versionsIn } from '../../../flows/run.js';
import type { Judgement, SessionContext } from '../../rule.js';
import { momentsOf, registeredBefore, registrationDoubts } from '../device-lives.js';
import type { Life } from '../device-lives.js';
import { endOf, hasStranger, lastBefore, unwatched } from './queries.js';

export interface GlobalPass {
  readonly enable: boolean;
  /** memory_global_dirty_log_start() or _stop(), the innermost of the `do_` pair that is shown. */
  readonly activation: Activation;
  /** vhost_log_global_start() or _stop() of this pass, in order. */
  readonly calls: readonly Activation[];
  /** For a start: log stops of its own rollback. */
  readonly undone: readonly Activation[];
}

const STARTS = 'memory_global_dirty_log_start';
const STOPS = 'memory_global_dirty_log_stop';
/** Up to 6.2 every start and every stop calls all listeners; later only the first user's start and the last one's stop. */
const ALWAYS_CALLS = 602;
/** From this version on a listener may refuse, which ends the pass. */
const MAY_REFUSE = 901;

/** All passes of a session in order. */
export function globalPasses(context: SessionContext): readonly GlobalPass[] {
  return context.once('global passes', () => {
    const drafts = new Map<Activation, { calls: Activation[]; undone: Activation[] }>();
    const draftOf = (pass: Activation): { calls: Activation[]; undone: Activation[] } => {
      const draft = drafts.get(pass) ?? { calls: [], undone: [] };
      drafts.set(pass, draft);
      return draft;
    };
    for (const activation of context.of(STARTS, STOPS)) {
      if (callsListeners(context.run, activation)) draftOf(activation);
    }
    for (const call of context.of('vhost_log_global_start', 'vhost_log_global_stop')) {
      const pass = callerOf(call, STARTS, STOPS);
      if (pass === undefined) continue;
      const isStart = call.kind === 'vhost_log_global_start';
      const isRollback = pass.kind === STARTS && !isStart;
      if (isRollback) draftOf(pass).undone.push(call);
      else if (isStart === (pass.kind === STARTS)) draftOf(pass).calls.push(call);
    }
    return [...drafts]
      .map(([activation, draft]) => ({ enable: activation.kind === STARTS, activation, ...draft }))
      .sort((a, b) => a.activation.id - b.activation.id);
  });
}

/**
 * It goes through the listeners whatever else is seen below it. The first user's start, and the last one's stop, commit a memory
 * transaction beside that (QEMU system/memory.c memory_global_dirty_log_start(), memory_global_dirty_log_do_stop()).
 */
function callsListeners({ profile }: Run, activation: Activation): boolean {
  const { entered, func, kind, children } = activation;
  if (!entered) return false;
  const isInner = !children.some((call) => call.kind === kind);
  return (
    (isInner && children.some((call) => call.kind === 'vhost_commit')) ||
    (kind === STARTS && func === 'memory_global_dirty_log_do_start') ||
    (profile.atMost <= ALWAYS_CALLS && func.startsWith('memory_global_dirty_log_do_')) ||
    (profile.atMost <= ALWAYS_CALLS && func === STARTS)
  );
}

/** The call returned and the process lived on: an abort() ends threads as well. */
export function isOver(run: Run, { closed, session }: Activation): boolean {
  return closed !== undefined && run.steps[closed]?.session === session;
}

/**
 * A stack that is cut short (`bt 3`) does not show the calls around it: what is one execution then looks
 * like several. One that is not seen to be entered may be the rest of such a one. Where a probe shows entry and return,
 * no stack is asked for.
 */
export function cutStacks(context: SessionContext, activation: Activation): string[] {
  if (activation.isWatched) return [];
  const { first, entered, func, thread } = activation;
  const { all, cut } = stacksOf(context, thread);
  const before = entered ? undefined : all[placeOf(all, first) - 1];
  const next = cut[placeOf(cut, first)];
  const isCut = next !== undefined && next.index < endOf(context.run, activation);
  return isCut || before?.complete === false ? [`whole backtraces around ${func}`] : [];
}

/** Stacks of a thread, and those of them that are cut short. */
interface Stacks {
  readonly all: Step[];
  readonly cut: Step[];
}

function stacksOf(context: SessionContext, thread: string | undefined): Stacks {
  const byThread = context.once('stacks of threads', () => {
    const found = new Map<string | undefined, Stacks>();
    for (const step of context.steps) {
      if (step.frames.length === 0) continue;
      let stacks = found.get(step.thread);
      if (stacks === undefined) found.set(step.thread, (stacks = { all: [], cut: [] }));
      stacks.all.push(step);
      if (!step.complete) stacks.cut.push(step);
    }
    return found;
  });
  return byThread.get(thread) ?? { all: [], cut: [] };
}

/** Place of the first of some steps that does not come before a step. */
function placeOf(steps: readonly Step[], index: number): number {
  return firstIndex(steps.length, (i) => (steps[i]?.index ?? index) >= index);
}

/** What LS-ALL-DEVICES and LE-ALL-DEVICES ask: did the pass reach every device that is registered? */
export function* judgeReach(context: SessionContext, enable: boolean): Generator<Judgement> {
  const callback = enable ? 'vhost_log_global_start' : 'vhost_log_global_stop';
  for (const pass of globalPasses(context)) {
    if (pass.enable !== enable) continue;
    yield* judgePass(context, pass, callback);
  }
  if (!enable) yield* postponedStops(context);
  yield* judgeUnplaced(context, callback);
}

/** memory_global_dirty_log_stop() of a machine that does not run calls no listener before that runs again. */
function* postponedStops(context: SessionContext): Generator<Judgement> {
  const passing = new Set(globalPasses(context).map(({ activation }) => activation));
  for (const stop of context.of(STOPS)) {
    if (!stop.entered || passing.has(stop) || !isMachineStopped(context, stop.first)) continue;
    const { first: step, line } = stop;
    const message = 'the machine does not run: the log stop waits until it does';
    yield { verdict: 'pass', device: undefined, step, line, message };
  }
}

function isMachineStopped(context: SessionContext, step: number): boolean {
  const change = lastBefore(context.of('vm_state_notify'), step);
  return (
    change?.enable === false &&
    context.run.probes.watching('vm_state_notify', change.first, step) !== undefined
  );
}

/** Devices that the pass before this one has reached: they are registered, whether they were started or not. */
function reachedBefore(
  context: SessionContext,
  { activation }: GlobalPass,
  known: readonly Life[],
): Life[] {
  const passes = globalPasses(context);
  const before = passes.filter((pass) => pass.activation.last < activation.first).at(-1);
  if (before === undefined) return [];
  const moments = momentsOf(context, 'calls');
  const found = new Map<string, Life>();
  for (const call of before.calls) {
    const { device, first: step, line } = call;
    if (device === undefined || known.some((life) => life.device === device)) continue;
    const own = moments.get(device) ?? [];
    const isGone = own.some(
      ({ kind, step: at }) =>
        (kind === 'init' || kind === 'cleanup') && at > step && at < activation.last,
    );
    if (isGone) continue;
    // What is asked of it is whether it is registered still: as of a device that was stopped.
    const start = { kind: 'stop', step, line, activation: call } as const;
    found.set(device, { device, start, next: undefined });
  }
  return [...found.values()];
}

function* judgePass(
  context: SessionContext,
  pass: GlobalPass,
  callback: FactKind,
): Generator<Judgement> {
  const { activation, calls } = pass;
  const started = registeredBefore(context, 'calls', activation.first).filter(
    ({ next }) => next === undefined || next.step > activation.last,
  );
  const lives = [...started, ...reachedBefore(context, pass, started)];
  const reached = new Set(calls.map(({ device }) => device));
  const missed = lives.filter(({ device }) => !reached.has(device));
  const subject = calls[0] ?? activation;
  const at = { step: subject.first, line: subject.line };
  for (const life of missed) yield judgeMissed(context, pass, life, callback);
  if (missed.length > 0) return;
  // A stopped device is registered too, but may have been cleaned up unseen.
  const known = new Set(lives.map(({ device }) => device));
  for (const device of momentsOf(context, 'calls').keys())
    if (reached.has(device)) known.add(device);
  if (known.size > 0) {
    const how =
      known.size === 1 ? 'the one device that is known' : `all ${known.size} known devices`;
    yield { verdict: 'pass', ...at, message: `${callback} reaches ${how}` };
    return;
  }
  yield {
    verdict: 'inconclusive',
    ...at,
    message: `which devices ${callback} has to reach is not known`,
    missing: ['the device starts before it, with probes vhost_dev_start and vhost_dev_stop'],
  };
}

function judgeMissed(
  context: SessionContext,
  pass: GlobalPass,
  life: Life,
  callback: FactKind,
): Judgement {
  const { activation, calls } = pass;
  const { device, start } = life;
  const subject = calls.at(-1) ?? activation;
  const at = { device, step: subject.first, line: subject.line };
  const missing = [
    ...registrationDoubts(context, 'calls', life, activation.last),
    ...passDoubts(context, pass, callback),
  ];
  if (missing.length > 0) {
    const message = `${callback} is not seen to reach the device`;
    return { verdict: 'inconclusive', ...at, message, missing };
  }
  return {
    verdict: 'violation',
    ...at,
    message: `${activation.func} never calls ${callback} for the device, which is registered`,
    expected: `${callback} for every vhost_dev`,
    evidence: [
      {
        line: start.line,
        role:
          start.activation?.kind === 'vhost_log_global_start' ||
          start.activation?.kind === 'vhost_log_global_stop'
            ? 'the pass before it reaches the device'
            : `the ${start.kind} of the device`,
      },
      ...calls.map(({ line }) => ({ line, role: 'the same pass reaches another device' })),
    ],
  };
}

/** What keeps a device that a pass does not reach from being one that it forgot. */
function passDoubts(context: SessionContext, pass: GlobalPass, callback: FactKind): string[] {
  const { run } = context;
  const { activation } = pass;
  const end = endOf(run, activation);
  const found = unwatched(run, callback, activation.first, end);
  if (activation.mayBeEarlier) found.push(`the entry of ${activation.func}`);
  if (!isOver(run, activation)) found.push(`proof that ${activation.func} returned`);
  if (hasGap(run, activation.first, end)) found.push(`an unbroken record of ${activation.func}`);
  if (hasStranger(context, activation.first - 1, end, callback))
    found.push(`listener= of every ${callback}`);
  found.push(...cutStacks(context, activation));
  if (activation.altered || pass.calls.some((call) => call.altered))
    found.push('a run that the debugger did not alter');
  if (pass.enable && mayHaveFailed(context, pass))
    found.push(
      'proof that the log start succeeded: what memory_global_dirty_log_start returned, or the sync after it in a migration',
    );
  return found;
}

/**
 * Since 9.1 the first listener that refuses (vhost or not) ends the pass, and those before it are told to
 * stop. Up to 9.0 nobody can refuse; a vhost device that fails aborts the process.
 * A dirty rate run goes on to its sync all the same (migration/dirtyrate.c calculate_dirtyrate_dirty_bitmap()).
 */
export function mayHaveFailed(context: SessionContext, pass: GlobalPass): boolean {
  const { run } = context;
  const { activation, calls, undone } = pass;
  if (undone.length > 0) return true;
  if (versionsIn(run, activation.session).atMost < MAY_REFUSE || isToldToSucceed(activation))
    return false;
  const thread = callerOf(activation, 'migration_thread');
  const after = (lastWork(context).get(thread) ?? -1) > activation.last;
  const stops = unwatched(run, 'vhost_log_global_stop', activation.first, endOf(run, activation));
  const devices = new Set(calls.map(({ device }) => device));
  return !after && !(stops.length === 0 && devices.size > 1);
}

/** memory_global_dirty_log_start() returns what its memory_global_dirty_log_do_start() does. */
function isToldToSucceed(pass: Activation): boolean {
  return [pass, callerOf(pass, STARTS)].some((a) => a !== undefined && hasSucceeded(a));
}

/**
 * For each migration_thread() the last time that it begins something which only a migration in good order
 * does: reading the dirty log, or completing.
 */
export function lastWork(context: SessionContext): ReadonlyMap<Activation | undefined, number> {
  return context.once('last work of migrations', () => {
    const last = new Map<Activation | undefined, number>();
    for (const activation of context.activations) {
      const work = callerOf(activation, ...WORK);
      const thread = work === undefined ? undefined : callerOf(work, 'migration_thread');
      if (thread !== undefined) last.set(thread, activation.first);
    }
    return last;
  });
}

const WORK = ['migration_bitmap_sync', 'migration_completion', 'postcopy_start'] as const;

/** Callbacks whose stack does not reach the pass that makes them, nor shows that none does. */
function unplacedCalls(context: SessionContext, callback: FactKind): readonly Activation[] {
  return context.once(`unplaced ${callback}`, () =>
    context
      .of(callback)
      .filter(
        (call) =>
          context.run.steps[call.first]?.complete !== true &&
          callerOf(call, STARTS, STOPS) === undefined,
      ),
  );
}

function* judgeUnplaced(context: SessionContext, callback: FactKind): Generator<Judgement> {
  const [call] = unplacedCalls(context, callback);
  if (call === undefined) return;
  yield {
    verdict: 'inconclusive',
    step: call.first,
    line: call.line,
    message: `which pass over the devices ${callback} belongs to is not shown`,
    missing: [`the whole backtrace at ${callback}`],
  };
}
