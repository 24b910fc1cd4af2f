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
import type { Step } from '../../../facts/step.js';
import { hasGap } from '../../../flows/run.js';
import type { FactKind } from '../../../model/fact.js';
import type { SessionContext } from '../../rule.js';
import { ELSEWHERE } from './message-events.js';

/** One vhost_commit() of a trace log, with the messages that follow it in its thread. */
interface Commit {
  readonly step: Step;
  readonly started: boolean;
  readonly changed: boolean;
  readonly messages: Message[];
}

interface Message {
  readonly request: number;
  readonly step: number;
}

/** The log of a device was resized for certain. */
interface FoundResize {
  readonly step: Step;
  readonly way: 'grows' | 'shrinks';
  /** Every started vhost device had its log resized in this topology change, as far as the trace shows devices. */
  readonly ofAll: boolean;
}

export interface TracedResize extends FoundResize {
  /** A migration transfers memory. */
  readonly isMigrating: boolean;
}

/** Messages of vhost-user (docs/interop/vhost-user.rst). */
const SET_LOG_BASE = 6;
const SET_FEATURES = 2;
const GET_VRING_BASE = 11;
const MEM_TABLE: ReadonlySet<number> = new Set([5, 37, 38]);

/** Resizes with nothing after them that elects again, and the sync rounds of the migration after the first. */
export interface TracedLoss {
  readonly resizes: readonly [TracedResize, ...TracedResize[]];
  readonly rounds: readonly Step[];
  /** A device stops behind the rounds. */
  readonly stops: boolean;
  /** SET_LOG_BASE of a start with logging on, which elects its device before any of the rounds. */
  readonly again: Step | undefined;
  /**
   * From the first resize to the rounds the log is on without a break: a migration goes on, or `global_dirty_changed`
   * tells that somebody tracked dirty pages all the time. Only the first who tracks starts the log
   * (QEMU system/memory.c memory_global_dirty_log_start()), so that a migration that joins a measurement of the dirty rate
   * or a dirty limit elects nobody.
   */
  readonly isTracked: boolean;
}

/**
 * In order. Rounds after a device stop read no log and are not counted. Where the events of
 * starts and stops are not enabled, their messages show them: GET_VRING_BASE, and a SET_LOG_BASE that no
 * commit has sent.
 */
export function tracedLosses(context: SessionContext): TracedLoss[] {
  const passes = passesOf(context);
  const resizeAt = new Map(
    findResizes(context, passes).map((resize) => [resize.step.index, resize]),
  );
  if (resizeAt.size === 0) return [];
  const ofCommits = new Set(passes.flat().map((commit) => baseOf(commit)?.step));
  const losses: Draft[] = [];
  let isActive = false;
  let trackers: number | undefined;
  let isOpen = false;
  let current: Draft | undefined;
  for (const step of context.events(...OF_LOSSES)) {
    const { record, row } = step.event ?? {};
    const resize = resizeAt.get(step.index);
    const request = row?.kind === 'vhost_user_write' ? Number(record?.args?.req) : undefined;
    if (resize !== undefined) {
      if (current === undefined) {
        const isTracked = isActive || isOn(trackers);
        const first = { ...resize, isMigrating: isActive };
        current = { resizes: [first], rounds: [], stops: false, again: undefined, isTracked };
        losses.push(current);
        isOpen = true;
      } else if (isOpen) current.resizes.push({ ...resize, isMigrating: isActive });
    } else if (row?.kind === 'migration_state') {
      const state = record?.args?.new_state ?? '';
      isActive = ACTIVE.has(state);
      // A migration that begins starts the log only where nobody tracks yet, which its trackers or SET_LOG_BASE show.
      if (!isActive && state !== 'setup') current = undefined;
    } else if (row?.kind === 'global_dirty_changed') {
      const next = Number(record?.args?.bitmask);
      if (!isOn(trackers) || !isOn(next) || !isOneStep(trackers, next)) current = undefined;
      trackers = next;
    } else if (request === SET_LOG_BASE && !ofCommits.has(step.index)) {
      const latest = losses.at(-1);
      if (latest?.rounds.length === 0) latest.again ??= step;
      current = undefined;
    } else if (request === GET_VRING_BASE || (row !== undefined && ENDS.has(row.kind))) {
      isOpen = false;
      if (current !== undefined) current.stops = true;
      if (row?.kind === 'vhost_dev_start') current = undefined;
    } else if (record?.name === 'migration_bitmap_sync_start' && isOpen) {
      current?.rounds.push(step);
    }
  }
  return losses;
}

interface Draft extends TracedLoss {
  readonly resizes: [TracedResize, ...TracedResize[]];
  readonly rounds: Step[];
  stops: boolean;
  again: Step | undefined;
}

/** Somebody tracks dirty pages: bits of GLOBAL_DIRTY_MIGRATION, GLOBAL_DIRTY_DIRTY_RATE and GLOBAL_DIRTY_LIMIT. */
function isOn(trackers: number | undefined): trackers is number {
  return trackers !== undefined && trackers > 0;
}

/** Trackers come or go, and never both at once: else another QEMU writes here, too. */
function isOneStep(before: number, after: number): boolean {
  const all = before | after;
  return all === before || all === after;
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
  'vhost_user_write',
  ...ENDS,
];

function findResizes(
  context: SessionContext,
  passes: readonly (readonly Commit[])[],
): FoundResize[] {
  const isOnlyOne = countListeners(context) === 1;
  return passes.flatMap((pass) => {
    const running = pass.filter(({ started }) => started);
    const ofAll =
      isOnlyOne ||
      (isWhole(context, pass) && running.every((commit) => wayOf(commit) !== undefined));
    return running.flatMap((commit) => {
      const way = wayOf(commit);
      return way === undefined ? [] : [{ step: commit.step, way, ofAll }];
    });
  });
}

/** No commit can be lost next to those that are seen. */
function isWhole({ run }: SessionContext, pass: readonly Commit[]): boolean {
  const [first, last] = [pass[0], pass.at(-1)];
  if (first === undefined || last === undefined) return false;
  const end = last.messages.at(-1)?.step ?? last.step.index;
  return !hasGap(run, first.step.index - 1, end + 1);
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
        messages: [],
      });
    } else if (row.kind === 'vhost_user_write') {
      const message = { request: Number(record.args?.req), step: step.index };
      open.get(thread)?.at(-1)?.messages.push(message);
    } else if (open.size > 0 && ELSEWHERE.has(row.kind)) {
      open.delete(thread);
    }
  }
  return passes;
}

/** How the commit resized the log, undefined when it is not certain that it did. */
function wayOf(commit: Commit): FoundResize['way'] | undefined {
  const base = baseOf(commit);
  if (base === undefined) return undefined;
  const [first, second] = commit.messages;
  if (first !== base) return 'shrinks';
  return second !== undefined && MEM_TABLE.has(second.request) ? 'grows' : undefined;
}

/** SET_LOG_BASE that the commit may have sent itself: it comes next to the memory table. */
function baseOf({ started, changed, messages }: Commit): Message | undefined {
  if (!started || !changed) return undefined;
  const at = messages.findIndex(({ request }) => !MEM_TABLE.has(request));
  const base = messages[at];
  const isOwn = base?.request === SET_LOG_BASE && messages[at + 1]?.request !== SET_FEATURES;
  return isOwn ? base : undefined;
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
