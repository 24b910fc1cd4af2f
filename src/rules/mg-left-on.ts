import { callerOf } from '../flows/activations/activation.js';
import type { Activation } from '../flows/activations/activation.js';
import { describe, known } from '../protocol/replay.js';
import type { DeviceState } from '../protocol/replay.js';
import { logFlagAt } from './shared/calls/log-flag.js';
import { passes } from './shared/calls/log-passes.js';
import { lastToggle, togglesOf } from './shared/calls/log-toggles.js';
import {
  bareWithin,
  below,
  doubts,
  endOf,
  lastBefore,
  place,
  unwatched,
  withoutCaller,
} from './shared/calls/queries.js';
import { doneUnlessEnding } from './shared/calls/unfinished.js';
import { doubtsOfRunning } from './shared/closed-backends.js';
import { lifeAt } from './shared/device-lives.js';
import type { Life } from './shared/device-lives.js';
import { marksOfState } from './shared/marks.js';
import type { Judgement, Mark, Rule, SessionContext } from './rule.js';

/** When dirty tracking ends, a running device stops logging. */
export const mgLeftOn: Rule = {
  info: {
    id: 'MG-LEFT-ON',
    title: 'a running device does not go on logging after the migration',
    severity: 'warning',
    impact: 'odd',
    backends: ['kernel', 'user', 'vdpa'],
    versions: '2.12 - 11.1',
    needs: [
      'vhost_log_global_stop or vhost_migration_log(false) of the device, and proof that it returned',
      'or: the log start of the migration, qemu_savevm_state_cleanup, probe memory_global_dirty_log_stop (or probes vhost_log_global_stop and memory_global_dirty_log_start), and probes vhost_dev_cleanup and vm_state_notify, so that the device is known to run',
      'probe vhost_dev_set_log',
      'vhost_log_put below the log stop, or probes vhost_dev_start and vhost_dev_stop, so that the device is known to run and to log',
    ],
    probes: [
      'vhost_dev_start',
      'vhost_dev_stop',
      'vhost_dev_cleanup',
      'vhost_migration_log',
      'vhost_dev_set_log',
      'vhost_log_put',
      'vhost_log_global_stop',
      'memory_global_dirty_log_stop',
      'savevm_state_cleanup',
      'vm_state_notify',
    ],
    why: 'The backend pays for logging that nobody reads, and a vhost-user backend keeps the log allocated; with the log given back the kernel also writes into freed memory of QEMU (LE-SKIP).',
    remedy: 'Look at the disable branch of vhost_migration_log() of that QEMU.',
    exceptions: [
      'a stop that is postponed because the VM does not run, for any time',
      'a vhost-user device whose socket is closed: it counts as stopped before vhost_dev_stop() comes',
      'another user of dirty tracking (dirty rate, dirty limit): the callbacks do not come then',
    ],
    sources: [
      'QEMU hw/virtio/vhost.c vhost_migration_log()',
      'QEMU system/memory.c memory_global_dirty_log_stop()',
    ],
  },
  passesAtEntry: true,
  triggers: ['vhost_log_global_stop', 'migration_cleanup', 'savevm_state_cleanup'],
  *sequence(context) {
    const devices = new Set(
      context.of('vhost_log_global_stop', 'vhost_migration_log').map((a) => a.device),
    );
    for (const device of devices) {
      if (device === undefined) continue;
      for (const { activation, enable } of togglesOf(context, device)) {
        const judged = enable ? undefined : judge(context, activation, device);
        if (judged !== undefined) yield judged;
      }
      yield* neverStopped(context, device);
    }
  },
};

/** Both of the memory core: the stop that may be postponed, and the one that is done. */
const STOPS = ['memory_global_dirty_log_stop', 'vhost_log_global_stop'] as const;

/**
 * The cleanup of a migration that does not stop dirty tracking at all. ram_save_cleanup() calls
 * memory_global_dirty_log_stop() whoever else tracks, so that only a machine that does not run
 * could hide it: there no vhost device runs either.
 */
function* neverStopped(context: SessionContext, device: string): Generator<Judgement> {
  for (const cleanup of context.of('savevm_state_cleanup')) {
    const start = lastToggle(context, device, cleanup.first);
    if (start?.enable !== true) continue;
    const before = context.stateBefore(device, cleanup.first);
    if (known(before.run) === 'stopped') {
      const message = 'the device does not run when the migration is over';
      const seenAt = (): readonly Mark[] => marksOfState(context, device, cleanup.first, 'run');
      yield { verdict: 'pass', ...place(cleanup), device, message, seenAt };
    }
    // A measurement of the dirty rate that began to log goes on with it.
    if (callerOf(start.activation, 'migration_thread') === undefined) continue;
    if (mayHaveFailed(context, start.activation)) continue;
    if (!before.run.includes('started') || !before.log.includes('on')) continue;
    const isSeen =
      below(cleanup, ...STOPS).length > 0 || bareWithin(context, cleanup, ...STOPS).length > 0;
    if (isSeen) continue;
    const missing = unproven(context, start.activation, cleanup, before);
    if (missing.length > 0) {
      const message = `${cleanup.func} is not seen to stop dirty tracking, nor the device to stop logging`;
      yield { verdict: 'inconclusive', ...place(cleanup), device, message, missing };
      continue;
    }
    yield {
      verdict: 'violation',
      ...place(cleanup),
      device,
      message: `${cleanup.func} does not stop dirty tracking: the device goes on logging`,
      expected: 'memory_global_dirty_log_stop(), and vhost_log_global_stop() of the device',
      evidence: [
        { line: start.activation.line, role: 'the log start of the migration' },
        { line: cleanup.line, role: 'the migration is over' },
      ],
    };
  }
}

/** What keeps a cleanup that shows no log stop from being one that makes none for a device that runs and logs. */
function unproven(
  context: SessionContext,
  start: Activation,
  cleanup: Activation,
  before: DeviceState,
): string[] {
  const { run } = context;
  const end = endOf(run, cleanup);
  const [stopOfAll, stopOfDevice] = STOPS;
  const isWatched =
    run.probes.watching(stopOfAll, cleanup.first, end) !== undefined ||
    (run.probes.watching(stopOfDevice, cleanup.first, end) !== undefined &&
      isOnlyUser(context, start, cleanup));
  const isRunning = known(before.run) === 'started' || runsOn(context, start, cleanup.first);
  return [
    ...doubts(run, cleanup),
    ...(isWatched ? [] : [`probe ${stopOfAll}`]),
    ...(known(before.log) === 'on' ? [] : ['proof that the device logs']),
    ...(isRunning ? [] : ['proof that the device runs: probes vm_state_notify, vhost_dev_set_log']),
  ];
}

/** Nobody else began to track since: then the callbacks of the devices would not come (QEMU system/memory.c memory_global_dirty_log_stop()). */
function isOnlyUser(context: SessionContext, start: Activation, cleanup: Activation): boolean {
  const kind = 'memory_global_dirty_log_start';
  return (
    context.run.probes.watching(kind, start.first, cleanup.first) !== undefined &&
    !context.of(kind).some(({ first }) => first > start.last && first < cleanup.first)
  );
}

/** A log start that failed undid what it had done, and dirty tracking is off: there is nothing to stop. */
function mayHaveFailed(context: SessionContext, start: Activation): boolean {
  const own = passes(context, true).filter(({ activation }) =>
    below(start, 'vhost_dev_set_log').includes(activation),
  );
  return own.some(
    ({ rolledBack, hasUnknownRing, features }) =>
      rolledBack || hasUnknownRing || features.some(({ enable }) => enable === undefined),
  );
}

/**
 * The machine ran at the log start, which had work to do, and is seen to run on: a vhost-user device
 * itself may lose its connection unseen.
 */
function runsOn(context: SessionContext, start: Activation, until: number): boolean {
  const { run } = context;
  if (run.probes.watching('vm_state_notify', start.first, until) === undefined) return false;
  const change = lastBefore(context.of('vm_state_notify'), until);
  if (change !== undefined && change.first > start.first) return change.enable === true;
  return below(start, 'vhost_dev_set_log').length > 0;
}

function judge(context: SessionContext, stop: Activation, device: string): Judgement | undefined {
  const { run } = context;
  const at = { ...place(stop), device };
  const off = below(stop, 'vhost_dev_set_log', 'vhost_dev_set_features').find(
    (a) => a.enable !== true,
  );
  if (off !== undefined) {
    const message = 'logging is switched off';
    const evidence = [{ line: off.line, role: message }];
    return doneUnlessEnding(context, off, { ...at, message, evidence });
  }
  const before = context.stateBefore(device, stop.first);
  // vhost_migration_log() puts the log only of a device that runs and logs.
  const put = below(stop, 'vhost_log_put').find((a) => a.parent?.kind === 'vhost_migration_log');
  // A stopped device, or one that does not log, has nothing to switch off.
  if (put === undefined && !(before.run.includes('started') && before.log.includes('on'))) {
    return {
      verdict: 'pass',
      ...at,
      message: `nothing to switch off: ${describe(before)}`,
      seenAt: () => marksOfState(context, device, stop.first, 'run', 'log'),
    };
  }
  const isKnown = known(before.run) === 'started' && known(before.log) === 'on';
  const life = isKnown || put !== undefined ? undefined : lifeOf(context, device, stop.first);
  const missing = [
    ...doubts(run, stop),
    ...unwatched(run, 'vhost_dev_set_log', stop.first, endOf(run, stop)),
    ...withoutCaller(context, stop, 'vhost_dev_set_log', 'vhost_dev_set_features'),
  ];
  if (put === undefined && known(before.run) !== 'started' && life === undefined)
    missing.push('proof that the device runs: vhost_log_put below the log stop');
  if (put === undefined && logFlagAt(context, device, stop.first) !== 'on')
    missing.push('proof that the device logs');
  if (missing.length > 0)
    return {
      verdict: 'inconclusive',
      ...at,
      message: 'the device is not seen to stop logging',
      missing,
    };
  return {
    verdict: 'violation',
    ...at,
    message: 'the device runs and logs, dirty tracking ends, and nothing switches its logging off',
    expected: 'vhost_dev_set_log(enable_log=false)',
    evidence: isKnown ? [] : proofOf(put, life),
  };
}

/** The life of a device that runs at a step for certain, as its stop that comes later proves. */
function lifeOf(context: SessionContext, device: string, step: number): Life | undefined {
  const life = lifeAt(context, 'calls', device, step);
  const isCertain =
    life !== undefined && doubtsOfRunning(context, 'calls', life, step).length === 0;
  return isCertain ? life : undefined;
}

function proofOf(put: Activation | undefined, life: Life | undefined): Mark[] {
  if (put !== undefined)
    return [{ line: put.line, role: 'the log is put only of a device that logs' }];
  return life?.next === undefined ? [] : [{ line: life.next.line, role: 'it runs up to here' }];
}
