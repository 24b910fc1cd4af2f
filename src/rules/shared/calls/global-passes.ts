/**
 * Passes over all memory listeners: memory_global_dirty_log_start() calls log_global_start of every
 * registered one, the stop log_global_stop in the opposite order (system/memory.c).
 */
import { firstIndex } from '../../../base/search.js';
import { callerOf, hasSucceeded } from '../../../flows/activations/activation.js';
import type { Activation } from '../../../flows/activations/activation.js';
import type { Step } from '../../../facts/step.js';
import type { Run } from '../../../flows/run.js';
import { versionsIn } from '../../../flows/run.js';
import type { SessionContext } from '../../rule.js';
import { endOf, unwatched } from './queries.js';

export interface GlobalPass {
  readonly enable: boolean;
  /** memory_global_dirty_log_start() or _stop(), the innermost of the `do_` pair that is shown. */
  readonly activation: Activation;
  /** vhost_log_global_start() or _stop() of this pass, in order. */
  readonly calls: readonly Activation[];
  /** For a start: log stops of its own rollback. */
  readonly undone: readonly Activation[];
}

export const STARTS = 'memory_global_dirty_log_start';
export const STOPS = 'memory_global_dirty_log_stop';
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
