import { callerOf } from '../flows/activations/activation.js';
import type { Activation } from '../flows/activations/activation.js';
import { bigintOf } from '../model/values.js';
import { known } from '../protocol/replay.js';
import { deviceCalls } from './shared/calls/device-calls.js';
import { logFlagAt } from './shared/calls/log-flag.js';
import { doubtsOfCount, logCounts } from './shared/calls/log-account.js';
import { lastToggle } from './shared/calls/log-toggles.js';
import {
  below,
  doubts,
  endOf,
  hasGap,
  hasStranger,
  place,
  withoutCaller,
} from './shared/calls/queries.js';
import type { Judgement, Mark, Rule, SessionContext } from './rule.js';

/** The last device that gives a log back, at its stop or for one of another size, reads it first. */
export const dsFinalsync: Rule = {
  info: {
    id: 'DS-FINALSYNC',
    title: 'the last device that gives a log back, at its stop or in a resize, reads it out first',
    severity: 'error',
    impact: 'corrupt',
    backends: ['kernel', 'user', 'vdpa'],
    versions: '2.12 - 11.1',
    needs: [
      'the entry of vhost_log_put below vhost_dev_stop, or below a vhost_dev_log_resize of vhost_commit, and proof that it returned',
      'probe vhost_sync_dirty_bitmap or vhost_log_sync_range',
      'probes vhost_log_get, vhost_log_alloc and vhost_log_put since the log was made, or refcnt of the log printed at vhost_log_put',
    ],
    why: 'What the backend wrote since the last sync round is marked in the log alone, and the log is freed here: those pages are stale on the destination.',
    probes: ['vhost_log_get', 'vhost_log_alloc', 'vhost_log_put', 'vhost_sync_dirty_bitmap'],
    remedy:
      'Look at the order in vhost_log_put() and vhost_dev_stop(): dev->log_size and dev->started must be kept until the log is read.',
    exceptions: [
      'other devices hold the same log: the last one reads it for all',
      'a log of size 0',
      'a device whose logging has been switched off',
      'up to 9.0 kernel and vdpa devices share one log, since 9.1 each backend type has its own',
    ],
    sources: ['QEMU hw/virtio/vhost.c vhost_log_put(), vhost_dev_stop(), vhost_log_get()'],
    bugs: [
      {
        where: 'QEMU 5c0ba1be3718 (2.11)',
        what: 'log_size was cleared before it was tested, so the last sync at device stop never ran: guest memory was corrupt after migrating a busy guest',
      },
    ],
  },
  triggers: ['vhost_dev_stop'],
  *sequence(context) {
    for (const { activation: put } of deviceCalls(context, 'vhost_log_put')) {
      if (put.enable === false || !(isOfStop(put) || isOfResize(put))) continue;
      const judged = judge(context, put);
      if (judged !== undefined) yield judged;
    }
  },
};

function isOfStop({ parent }: Activation): boolean {
  return parent?.kind === 'vhost_dev_stop';
}

/** A topology change makes another log; a log start has none before. */
function isOfResize(put: Activation): boolean {
  return put.parent?.kind === 'vhost_dev_log_resize' && callerOf(put, 'vhost_commit') !== undefined;
}

function judge(context: SessionContext, put: Activation): Judgement | undefined {
  const { run } = context;
  const at = place(put);
  const sync = below(put, 'vhost_log_sync_range', 'vhost_sync_dirty_bitmap')[0];
  if (sync !== undefined) {
    return {
      verdict: 'pass',
      ...at,
      message: 'the log is read out before it is freed',
      evidence: [{ line: sync.line, role: 'the log is read' }],
    };
  }
  // A device that does not log holds no log.
  if (!context.stateBefore(put.device ?? '', put.first).base.includes('held')) return undefined;
  if (hasEnded(context, put)) return undefined;
  if (isHeldByAnother(context, put)) return undefined;
  const last = lastHolder(context, put);
  if (last === 'others') return undefined;
  const end = endOf(run, put);
  const isWatched = (['vhost_log_sync_range', 'vhost_sync_dirty_bitmap'] as const).some(
    (kind) => run.probes.watching(kind, put.first, end) !== undefined,
  );
  const missing = [
    ...doubts(run, put),
    ...(isWatched ? [] : ['probe vhost_sync_dirty_bitmap']),
    ...withoutCaller(context, put, 'vhost_log_sync_range', 'vhost_sync_dirty_bitmap'),
    ...('missing' in last ? last.missing : []),
  ];
  if (missing.length > 0 || 'missing' in last) {
    const message =
      'whether the device is the last one to give the log back, and reads it, is not seen';
    return { verdict: 'inconclusive', ...at, message, missing };
  }
  return {
    verdict: 'violation',
    ...at,
    message:
      'the last device that holds the log gives it back and nothing reads it: dirty pages are lost',
    expected: 'vhost_log_sync_range below vhost_log_put',
    evidence: [last],
  };
}

/** Logging is off, and vhost_sync_dirty_bitmap() returns at once; a log stop that left it on is MG-LEFT-ON. */
function hasEnded(context: SessionContext, { device = '', first }: Activation): boolean {
  return (
    logFlagAt(context, device, first) === 'off' ||
    lastToggle(context, device, first)?.enable === false
  );
}

/** Another device was given the same log and is not seen to have put it: the last one reads it for all. */
function isHeldByAnother(context: SessionContext, put: Activation): boolean {
  const { run } = context;
  const ops = deviceCalls(context, 'op_set_log_base').filter(
    (op) => op.activation.first < put.first,
  );
  const given = new Map(ops.map(({ activation, device }) => [device, activation]));
  // The backend has got the new log before a resize puts the old one.
  const taken = callerOf(put, 'vhost_dev_log_resize')?.first ?? put.first;
  const before = ops.findLast((op) => op.device === put.device && op.activation.first < taken);
  const own = bigintOf(before?.activation.value);
  if (own === undefined || own === 0n) return false;
  return [...given].some(([device, op]) => {
    if (device === put.device || bigintOf(op.value) !== own) return false;
    return (
      known(context.stateBefore(device, put.first).base) === 'held' &&
      run.probes.watching('vhost_log_put', op.first, put.first) !== undefined &&
      !hasGap(run, op.first, put.first) &&
      !hasStranger(context, op.first, put.first, 'vhost_log_put')
    );
  });
}

/** Holders are counted by vhost_log_get(), from the one on that makes the log. */
function missingCount({ run }: SessionContext, { first }: Activation): string {
  const isWatched = run.probes.watching('vhost_log_get', first, first) !== undefined;
  return isWatched ? 'the vhost_log_alloc of the log' : 'probe vhost_log_get';
}

/** Proof that this put frees the log. */
function lastHolder(
  context: SessionContext,
  put: Activation,
): Mark | 'others' | { readonly missing: readonly string[] } {
  const printed = bigintOf(put.printed?.get('refcnt'));
  const size = bigintOf(put.printed?.get('size'));
  if (printed !== undefined && (printed > 1n || size === 0n)) return 'others';
  if (printed === 1n && size !== undefined)
    return { line: put.line, role: 'the log has one reference left' };
  const count = logCounts(context).get(put);
  const missing =
    count === undefined ? [missingCount(context, put)] : doubtsOfCount(context, count, put.first);
  if (count === undefined || missing.length > 0) return { missing };
  if (count.references > 1 || bigintOf(count.size) === 0n) return 'others';
  if (count.size === undefined) return { missing: ['size= of vhost_log_get'] };
  return {
    line: count.allocated.line,
    role: 'the log is made here; all others have given it back',
  };
}
