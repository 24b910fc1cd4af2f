import { callerOf } from '../flows/activations/activation.js';
import type { Activation } from '../flows/activations/activation.js';
import type { Step } from '../facts/step.js';
import { bigintOf } from '../model/values.js';
import { hasGap, versionsIn } from '../flows/run.js';
import { lastWork } from './shared/calls/global-passes.js';
import { passes, successOf } from './shared/calls/log-passes.js';
import { place, unwatched } from './shared/calls/queries.js';
import type { Pass } from './shared/calls/log-passes.js';
import { orOneQemu } from './shared/traced/one-process.js';
import { mark } from './shared/marks.js';
import type { Judgement, Rule, SessionContext } from './rule.js';

/** Nothing switches logging off before the migration is through with it. */
export const mgStoppedEarly: Rule = {
  info: {
    id: 'MG-STOPPED-EARLY',
    title: 'logging stays on until the migration no longer reads the dirty log',
    severity: 'error',
    impact: 'corrupt',
    backends: ['kernel', 'user', 'vdpa'],
    versions: '2.12 - 11.1',
    needs: [
      'gdb: probe vhost_dev_set_log, its successful end, and backtraces of migration_thread before and after it',
      'trace: events global_dirty_changed, migrate_set_state and migration_bitmap_sync_start',
    ],
    why: 'What the device writes from then on is not marked dirty, and the migration goes on as if it were: the destination gets stale pages, silently.',
    probes: [
      'vhost_log_global_start',
      'stack of vhost_log_global_start',
      'vhost_dev_set_log',
      'migration_bitmap_sync',
      'return of vhost_dev_set_log',
    ],
    remedy:
      'Look at who stopped the log: the backtrace names the other user of dirty tracking; do not trust that migration.',
    exceptions: [
      'a migration that was cancelled or failed before, even if its thread is still there: it reads no more',
      'the rollback of a log start that failed (9.1 and later)',
      'the next log start of a migration that began in between',
    ],
    sources: [
      'QEMU system/memory.c memory_global_dirty_log_stop()',
      'QEMU migration/migration.c migration_thread()',
    ],
    bugs: [
      {
        where: 'QEMU 7b0538ed3a22 (7.0)',
        what: 'In 6.2 the end of a dirty rate measurement called the log stop of all listeners although a migration still tracked.',
      },
    ],
  },
  passesAtEntry: true,
  triggers: ['vhost_log_global_stop'],
  *sequence(context) {
    const migrations = migrationsOf(context);
    for (const pass of passes(context, false)) {
      const during = migrations.find((m) => isDuring(pass.activation, m));
      if (during !== undefined) yield judgeStop(context, pass, during);
    }
    for (const migration of migrations) yield* judgeWhole(context, migration);
    const untraced = OF_TRACE.filter((kind) => context.events(kind).length === 0);
    if (untraced.length > 0) yield* judgeUntraced(context, untraced);
    else yield* judgeTrace(context);
  },
};

/** A migration that certainly started the log and reads it, with the steps of both. */
interface ReadingMigration {
  readonly thread: Activation;
  readonly logStart: Activation;
  readonly lastRead: number;
}

function migrationsOf(context: SessionContext): ReadingMigration[] {
  const found: ReadingMigration[] = [];
  const starts = new Map<Activation, Activation>();
  for (const start of context.of('vhost_log_global_start')) {
    const thread = callerOf(start, 'migration_thread');
    if (thread !== undefined && !starts.has(thread)) starts.set(thread, start);
  }
  for (const [thread, lastRead] of lastWork(context)) {
    const logStart = thread === undefined ? undefined : starts.get(thread);
    if (thread === undefined || logStart === undefined || lastRead <= logStart.first) continue;
    found.push({ thread, logStart, lastRead });
  }
  return found;
}

function isDuring({ first }: Activation, { logStart, lastRead }: ReadingMigration): boolean {
  return first > logStart.first && first < lastRead;
}

function judgeStop(
  context: SessionContext,
  pass: Pass,
  { logStart, lastRead }: ReadingMigration,
): Judgement {
  const { activation } = pass;
  const at = place(activation);
  const success = successOf(context.run, pass);
  const missing: string[] = [];
  if (success === undefined) missing.push('proof that the log stop succeeded');
  if (hasGap(context.run, logStart.first, lastRead))
    missing.push('an unbroken record since the log start');
  if (callerOf(activation, 'vhost_log_global_stop', 'vhost_migration_log') === undefined)
    missing.push('the backtrace at vhost_dev_set_log');
  const read = context.run.steps[lastRead]?.line ?? activation.line;
  if (success === undefined || missing.length > 0) {
    const message = 'the log of a device is stopped while the migration goes on';
    return { verdict: 'inconclusive', ...at, message, missing };
  }
  return {
    verdict: 'violation',
    ...at,
    message: 'logging is switched off on a running device, and the migration goes on',
    expected: 'vhost_dev_set_log(false) only after the migration has ended',
    evidence: [
      { line: logStart.line, role: 'the log start of the migration' },
      success,
      { line: read, role: 'the same migration goes on' },
    ],
  };
}

/** A migration that is not disturbed. */
function* judgeWhole(
  context: SessionContext,
  { logStart, lastRead }: ReadingMigration,
): Generator<Judgement> {
  const { run } = context;
  const isStopped = passes(context, false).some(
    ({ activation: { first } }) => first > logStart.first && first < lastRead,
  );
  if (isStopped) return;
  const at = { step: logStart.first, line: logStart.line };
  const missing = unwatched(run, 'vhost_dev_set_log', logStart.first, lastRead);
  if (hasGap(run, logStart.first, lastRead)) missing.push('an unbroken record since the log start');
  // Stops of stopped devices only set a flag.
  if (missing.length > 0) {
    const message = 'a log stop during the migration would not be seen';
    yield { verdict: 'inconclusive', ...at, message, missing };
    return;
  }
  yield {
    verdict: 'pass',
    ...at,
    message: 'no log stop as long as the migration is seen to go on',
    seenAt: () => mark(run.steps[lastRead], 'the last that is seen of the migration'),
  };
}

/** Bit of global_dirty_changed that stands for migration (GLOBAL_DIRTY_MIGRATION). */
const MIGRATION = 1n;

/** States in which a migration still has to read the log: the last sync comes in the last of them. */
const READING: ReadonlySet<string> = new Set([
  'active',
  'pre-switchover',
  'device',
  'postcopy-active',
  'postcopy-device',
]);

/** Before 7.0 the end of any tracking calls the log stop of all listeners, see the bug of this rule. */
const STOPS_FOR_LAST_USER = 700;

/** What trace events show of one migration whose bit is set. */
interface Tracked {
  readonly logStart: Step;
  read: Step | undefined;
  /** Another user of dirty tracking has ended, and the migration goes on. */
  otherEnd: Step | undefined;
}

/** The migration's bit is cleared, and the next thing that the migration does is to read the log. */
function* judgeTrace(context: SessionContext): Generator<Judgement> {
  let state: string | undefined;
  let mask = 0n;
  let last: Step | undefined;
  let tracked: Tracked | undefined;
  let cleared: Step | undefined;
  for (const step of context.events(...OF_TRACE)) {
    const { row, record } = step.event ?? {};
    if (row?.kind === 'migration_state') {
      state = record?.args?.new_state ?? '';
      if (READING.has(state)) continue;
      cleared = undefined;
      if (tracked?.read !== undefined) yield trackedToEnd(context, tracked, tracked.read);
      // Where a log stop is postponed, the bit is still set when the next migration begins.
      if (tracked !== undefined) tracked.read = tracked.otherEnd = undefined;
    } else if (row?.kind === 'global_dirty_changed') {
      const next = bigintOf(record?.args?.bitmask) ?? 0n;
      const was = (mask & MIGRATION) !== 0n;
      const is = (next & MIGRATION) !== 0n;
      if (is && !was) tracked = { logStart: step, read: undefined, otherEnd: undefined };
      else if (is && (mask & ~next) !== 0n && tracked !== undefined) tracked.otherEnd ??= step;
      else if (was && !is) {
        tracked = undefined;
        // The log start comes in the setup: one that is taken back there fails the migration.
        cleared = state === 'setup' || READING.has(state ?? '') ? step : undefined;
      }
      mask = next;
      last = step;
    } else if (record?.name === 'migration_bitmap_sync_start') {
      const isLost = last === undefined || hasGap(context.run, last.index - 1, step.index);
      if (tracked !== undefined) tracked.read = step;
      else if (isLost && READING.has(state ?? '')) yield unseen(step, UNBROKEN);
      else if (cleared !== undefined && READING.has(state ?? '')) yield traced(cleared, step);
      cleared = undefined;
    }
  }
  if (tracked?.read !== undefined) yield trackedToEnd(context, tracked, tracked.read);
}

const OF_TRACE = ['migration_state', 'global_dirty_changed', 'migration_bitmap_sync'] as const;

function traced(cleared: Step, read: Step): Judgement {
  return {
    verdict: 'violation',
    step: cleared.index,
    line: cleared.line,
    message: 'dirty tracking ends for a migration, which goes on to read the dirty log',
    expected:
      'global_dirty_changed without the bit of migration only after the migration has ended',
    evidence: [{ line: read.line, role: 'the migration reads the dirty log' }],
  };
}

/** A migration whose bit is set from before its first read to its last one. */
function trackedToEnd(
  context: SessionContext,
  { logStart, otherEnd }: Tracked,
  read: Step,
): Judgement {
  const { run } = context;
  const missing: string[] = [];
  if (hasGap(run, logStart.index - 1, read.index)) missing.push(orOneQemu(context, UNBROKEN));
  if (otherEnd !== undefined && versionsIn(run, context.session).atLeast < STOPS_FOR_LAST_USER)
    missing.push('proof of QEMU 7.0 or later (the output of qemu --version)');
  if (missing.length > 0) return unseen(logStart, ...missing);
  return {
    verdict: 'pass',
    step: logStart.index,
    line: logStart.line,
    message: 'dirty tracking goes on until the migration has read the dirty log for the last time',
    evidence: [{ line: read.line, role: 'the last sync of the migration' }],
  };
}

/** A migration of which only some of the events are seen. */
function* judgeUntraced(
  context: SessionContext,
  missing: readonly (keyof typeof EVENT_OF)[],
): Generator<Judgement> {
  const [sync] = context.events('migration_bitmap_sync');
  const states = context.events('migration_state');
  const isRead =
    states.length === 0 ||
    states.some(({ event }) => READING.has(event?.record.args?.new_state ?? ''));
  const start = sync ?? context.events('global_dirty_changed').find(hasMigration);
  if (start === undefined || !isRead) return;
  yield unseen(start, ...missing.map((kind) => `trace event ${EVENT_OF[kind]}`));
}

const UNBROKEN = 'an unbroken record since the log start';

function unseen({ index: step, line }: Step, ...missing: string[]): Judgement {
  const message = 'a log stop during the migration would not be seen';
  return { verdict: 'inconclusive', step, line, message, missing };
}

const EVENT_OF = {
  migration_state: 'migrate_set_state',
  global_dirty_changed: 'global_dirty_changed (6.2 and later)',
  migration_bitmap_sync: 'migration_bitmap_sync_start',
} as const;

function hasMigration({ event }: Step): boolean {
  return ((bigintOf(event?.record.args?.bitmask) ?? 0n) & MIGRATION) !== 0n;
}
