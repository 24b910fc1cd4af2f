import { lifeAt, registrationDoubts, startedBefore, vdevOf } from './shared/device-lives.js';
import type { Life } from './shared/device-lives.js';
import { logFlagAt, logFlagMarks } from './shared/calls/log-flag.js';
import { unwatchedToggles } from './shared/calls/log-toggles.js';
import { syncRounds } from './shared/sync-rounds.js';
import { mark } from './shared/marks.js';
import type { Judgement, Rule, SessionContext } from './rule.js';

/** The queue pairs of one device log together. */
export const xdPairs: Rule = {
  info: {
    id: 'XD-PAIRS',
    title: 'the queue pairs of one virtio device all log, or none does',
    severity: 'error',
    impact: 'corrupt',
    backends: ['kernel', 'user', 'vdpa'],
    versions: '2.12 - 11.1',
    needs: [
      'vhost_log_sync with its backtrace',
      'probes vhost_dev_start (with vdev=), vhost_dev_stop and vhost_migration_log since the start of the pairs',
    ],
    why: 'What the guest receives over the pair that does not log is not marked dirty: the destination gets stale pages, silently, and only under some traffic.',
    probes: [
      'vhost_dev_start',
      'vhost_dev_stop',
      'vhost_dev_set_features',
      'vhost_migration_log',
      'vhost_dev_set_log',
      'vhost_log_sync',
      'return of vhost_dev_set_log',
    ],
    remedy: 'Look for the log start, log stop or device start that treated one pair differently.',
    exceptions: [
      'a log start or stop under way: pairs are switched one after the other',
      'a log start that failed for one pair: it ends the migration or QEMU',
    ],
    sources: [
      'QEMU hw/net/vhost_net.c vhost_net_start()',
      'QEMU system/memory.c memory_global_dirty_log_start()',
    ],
  },
  passesAtEntry: true,
  triggers: [],
  *sequence(context) {
    for (const { calls } of syncRounds(context)) {
      for (const call of calls) {
        if (call.device === undefined) continue;
        yield* judge(context, call.device, call.first, call.line);
      }
    }
  },
};

function* judge(
  context: SessionContext,
  device: string,
  step: number,
  line: number,
): Generator<Judgement> {
  const own = lifeAt(context, 'calls', device, step);
  const vdev = own === undefined ? undefined : vdevOf(own);
  if (own === undefined || vdev === undefined) return;
  const pairs = startedBefore(context, 'calls', step).filter((life) => vdevOf(life) === vdev);
  if (pairs.length < 2) return;
  const flagOf = (life: Life): string | undefined => logFlagAt(context, life.device, step);
  const flag = flagOf(own);
  const other = pairs.find((life) => life !== own && differs(flagOf(life), flag));
  if (other === undefined) {
    const missing = pairs.every((life) => flagOf(life) !== undefined)
      ? []
      : ['the log start or stop before the sync of every pair, and its end'];
    yield missing.length === 0
      ? {
          verdict: 'pass',
          step,
          line,
          message: `all pairs of the device have logging ${flag ?? ''}`,
          seenAt: () =>
            pairs.flatMap((pair) => [
              ...mark(pair.start, `the start of pair ${pair.device}`),
              ...logFlagMarks(context, pair.device, step).map(({ line, role }) => ({
                line,
                role: `${role}, of pair ${pair.device}`,
              })),
            ]),
        }
      : {
          verdict: 'inconclusive',
          step,
          line,
          message: 'whether the pairs of the device log together is not known',
          missing,
        };
    return;
  }
  // Of two that differ, the one that does not log is the wrong one, and it is reported once.
  if (flag === 'on') return;
  const missing = [own, other].flatMap((life) => [
    ...registrationDoubts(context, 'calls', life, step),
    ...unwatchedToggles(context, life.start.step, step),
  ]);
  if (missing.length > 0) {
    const message = 'the pair does not log, and another pair of the device does';
    yield { verdict: 'inconclusive', device, step, line, message, missing: [...new Set(missing)] };
    return;
  }
  yield {
    verdict: 'violation',
    device,
    step,
    line,
    message: `the pair does not log when the dirty log is read, but pair ${other.device} of the same device does`,
    expected: 'one log flag for all pairs',
    evidence: [
      { line: own.start.line, role: 'the start of the pair' },
      { line: other.start.line, role: 'the start of the other pair' },
    ],
  };
}

function differs(a: string | undefined, b: string | undefined): boolean {
  return a !== undefined && b !== undefined && a !== b;
}
