import { failureIn } from '../flows/activations/activation.js';
import type { Activation } from '../flows/activations/activation.js';
import { lifeAt, registrationDoubts, startedBefore } from './shared/device-lives.js';
import { callsOf } from './shared/calls/device-calls.js';
import { logFlagAt, logFlagMarks } from './shared/calls/log-flag.js';
import { unwatchedToggles } from './shared/calls/log-toggles.js';
import { lastBefore, place } from './shared/calls/queries.js';
import { migrationSyncs } from './shared/sync-rounds.js';
import type { SyncPoint } from './shared/sync-rounds.js';
import type { Judgement, Rule, SessionContext } from './rule.js';

/** While a migration reads the dirty log, every running device writes to it. */
export const mgSyncOff: Rule = {
  info: {
    id: 'MG-SYNC-OFF',
    title: 'a running device logs whenever a migration reads the dirty log',
    severity: 'error',
    impact: 'corrupt',
    backends: ['kernel', 'user', 'vdpa'],
    versions: '2.12 - 11.1',
    needs: [
      'vhost_log_sync or migration_bitmap_sync with its backtrace',
      'probes vhost_dev_start, vhost_dev_stop and vhost_migration_log since the start of the device',
    ],
    why: 'What the device has written since it stopped to log is not marked dirty, and the migration goes on as if it were: the destination gets stale pages, silently.',
    probes: [
      'vhost_dev_start',
      'vhost_dev_stop',
      'vhost_dev_set_features',
      'vhost_migration_log',
      'vhost_dev_set_log',
      'migration_bitmap_sync',
      'return of vhost_dev_set_log',
    ],
    remedy:
      'Look for the log stop or the start without logging before that sync; do not trust a migration made in this state.',
    exceptions: [
      'other readers: dirty rate, display refresh, the secondary side of COLO',
      'a stopped device, and one that disconnects: it writes nothing',
      'a log start that failed: it ends the migration or QEMU',
    ],
    sources: [
      'QEMU migration/ram.c migration_bitmap_sync()',
      'QEMU hw/virtio/vhost.c vhost_migration_log(), vhost_sync_dirty_bitmap()',
    ],
    bugs: [
      {
        where: 'QEMU 7b0538ed3a22 (7.0)',
        what: 'In 6.2 the end of a dirty rate measurement switched logging off for a migration that still ran: the rest of it missed what vhost devices wrote.',
      },
    ],
  },
  passesAtEntry: true,
  triggers: ['migration_bitmap_sync'],
  *sequence(context) {
    for (const point of migrationSyncs(context)) {
      const { device, activation } = point;
      if (device !== undefined) {
        yield* judge(context, point, device);
        continue;
      }
      // At the entry of the whole sync; a device whose own part is watched is judged there.
      if (context.of('vhost_log_sync').length > 0) continue;
      for (const life of startedBefore(context, 'calls', activation.first)) {
        yield* judge(context, point, life.device);
      }
    }
  },
};

function* judge(
  context: SessionContext,
  { activation }: SyncPoint,
  device: string,
): Generator<Judgement> {
  const life = lifeAt(context, 'calls', device, activation.first);
  const flag = logFlagAt(context, device, activation.first);
  const at = { ...place(activation), device };
  if (flag === 'on') {
    const refused = refusedFeatures(context, device, activation.first);
    if (refused !== undefined) {
      yield {
        verdict: 'inconclusive',
        ...at,
        message: 'the device is told to log, and its backend has refused the features word',
        missing: ['a features word with LOG_ALL that the backend takes'],
        evidence: [{ line: refused.line, role: 'the features word is refused' }],
      };
      return;
    }
    yield {
      verdict: 'pass',
      ...at,
      message: 'the device logs when the migration reads the log',
      seenAt: () => logFlagMarks(context, device, activation.first),
    };
    return;
  }
  // A device that is not seen to start may be stopped.
  if (life === undefined) return;
  const missing = [...registrationDoubts(context, 'calls', life, activation.first)];
  if (flag === undefined) {
    missing.push(...unwatchedToggles(context, life.start.step, activation.first));
    missing.push(
      'the log start or stop before the sync, and its end, or vhost_dev_init of the device, which clears the flag',
    );
  }
  if (missing.length > 0) {
    const message = 'whether the device logs when the migration reads the log is not known';
    yield { verdict: 'inconclusive', ...at, message, missing };
    return;
  }
  yield {
    verdict: 'violation',
    ...at,
    message: 'the migration reads the dirty log of a device that runs and does not log',
    expected: 'logging on from log start to the end of the migration',
    evidence: [{ line: life.start.line, role: 'the start of the device' }],
  };
}

/** The last features word of the device before a step, where it failed: `log_enabled` says what QEMU wants. */
function refusedFeatures(
  context: SessionContext,
  device: string,
  step: number,
): Activation | undefined {
  const last = (['vhost_dev_set_features', 'op_set_features'] as const).map((kind) =>
    lastBefore(callsOf(context, device, kind), step),
  );
  return last.find((call) => call !== undefined && failureIn(call) !== undefined);
}
