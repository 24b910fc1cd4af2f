/**
 * Rounds of reading the dirty log: one memory_global_dirty_log_sync() over all listeners.
 *
 * By calls, a round is what its backtraces show as one execution. Where neither memory_global_dirty_log_sync()
 * nor migration_bitmap_sync() is watched, rounds that follow each other in one thread look like one, so
 * only what holds for all of them may be concluded. By trace events, a round lies between
 * migration_bitmap_sync_start and _end; the BQL is held all the time (migration/ram.c).
 */
import { append } from '../../base/append.js';
import { callerOf } from '../../flows/activations/activation.js';
import type { Activation } from '../../flows/activations/activation.js';
import type { Step } from '../../facts/step.js';
import type { SessionContext } from '../rule.js';

export interface SyncRound {
  /** memory_global_dirty_log_sync() or, where it is not shown, migration_bitmap_sync(). */
  readonly activation: Activation;
  /** vhost_log_sync() calls, in order; none where memory_global_dirty_log_sync() itself is seen to begin. */
  readonly calls: readonly Activation[];
}

/** Rounds by calls; the sync of one region for the display (memory_region_sync_dirty_bitmap()) is none. */
export function syncRounds(context: SessionContext): readonly SyncRound[] {
  return context.once('sync rounds', () => {
    const rounds = new Map<Activation, Activation[]>();
    for (const round of context.of('memory_global_dirty_log_sync'))
      if (round.entered && isWatched(context, round)) rounds.set(round, []);
    for (const call of context.of('vhost_log_sync')) {
      const round = callerOf(call, 'memory_global_dirty_log_sync', 'migration_bitmap_sync');
      if (round === undefined) continue;
      append(rounds, round, call);
    }
    return [...rounds].map(([activation, calls]) => ({ activation, calls }));
  });
}

function isWatched({ run }: SessionContext, { first, closed }: Activation): boolean {
  const end = closed ?? run.steps.length;
  return run.probes.watching('vhost_log_sync', first, end) !== undefined;
}

/** A time at which a migration reads the dirty log, and the devices that it is seen to read from. */
export interface SyncPoint {
  readonly activation: Activation;
  /** The device whose log is read; undefined at the entry of what reads those of all. */
  readonly device: string | undefined;
}

/** Every read of a migration; dirty rate and display read too, but not below migration_bitmap_sync(). */
export function migrationSyncs(context: SessionContext): readonly SyncPoint[] {
  return context.once('migration syncs', () =>
    context
      .of('vhost_log_sync', 'migration_bitmap_sync', 'memory_global_dirty_log_sync')
      .filter((a) => {
        if (a.kind === 'migration_bitmap_sync') return a.entered && a.parent?.kind !== a.kind;
        const sync = callerOf(a, 'migration_bitmap_sync');
        return a.kind === 'vhost_log_sync'
          ? sync !== undefined
          : sync?.entered === false && a.entered;
      })
      .map((activation) => ({ activation, device: activation.device })),
  );
}

/** A round by trace events. */
export interface TracedRound {
  readonly start: Step;
  readonly end: Step;
  /** memory_region_sync_dirty of all regions, any listener. */
  readonly syncs: readonly Step[];
}

/** How many vhost devices the round asks, see {@link TracedRound}. */
export function askedListeners({ syncs }: TracedRound): number {
  return syncs.filter(({ event }) => event?.record.args?.listener === 'vhost').length;
}

/** Rounds with both ends. */
export function tracedRounds(context: SessionContext): readonly TracedRound[] {
  return context.once('traced rounds', () => {
    const rounds: TracedRound[] = [];
    let open: { start: Step; syncs: Step[] } | undefined;
    for (const step of context.events('migration_bitmap_sync', 'memory_global_dirty_log_sync')) {
      const { name, args } = step.event?.record ?? {};
      if (name === 'migration_bitmap_sync_start') open = { start: step, syncs: [] };
      else if (name === 'memory_region_sync_dirty' && args?.mr === '(all)') open?.syncs.push(step);
      else if (name === 'migration_bitmap_sync_end') {
        if (open !== undefined) rounds.push({ ...open, end: step });
        open = undefined;
      }
    }
    return rounds;
  });
}
