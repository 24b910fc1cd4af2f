/**
 * Log resizes as a QEMU trace log shows them: vhost_commit() of a started device whose memory table
 * changed, and SET_LOG_BASE among the messages that it sends.
 *
 * The messages name no device, and SET_LOG_BASE is also sent by a log start and by a device start with
 * logging on. Those send SET_FEATURES next to it; a resize has the memory table only: after the new
 * base when the log grows, before it when it shrinks. All of it runs under the BQL, so that the
 * messages between a commit and what the thread does next are those of the committing device.
 * Source: hw/virtio/vhost.c vhost_commit(); hw/virtio/vhost-user.c vhost_user_set_mem_table().
 */
import type { Step } from '../../facts/step.js';
import type { FactKind } from '../../model/fact.js';
import type { SessionContext } from '../rule.js';

/** One vhost_commit() of a trace log, with the messages that follow it in its thread. */
interface Commit {
  readonly step: Step;
  readonly started: boolean;
  readonly changed: boolean;
  readonly requests: number[];
}

/** The log of a device was resized for certain. */
export interface TracedResize {
  readonly step: Step;
  readonly way: 'grows' | 'shrinks';
  /** Every started vhost device had its log resized in this topology change, as far as the trace shows devices. */
  readonly ofAll: boolean;
}

/** Messages of vhost-user (docs/interop/vhost-user.rst). */
const SET_LOG_BASE = 6;
const SET_FEATURES = 2;
const MEM_TABLE: ReadonlySet<number> = new Set([5, 37, 38]);

/** Events that cannot lie within vhost_commit(): the thread has gone on to something else. */
const ELSEWHERE: ReadonlySet<FactKind> = new Set([
  'vhost_dev_start',
  'vhost_dev_stop',
  'vhost_dev_cleanup',
  'global_dirty_changed',
  'vhost_region',
  'vhost_section',
  'migration_bitmap_sync',
  'memory_global_dirty_log_sync',
  'migration_state',
  'vm_state_notify',
  'runstate_set',
  'virtio_set_status',
]);

/** Resizes of one migration with nothing after them that elects again, and the sync rounds after the first. */
export interface TracedLoss {
  readonly resizes: readonly [TracedResize, ...TracedResize[]];
  readonly rounds: readonly Step[];
}

/** By migration, in order. Rounds after a device stop read no log and are not counted. */
export function tracedLosses(context: SessionContext): TracedLoss[] {
  const resizeAt = new Map(findResizes(context).map((resize) => [resize.step.index, resize]));
  if (resizeAt.size === 0) return [];
  const losses: TracedLoss[] = [];
  let isActive = false;
  let isOpen = false;
  let current: { resizes: [TracedResize, ...TracedResize[]]; rounds: Step[] } | undefined;
  for (const step of context.events(...OF_LOSSES)) {
    const { record, row } = step.event ?? {};
    const resize = resizeAt.get(step.index);
    if (resize !== undefined && isActive) {
      if (current === undefined) {
        current = { resizes: [resize], rounds: [] };
        losses.push(current);
        isOpen = true;
      } else if (isOpen) current.resizes.push(resize);
    } else if (row?.kind === 'migration_state') {
      isActive = ACTIVE.has(record?.args?.new_state ?? '');
      if (!isActive) current = undefined;
    } else if (row?.kind === 'global_dirty_changed') {
      current = undefined;
    } else if (row !== undefined && ENDS.has(row.kind)) {
      isOpen = false;
      // What starts with logging on is elected.
      if (row.kind === 'vhost_dev_start') current = undefined;
    } else if (record?.name === 'migration_bitmap_sync_start' && isOpen) {
      current?.rounds.push(step);
    }
  }
  return losses;
}

/** States of a migration that transfers memory (migrate_set_state). */
const ACTIVE: ReadonlySet<string> = new Set(['active', 'pre-switchover', 'device']);

const ENDS: ReadonlySet<FactKind> = new Set([
  'vhost_dev_start',
  'vhost_dev_stop',
  'vhost_dev_cleanup',
]);

/** Kinds of events that {@link tracedLosses} follows. */
const OF_LOSSES: readonly FactKind[] = [
  'vhost_commit',
  'migration_state',
  'global_dirty_changed',
  'migration_bitmap_sync',
  ...ENDS,
];

function findResizes(context: SessionContext): TracedResize[] {
  const isOnlyOne = countListeners(context) === 1;
  return passesOf(context).flatMap((pass) => {
    const running = pass.filter(({ started }) => started);
    const ofAll = isOnlyOne || running.every((commit) => wayOf(commit) !== undefined);
    return running.flatMap((commit) => {
      const way = wayOf(commit);
      return way === undefined ? [] : [{ step: commit.step, way, ofAll }];
    });
  });
}

/** Commits by topology change: those of the listeners come one after the other. */
function passesOf(context: SessionContext): Commit[][] {
  const passes: Commit[][] = [];
  const open = new Map<string | undefined, Commit[]>();
  for (const step of context.steps) {
    const { event, thread } = step;
    if (event === undefined) continue;
    const { row, record } = event;
    if (row.kind === 'vhost_commit') {
      const pass = open.get(thread) ?? [];
      if (pass.length === 0) passes.push(pass);
      open.set(thread, pass);
      pass.push({
        step,
        started: record.args?.started === '1',
        changed: record.args?.changed === '1',
        requests: [],
      });
    } else if (row.kind === 'vhost_user_write') {
      open.get(thread)?.at(-1)?.requests.push(Number(record.args?.req));
    } else if (open.size > 0 && ELSEWHERE.has(row.kind)) {
      open.delete(thread);
    }
  }
  return passes;
}

/** How the commit resized the log, undefined when it is not certain that it did. */
function wayOf({ started, changed, requests }: Commit): TracedResize['way'] | undefined {
  const at = requests.indexOf(SET_LOG_BASE);
  if (!started || !changed || at < 0) return undefined;
  const before = requests.slice(0, at);
  const next = requests[at + 1];
  if (!before.every((request) => MEM_TABLE.has(request))) return undefined;
  if (before.length > 0) return next === SET_FEATURES ? undefined : 'shrinks';
  return next !== undefined && MEM_TABLE.has(next) ? 'grows' : undefined;
}

/** How many vhost memory listeners each sync round calls; undefined when no round shows it, or rounds differ. */
function countListeners(context: SessionContext): number | undefined {
  const counts = new Set<number>();
  let count = 0;
  for (const { event } of context.events('migration_bitmap_sync', 'memory_global_dirty_log_sync')) {
    const { name, args } = event?.record ?? {};
    if (name === 'memory_region_sync_dirty') {
      if (args?.listener === 'vhost' && args.mr === '(all)') count++;
    } else {
      if (name === 'migration_bitmap_sync_end') counts.add(count);
      count = 0;
    }
  }
  const [only] = counts;
  return counts.size === 1 ? only : undefined;
}
