import { hasFailed } from '../flows/activations/activation.js';
import type { Activation } from '../flows/activations/activation.js';
import { known } from '../protocol/replay.js';
import { callsOf, deviceCalls } from './shared/calls/device-calls.js';
import {
  bareWithin,
  below,
  endOf,
  hasGap,
  hasStranger,
  lastBefore,
  place,
  recordDoubts,
  unwatched,
} from './shared/calls/queries.js';
import { marksOfState } from './shared/marks.js';
import type { Judgement, Rule, SessionContext } from './rule.js';

/** A device gives back every log that it took: at the latest before it is cleaned up, or when its start fails. */
export const lgBalance: Rule = {
  info: {
    id: 'LG-BALANCE',
    title: 'a device gives its log back before it is cleaned up and when its start fails',
    severity: 'error',
    impact: 'leak',
    backends: ['kernel', 'user', 'vdpa'],
    versions: '2.12 - 11.1',
    needs: [
      'for a cleanup: vhost_dev_cleanup, with the set_log_base op and probe vhost_log_put since the device got its log',
      'for a failed start: its entry, vhost_log_get or the set_log_base op in it, the undoing of its vrings or what it returned (gdb: finish), and probe vhost_log_put',
    ],
    why: 'The reference is never given back: bitmap and memfd stay for the life of QEMU, nobody reads the log any more, and vhost_dev_cleanup() asserts that there is none.',
    probes: [
      'vhost_dev_init',
      'vhost_dev_cleanup',
      'vhost_dev_start',
      'vhost_virtqueue_stop',
      'vhost_log_put',
      'op_set_log_base',
      'return of vhost_dev_start',
    ],
    remedy:
      'Look at the error path of vhost_dev_start() (fail_log) and at the stop before the cleanup.',
    exceptions: [
      'a log start that fails keeps the log until the device stops',
      'a start that fails before it takes a log has none to give back',
    ],
    sources: ['QEMU hw/virtio/vhost.c vhost_dev_start(), vhost_dev_cleanup(), vhost_log_put()'],
    bugs: [
      {
        where: 'QEMU 24bfa207efb9 (2.4)',
        what: 'a start that failed after it took a log of size 0 never gave it back',
      },
    ],
  },
  triggers: ['vhost_dev_cleanup'],
  *sequence(context) {
    for (const { activation, device } of deviceCalls(context, 'vhost_dev_cleanup'))
      yield judgeCleanup(context, activation, device);
    for (const { activation } of deviceCalls(context, 'vhost_dev_start')) {
      const judged = judgeStart(context, activation);
      if (judged !== undefined) yield judged;
    }
  },
};

function judgeCleanup(context: SessionContext, cleanup: Activation, device: string): Judgement {
  const at = place(cleanup);
  const base = known(context.stateBefore(device, cleanup.first).base);
  if (base === 'none') {
    return {
      verdict: 'pass',
      ...at,
      message: 'the device holds no log when it is cleaned up',
      seenAt: () => marksOfState(context, device, cleanup.first, 'base'),
    };
  }
  if (base === undefined) {
    return {
      verdict: 'inconclusive',
      ...at,
      message: 'whether the device holds a log when it is cleaned up is not known',
      missing: ['probes vhost_dev_init, vhost_log_put and the set_log_base op'],
    };
  }
  const given = lastBefore(callsOf(context, device, 'op_set_log_base'), cleanup.first);
  return {
    verdict: 'violation',
    ...at,
    message:
      'the device is cleaned up and still holds a log: vhost_log_put was never called for it',
    expected: 'vhost_log_put before vhost_dev_cleanup',
    evidence:
      given === undefined ? [] : [{ line: given.line, role: 'the device holds a log since here' }],
  };
}

/** Nothing of the undoing is seen: what the start returned tells that it has failed. */
function judgeFailed(
  context: SessionContext,
  start: Activation,
  taken: Activation,
): Judgement | undefined {
  const { run } = context;
  const { result } = start;
  if (result === undefined || !hasFailed(start)) return undefined;
  const at = place(start);
  const missing = [
    ...recordDoubts(run, start),
    ...unwatched(run, 'vhost_log_put', taken.first, endOf(run, start)),
  ];
  if (hasStranger(context, taken.first, endOf(run, start), 'vhost_log_put'))
    missing.push('dev= of every vhost_log_put');
  if (missing.length > 0) {
    const message = `the start returns ${result.value} and is not seen to give its log back`;
    return { verdict: 'inconclusive', ...at, message, missing };
  }
  return {
    verdict: 'violation',
    ...at,
    message: `the start returns ${result.value}, but the log that it took is not given back`,
    expected: 'vhost_log_put(sync=false) before vhost_dev_start returns',
    evidence: [
      { line: taken.line, role: 'the log is taken' },
      { line: result.line, role: 'the start fails' },
    ],
  };
}

/** vhost_dev_start() undoes in the order log, vrings: a vring that is stopped comes after the put. */
function judgeStart(context: SessionContext, start: Activation): Judgement | undefined {
  const { run } = context;
  const taken = below(start, 'vhost_log_get', 'op_set_log_base')[0];
  if (taken === undefined) return undefined;
  const undone = below(start, 'vhost_virtqueue_stop', 'op_get_vring_base').find(
    (a) => a.first > taken.first,
  );
  const puts = [...below(start, 'vhost_log_put'), ...bareWithin(context, start, 'vhost_log_put')];
  const put = puts.find((a) => a.first > taken.first);
  if (undone === undefined && put === undefined) return judgeFailed(context, start, taken);
  const at = place(start);
  if (put !== undefined && put.first < (undone?.first ?? Infinity)) {
    return {
      verdict: 'pass',
      ...at,
      message: 'the start fails and gives its log back',
      evidence: [{ line: put.line, role: 'the log is given back' }],
    };
  }
  if (undone === undefined) return undefined;
  const missing = unwatched(run, 'vhost_log_put', taken.first, undone.first);
  missing.push(...unwatched(run, 'vhost_dev_start', start.first, undone.first));
  if (!start.entered) missing.push('the entry of vhost_dev_start');
  if (hasGap(run, start.first, undone.first)) missing.push('an unbroken record of vhost_dev_start');
  if (missing.length > 0) {
    const message = 'the start fails and is not seen to give its log back';
    return { verdict: 'inconclusive', ...at, message, missing };
  }
  return {
    verdict: 'violation',
    ...at,
    message:
      'the start fails and its vrings are undone, but the log that it took is not given back',
    expected: 'vhost_log_put(sync=false) before the vrings are stopped',
    evidence: [
      { line: taken.line, role: 'the log is taken' },
      { line: undone.line, role: 'the start is being undone' },
    ],
  };
}
