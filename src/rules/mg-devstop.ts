import { callerOf } from '../flows/activations/activation.js';
import type { Step } from '../facts/step.js';
import { hasGap } from '../flows/run.js';
import { boolOf } from '../model/values.js';
import { momentsOf, startedBefore } from './shared/device-lives.js';
import type { Life, Source } from './shared/device-lives.js';
import { doubtsOfRunning } from './shared/closed-backends.js';
import { orOneQemu } from './shared/traced/one-process.js';
import { mark } from './shared/marks.js';
import type { Judgement, Mark, Rule, SessionContext } from './rule.js';

/** What syncs for the last time: up to 11.0, since 11.1, and where a destination takes over. */
const STAGES = ['ram_save_complete', 'savevm_query_pending_final', 'ram_discard_bitmap'] as const;

/** The last sync of a migration comes when every vhost device has stopped. */
export const mgDevstop: Rule = {
  info: {
    id: 'MG-DEVSTOP',
    title: 'every vhost device is stopped before the final dirty log sync',
    severity: 'error',
    impact: 'corrupt',
    backends: ['kernel', 'user', 'vdpa'],
    versions: '2.12 - 11.1; by trace events 7.2 - 11.1',
    needs: [
      'gdb: a sync below ram_save_complete (since 11.1 qemu_savevm_query_pending_final) or ram_postcopy_send_discard_bitmap, and probes vhost_dev_start and vhost_dev_stop',
      'trace: events vhost_dev_start, vhost_dev_stop, migrate_set_state and migration_bitmap_sync_start, to the state completed',
      'the stop of the device after the sync, or another proof that its start had succeeded',
      'vhost-user but for net, and where no op tells the backend: that stop with virtio_set_status above it, or the trace event virtio_set_status in front of it',
    ],
    why: 'A device that still runs writes guest memory after the last look at its log: the destination gets stale pages, silently, and both sides may serve the same disk.',
    probes: [
      'vhost_dev_start',
      'vhost_dev_stop',
      'vhost_dev_cleanup',
      'op_set_features',
      'virtio_set_status',
      'migration_bitmap_sync',
      'return of vhost_dev_start',
    ],
    traceProbes: [
      'event vhost_dev_start',
      'event vhost_dev_stop',
      'event virtio_set_status',
      'event migration_state',
      'event migration_bitmap_sync',
      'event postcopy_start',
    ],
    remedy:
      'Look at the set_status callback of that virtio device: it must stop vhost when the VM stops.',
    exceptions: [
      'a device whose start failed: it does not run, and no stop follows',
      'postcopy: the sync before the discard bitmap is the final one',
      'COLO, which stops the VM for each checkpoint; a background snapshot, which has no sync',
      'a vhost-user backend that closed its socket: the device counts as stopped, and its stop comes later',
      'a VM that was stopped before the migration (pause, cpr): its devices are stopped too',
      'trace events that are switched off while QEMU runs: where the VM runs again after the sync, the late stop may be of another start',
    ],
    sources: [
      'QEMU migration/ram.c ram_save_complete(), ram_postcopy_send_discard_bitmap(); migration/savevm.c qemu_savevm_query_pending_final()',
      'QEMU migration/migration.c migration_completion(), postcopy_start()',
      'QEMU hw/virtio/virtio.c virtio_vmstate_change()',
    ],
  },
  triggers: STAGES,
  *sequence(context) {
    for (const sync of finalSyncs(context)) yield* judge(context, 'calls', sync);
    for (const { sync, isBroken } of tracedFinalSyncs(context)) {
      if (isBroken)
        yield undecided(
          sync,
          'which sync is the final one is not known',
          orOneQemu(context, BROKEN),
        );
      else yield* judge(context, 'events', sync);
    }
    yield* judgeUntraced(context);
  },
};

/** The first read of the log in each final stage. */
function finalSyncs(context: SessionContext): Step[] {
  const seen = new Set<number>();
  const found: Step[] = [];
  for (const sync of context.of('vhost_log_sync', 'migration_bitmap_sync')) {
    const stage = callerOf(sync, ...STAGES);
    const step = context.run.steps[sync.first];
    if (stage === undefined || step === undefined || seen.has(stage.id)) continue;
    seen.add(stage.id);
    found.push(step);
  }
  return found;
}

interface FinalSync {
  readonly sync: Step;
  /** Lines are lost after it, or a sync ends of which the begin is not traced: it is not the last one. */
  readonly isBroken: boolean;
}

const BROKEN = 'an unbroken record from the last sync to the end of the migration';

/** The last read before each `completed`; with postcopy only where the discard bitmap follows it. */
function tracedFinalSyncs(context: SessionContext): FinalSync[] {
  const found: FinalSync[] = [];
  let last: Step | undefined;
  let isOpen = false;
  let isHidden = false;
  let isOther = false;
  let isPostcopy = false;
  let isDiscarded = false;
  for (const step of context.events('migration_state', 'migration_bitmap_sync', 'postcopy_start')) {
    const { name, args } = step.event?.record ?? {};
    if (name === 'migration_bitmap_sync_start') {
      last = step;
      [isOpen, isHidden, isDiscarded] = [true, false, false];
    } else if (name === 'migration_bitmap_sync_end') {
      isHidden ||= !isOpen;
      isOpen = false;
    } else if (name === 'ram_postcopy_send_discard_bitmap') isDiscarded = true;
    else if (name === 'migrate_set_state') {
      const state = args?.new_state ?? '';
      isOther ||= state === 'colo';
      isPostcopy ||= state.startsWith('postcopy');
      const isFinal = last !== undefined && !isOther && (!isPostcopy || isDiscarded);
      if (state === 'completed' && isFinal && last !== undefined) {
        const isBroken = isHidden || hasGap(context.run, last.index, step.index);
        found.push({ sync: last, isBroken });
      }
      if (ENDS.has(state)) {
        last = undefined;
        [isOther, isPostcopy] = [false, false];
      }
    }
  }
  return found;
}

/** States after which another migration may begin, and the first of that one. */
const ENDS: ReadonlySet<string> = new Set(['completed', 'failed', 'cancelled', 'setup', 'none']);

/** A trace log of vhost devices that shows either the syncs or the end of a migration. */
function* judgeUntraced(context: SessionContext): Generator<Judgement> {
  if (!showsVhost(context)) return;
  const states = context.events('migration_state');
  const sync = context.events('migration_bitmap_sync').at(-1);
  const end = states.find(
    (step) => step.event?.record.args?.new_state === 'completed' && !isIncoming(context, step),
  );
  if (sync !== undefined && states.length === 0) {
    yield undecided(
      sync,
      'which sync is the final one is not known',
      'trace event migrate_set_state',
    );
  } else if (sync === undefined && end !== undefined) {
    yield undecided(
      end,
      'no sync of the migration is seen',
      'trace event migration_bitmap_sync_start (a background snapshot has none)',
    );
  }
}

/** The VM came with this migration: the destination has no log to read. */
function isIncoming(context: SessionContext, end: Step): boolean {
  const arrival = context
    .events('runstate_set')
    .find(({ event }) => event?.record.args?.current_state_str === 'inmigrate');
  if (arrival === undefined) return false;
  const isBetween = ({ index }: Step): boolean => arrival.index < index && index < end.index;
  return !context
    .events('migration_state')
    .some((step) => isBetween(step) && step.event?.record.args?.new_state === 'setup');
}

/** Some vhost device is registered with the memory core. */
function showsVhost(context: SessionContext): boolean {
  return (
    context.events('vhost_dev_start', 'vhost_dev_stop', 'vhost_commit').length > 0 ||
    context
      .events('memory_global_dirty_log_sync')
      .some(({ event }) => event?.record.args?.listener === 'vhost')
  );
}

function undecided({ index: step, line }: Step, message: string, ...missing: string[]): Judgement {
  return { verdict: 'inconclusive', step, line, message, missing };
}

function* judge(context: SessionContext, source: Source, sync: Step): Generator<Judgement> {
  const { index: step, line } = sync;
  const started = startedBefore(context, source, step);
  for (const life of started) yield judgeRunning(context, source, sync, life);
  if (started.length > 0) return;
  const moments = momentsOf(context, source);
  if (moments.size > 0) {
    const message = 'every device that is seen to start or stop has stopped before the final sync';
    yield {
      verdict: 'pass',
      step,
      line,
      message,
      seenAt: () => lastMoments(context, source, step),
    };
    return;
  }
  const isEvent = source === 'events';
  if (isEvent && !showsVhost(context)) return;
  yield undecided(
    sync,
    'which devices run at the final sync is not known',
    isEvent
      ? 'trace events vhost_dev_start and vhost_dev_stop (7.2 and later; since 11.1 vhost_dev_start_in and vhost_dev_stop_in)'
      : 'probes vhost_dev_start and vhost_dev_stop',
  );
}

/** Of each device what is seen of it last before a step. */
function lastMoments(context: SessionContext, source: Source, step: number): readonly Mark[] {
  return [...momentsOf(context, source)].flatMap(([device, moments]) => {
    const last = moments.findLast((moment) => moment.step < step);
    return mark(last, `the ${last?.kind ?? ''} of ${device}`);
  });
}

function judgeRunning(
  context: SessionContext,
  source: Source,
  { index: step, line }: Step,
  life: Life,
): Judgement {
  const { device, start, next } = life;
  const missing = [
    ...doubtsOfRunning(context, source, life, step),
    ...switchedOffDoubts(context, source, life, step),
  ];
  if (missing.length > 0) {
    const message =
      next === undefined
        ? 'the device is not seen to stop at all, neither before the final sync nor after it'
        : 'the device is not seen to stop before the final sync';
    return { verdict: 'inconclusive', device, step, line, message, missing };
  }
  return {
    verdict: 'violation',
    device,
    step,
    line,
    message: 'the final sync of the migration comes while the device still runs',
    expected: 'vhost_dev_stop before the final sync',
    evidence: [
      { line: start.line, role: 'the start of the device' },
      ...(next === undefined ? [] : [{ line: next.line, role: 'its stop, which comes too late' }]),
    ],
  };
}

/**
 * Trace events are switched off and on while QEMU runs, and no line says so. A VM that runs again after the sync has
 * started its devices again: where that start is not seen, neither need be the stop before the sync.
 */
function switchedOffDoubts(
  context: SessionContext,
  source: Source,
  { next }: Life,
  sync: number,
): string[] {
  if (source === 'calls' || next?.kind !== 'stop') return [];
  const runsAgain = context
    .events('vm_state_notify')
    .some(
      ({ event, index }) =>
        sync < index && index < next.step && boolOf(event?.record.args?.running) === true,
    );
  return runsAgain ? ['trace event vhost_dev_start when the VM ran again after the sync'] : [];
}
