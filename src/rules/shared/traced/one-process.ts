/**
 * Which trace events are of one QEMU. Where none names its process that is to be shown: a log may be of several,
 * see `facts/mixed-processes.ts` for those that are.
 *
 * A thread, a device and a migration are of one process each, so that threads which report the same device or the
 * same migration are of the same one. Where no thread is named, a round that asks as many vhost listeners as there
 * are devices shows them all.
 */
import { firstIndex } from '../../../base/search.js';
import type { Step } from '../../../facts/step.js';
import type { FactKind } from '../../../model/fact.js';
import { pointerOf } from '../../../model/values.js';
import type { SessionContext } from '../../rule.js';
import { askedListeners, tracedRounds } from '../sync-rounds.js';

/** What is missing where it is not shown; threads help where some event has none. */
export function oneQemu(context: SessionContext): string {
  const hasThreads = context.once('events all have threads', () =>
    context.steps.every(({ event, thread }) => event === undefined || thread !== undefined),
  );
  const how = hasThreads ? 'one log for each' : 'one log for each, or threads: -msg timestamp=on';
  return `the process that each event is of: several QEMUs may write here (${how})`;
}

/** What is missing where `missing` would do in the log of one QEMU: one of several has it, and it cannot be told from theirs. */
export function orOneQemu(context: SessionContext, missing: string): string {
  return context.run.mixed.has(context.session) ? oneQemu(context) : missing;
}

/** Devices as they are seen just before a step. */
export interface Seen {
  /** Of which a start is the last that is seen. */
  readonly startedAt: (step: number) => readonly { readonly device: string }[];
  /** How many there are, stopped ones among them: these are asked, too. */
  readonly countAt: (step: number) => number;
}

/** The device is of the QEMU that reports `at`, which is of its migration. */
export function isOfQemuAt(context: SessionContext, device: string, at: Step, seen: Seen): boolean {
  if (context.run.mixed.has(context.session)) return false;
  if (namesProcess(at)) return true;
  if (at.thread === undefined) return isAskedAround(context, device, at.index, seen);
  const groups = groupsOf(context);
  return groups.of(`thread ${at.thread}`) === groups.of(`device ${device}`);
}

/** By its number: in a container, or below a program that is named in its place, several may run. */
function namesProcess(step: Step | undefined): boolean {
  return typeof step?.event?.record.pid === 'number';
}

/**
 * Trace logs of two runs may stand in one file with nothing between them. A thread that is seen on both sides
 * belongs to one process, unless a container was started again and its threads have the same ids: its new QEMU
 * would report how it comes to run.
 */
export function isOneRun(context: SessionContext, from: number, to: number): boolean {
  if (namesProcess(context.steps[0])) return true;
  if (context.events('runstate_set').length === 0) return false;
  return spansOfThreads(context).some(({ first, last }) => first <= from && last >= to);
}

function spansOfThreads(context: SessionContext): readonly { first: number; last: number }[] {
  return context.once('spans of threads', () => {
    const spans = new Map<string, { first: number; last: number }>();
    let span: { first: number; last: number } | undefined;
    let before: string | undefined;
    for (const { thread, index } of context.steps) {
      if (thread === undefined) continue;
      if (span === undefined || thread !== before) {
        span = spans.get(thread) ?? { first: index, last: index };
        spans.set(thread, span);
        before = thread;
      }
      span.last = index;
    }
    return [...spans.values()];
  });
}

/** A round of the same migration asks every device that is known, this one among them. */
function isAskedAround(context: SessionContext, device: string, at: number, seen: Seen): boolean {
  return tracedRounds(context).some((round) => {
    const { index } = round.start;
    if (migrationAt(context, index) !== migrationAt(context, at)) return false;
    const isStarted = seen.startedAt(index).some((life) => life.device === device);
    return isStarted && askedListeners(round) >= seen.countAt(index);
  });
}

/** Between two of them is one migration at the most. */
const BORDERS: ReadonlySet<string> = new Set(['setup', 'completed', 'failed', 'cancelled']);

function migrationAt(context: SessionContext, step: number): number {
  const borders = context.once('borders of migrations', () =>
    context
      .events('migration_state')
      .filter(({ event }) => BORDERS.has(event?.record.args?.new_state ?? '')),
  );
  return firstIndex(borders.length, (i) => (borders[i]?.index ?? step) >= step);
}

/** What the source of a migration reports, from whichever thread. */
const OF_SOURCE: readonly FactKind[] = [
  'migration_setup_complete',
  'savevm_state_setup',
  'savevm_state',
  'migration_bitmap_sync',
  'migration_completion',
  'migration_after_loop',
  'savevm_state_cleanup',
  'migration_cleanup',
];

function groupsOf(context: SessionContext): Groups {
  return context.once('groups of one process', () => {
    const groups = new Groups();
    const source: ReadonlySet<FactKind> = new Set(OF_SOURCE);
    let migration = 0;
    for (const { event, thread } of context.steps) {
      if (event === undefined || thread === undefined) continue;
      const { row, record } = event;
      const { [row.device ?? '']: device, vdev, new_state: state } = record.args ?? {};
      const isSetup = row.kind === 'migration_state' && state === 'setup';
      if (isSetup) migration++;
      const own = `thread ${thread}`;
      if (isSetup || source.has(row.kind)) groups.join(own, `migration ${migration}`);
      const [pointer, parent] = [pointerOf(device), pointerOf(vdev)];
      if (pointer !== undefined) groups.join(own, `device ${pointer}`);
      if (parent !== undefined) groups.join(own, `virtio device ${parent}`);
    }
    return groups;
  });
}

/** Names that belong together: each leads to another of its group, or is the one that stands for it. */
class Groups {
  private readonly parents = new Map<string, string>();

  of(name: string): string {
    let at = name;
    for (let next = this.parents.get(at); next !== undefined; next = this.parents.get(at))
      at = next;
    if (at !== name) this.parents.set(name, at);
    return at;
  }

  join(a: string, b: string): void {
    const [one, other] = [this.of(a), this.of(b)];
    if (one !== other) this.parents.set(one, other);
  }
}
