import { known } from '../protocol/replay.js';
import { callsOf, deviceCalls, missingBody } from './shared/calls/device-calls.js';
import {
  bareWithin,
  below,
  recordDoubts,
  endOf,
  isOfAnotherThread,
  lastBefore,
  nextOf,
  place,
  unwatched,
} from './shared/calls/queries.js';
import type { Judgement, Mark, Rule, SessionContext } from './rule.js';
import type { Activation } from '../flows/activations/activation.js';

/** A device that stops gives its log back, and reads it with that. */
export const dsPut: Rule = {
  info: {
    id: 'DS-PUT',
    title: 'a device that stops gives its log back and has it read',
    severity: 'error',
    impact: 'corrupt',
    backends: ['kernel', 'user', 'vdpa'],
    versions: '2.12 - 11.1',
    needs: [
      'the entry of vhost_dev_stop and proof that it returned',
      'probe vhost_log_put, and the set_log_base op since the device got its log',
    ],
    why: 'The dirty bits since the last sync round are read when the log is given back. A stop without it loses them, and the log is never freed.',
    probes: ['vhost_dev_stop', 'vhost_log_put', 'op_set_log_base'],
    remedy: 'Look at the end of vhost_dev_stop() of that QEMU.',
    exceptions: [
      'a device that holds no log, for example because a log stop gave it back already',
      'an optimised build may inline vhost_log_put: only a capture that shows the function elsewhere can miss it here',
    ],
    sources: ['QEMU hw/virtio/vhost.c vhost_dev_stop(), vhost_log_put()'],
  },
  triggers: ['vhost_dev_stop'],
  *sequence(context) {
    for (const { activation, device } of deviceCalls(context, 'vhost_dev_stop')) {
      const judged = judge(context, activation, device);
      if (judged !== undefined) yield judged;
    }
  },
};

function judge(context: SessionContext, stop: Activation, device: string): Judgement | undefined {
  const { run } = context;
  const at = place(stop);
  const put = [...below(stop, 'vhost_log_put'), ...bareWithin(context, stop, 'vhost_log_put')][0];
  const { base } = context.stateBefore(device, stop.first);
  if (!base.includes('held')) return undefined;
  if (put !== undefined) {
    // A log stop that is not shown as a whole may have given it back before; vhost_log_put() does nothing then.
    const isHeld = known(base) !== undefined;
    return {
      verdict: 'pass',
      ...at,
      message: isHeld
        ? 'the log is given back in the stop'
        : 'vhost_log_put is called in the stop, and gives back the log if the device holds one',
      evidence: [{ line: put.line, role: isHeld ? 'the log is given back' : 'vhost_log_put' }],
    };
  }
  const over = stop.closed ?? nextStart(context, stop)?.first;
  const missing = [
    // Nothing that fails in vhost_dev_stop() keeps it from giving the log back.
    ...recordDoubts(run, stop, over),
    ...missingBody(run, stop),
    ...unwatched(run, 'vhost_log_put', stop.first, over ?? endOf(run, stop)),
  ];
  if (known(base) === undefined)
    missing.push('proof that the device holds a log: its set_log_base op');
  if (missing.length > 0) {
    return {
      verdict: 'inconclusive',
      ...at,
      message: 'the stop is not seen to give the log back',
      missing,
    };
  }
  return {
    verdict: 'violation',
    ...at,
    message:
      'the device stops and keeps its log: vhost_log_put is never called, and the last dirty bits are lost',
    expected: 'vhost_log_put(sync=true) before vhost_dev_stop returns',
    evidence: heldSince(context, device, stop.first),
  };
}

/** The next start of the device by another thread: it begins when the stop has given the big lock back. */
function nextStart(context: SessionContext, stop: Activation): Activation | undefined {
  const calls = context.of(
    'vhost_dev_start',
    'vhost_dev_stop',
    'vhost_dev_init',
    'vhost_dev_cleanup',
  );
  const next = nextOf(calls, stop);
  const isStart = next?.kind === 'vhost_dev_start' && next.device !== undefined;
  return isStart && isOfAnotherThread(next, stop) ? next : undefined;
}

function heldSince(context: SessionContext, device: string, before: number): Mark[] {
  const base = lastBefore(callsOf(context, device, 'op_set_log_base'), before);
  return base === undefined ? [] : [{ line: base.line, role: 'the device holds a log since here' }];
}
