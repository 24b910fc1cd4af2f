import type { Activation } from '../flows/activations/activation.js';
import { isLocked, mayCall } from '../flows/activations/callers.js';
import { passes, successOf } from './shared/calls/log-passes.js';
import {
  bareWithin,
  below,
  callerOf,
  doubts,
  endOf,
  firstFrom,
  place,
  unwatched,
} from './shared/calls/queries.js';
import type { Pass } from './shared/calls/log-passes.js';
import type { Judgement, Rule, SessionContext } from './rule.js';

/** A log stop that switched the backend off gives the log back. */
export const lePut: Rule = {
  info: {
    id: 'LE-PUT',
    title: 'a log stop gives the log back after the backend stopped logging',
    severity: 'error',
    impact: 'leak',
    backends: ['kernel', 'user', 'vdpa'],
    versions: '2.12 - 11.1',
    needs: [
      'the entry of vhost_migration_log(false) and proof that it returned',
      'the successful end of vhost_dev_set_log(false)',
      'probe vhost_log_put',
    ],
    why: 'The device keeps a reference to a log that nobody writes or reads: bitmap and memfd stay until the device stops.',
    probes: [
      'vhost_migration_log',
      'vhost_dev_set_log',
      'vhost_log_put',
      'return of vhost_dev_set_log',
    ],
    remedy: 'Look at the disable branch of vhost_migration_log() of that QEMU.',
    exceptions: [
      'a vhost_dev_set_log(false) that fails, or that a disconnect cuts off: the log stays until the device stops',
      'a device that is stopped or does not log: vhost_migration_log() returns at once',
      'an optimised build may inline vhost_log_put: only a capture that shows the function elsewhere can miss it here',
    ],
    sources: ['QEMU hw/virtio/vhost.c vhost_migration_log()'],
  },
  triggers: ['vhost_log_global_stop'],
  *sequence(context) {
    for (const pass of passes(context, false)) {
      const judged = judge(context, pass);
      if (judged !== undefined) yield judged;
    }
  },
};

/**
 * The first step at which the thread of a log stop enters what that does not call: it has returned, or runs a main loop, which
 * is no part of it.
 */
function firstOutside(context: SessionContext, stop: Activation): number {
  const calls = context.activations;
  for (let i = firstFrom(calls, stop.first + 1); i < calls.length; i++) {
    const call = calls[i];
    if (call?.entered !== true || call.thread !== stop.thread || !isLocked(call.kind)) continue;
    if (!mayCall('vhost_migration_log', call.kind) && call.kind !== 'vhost_migration_log')
      return call.first;
  }
  return endOf(context.run, stop);
}

function judge(context: SessionContext, pass: Pass): Judgement | undefined {
  const { run } = context;
  // Inlined, the one may leave no trace in the other.
  const stop =
    callerOf(pass.activation, 'vhost_migration_log') ??
    callerOf(pass.activation, 'vhost_log_global_stop');
  if (stop === undefined || pass.rolledBack) return undefined;
  const at = place(stop);
  // That of a device stop gives back another log, or this one later.
  const bare = bareWithin(context, stop, 'vhost_log_put').filter(
    ({ parent }) => parent === undefined || parent.kind === stop.kind,
  );
  const over = firstOutside(context, stop);
  const puts = [...below(stop, 'vhost_log_put'), ...bare.filter(({ first }) => first < over)];
  const put = puts.find((a) => a.first > pass.activation.first);
  if (put !== undefined) {
    return {
      verdict: 'pass',
      ...at,
      message: 'the log is given back after the backend stopped logging',
      evidence: [{ line: put.line, role: 'the log is given back' }],
    };
  }
  // Given back too early: LE-SKIP.
  if (puts.length > 0) return undefined;
  const success = successOf(run, pass);
  const missing = [
    ...doubts(run, stop),
    ...unwatched(run, 'vhost_log_put', stop.first, endOf(run, stop)),
    ...(bare.length > 0 ? ['the whole backtrace at vhost_log_put'] : []),
  ];
  if (success === undefined) missing.push('proof that vhost_dev_set_log(false) succeeded');
  if (missing.length > 0 || success === undefined) {
    return {
      verdict: 'inconclusive',
      ...at,
      message: 'the log stop is not seen to give the log back',
      missing,
    };
  }
  return {
    verdict: 'violation',
    ...at,
    message:
      'the backend stopped logging, but the device keeps its log: vhost_log_put is never called',
    expected: 'vhost_log_put(sync=false) before vhost_migration_log returns',
    evidence: [success],
  };
}
