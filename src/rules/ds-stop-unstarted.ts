import { known } from '../protocol/replay.js';
import { callsOf, deviceCalls, isBelow, runEvents } from './shared/calls/device-calls.js';
import { lastBefore, place } from './shared/calls/queries.js';
import { mark } from './shared/marks.js';
import type { Judgement, Mark, Rule, SessionContext } from './rule.js';
import type { Activation } from '../flows/activations/activation.js';

/** A device that does not run is not stopped. */
export const dsStopUnstarted: Rule = {
  info: {
    id: 'DS-STOP-UNSTARTED',
    title: 'a device that does not run is not stopped again',
    severity: 'warning',
    impact: 'odd',
    backends: ['kernel'],
    versions: '2.12 - 11.1',
    needs: [
      'a kernel device: a probe on one of its ops',
      'probes vhost_dev_start and vhost_dev_stop since the first stop, and proof that it returned',
      'the backtrace of the first stop, to tell a ring restart that failed',
      'the trace events vhost_dev_start and vhost_dev_stop (7.2 and later; since 11.1 vhost_dev_start_in and vhost_dev_stop_in) show entries only: with them the rule can confirm, never accuse',
    ],
    why: 'The stop asks a backend for rings that it does not run; what it answers overwrites the ring indices that the first stop has fetched.',
    probes: ['vhost_dev_start', 'vhost_dev_stop', 'op_get_vring_base'],
    remedy:
      'Look at how the virtio device keeps track of its start: its own flag and hdev->started must agree.',
    exceptions: [
      'a ring restart that fails stops the device, and the regular stop comes later all the same (vhost_net_virtqueue_restart(), 7.2)',
      'handlers of a closed socket: nothing is said of vhost-user',
      'vhost-vdpa stops and starts to switch to shadow virtqueues, and stops once more when that start fails: nothing is said of it',
      'a capture that begins after the start',
    ],
    sources: [
      'QEMU hw/virtio/vhost.c vhost_dev_stop()',
      'QEMU hw/net/vhost_net.c vhost_net_virtqueue_restart()',
    ],
  },
  passesAtEntry: true,
  triggers: [],
  *sequence(context) {
    for (const { activation, device } of deviceCalls(context, 'vhost_dev_stop')) {
      const judged = judge(context, activation, device);
      if (judged !== undefined) yield judged;
    }
    for (const { device, kind, previous, step, line } of runEvents(context)) {
      if (kind !== 'vhost_dev_stop') continue;
      const at = { device, step, line };
      yield previous.kind === 'vhost_dev_start'
        ? {
            verdict: 'pass',
            ...at,
            message: AFTER_START,
            seenAt: () => mark(previous, 'the start before it'),
          }
        : {
            verdict: 'inconclusive',
            ...at,
            message: 'two stops without a start between them',
            missing: ['the calls around the stops: a ring restart that fails makes two'],
          };
    }
  },
};

const AFTER_START = 'the device is stopped after a start';

/** What makes a second stop legitimate where the backend is not known to be the kernel, and would have to be ruled out. */
const OF_OTHERS = {
  unknown:
    'the backend of the device: a probe on one of its ops, such as vhost_kernel_get_vring_base',
  user: 'that neither stop is of a closed socket, whose handler stops a vhost-user device once more: what goes over the socket around them (vhtrace probes strace --backend user)',
  vdpa: 'that no switch to shadow virtqueues has failed in between, which stops a vdpa device once more: the messages of QEMU',
} as const;

function judge(context: SessionContext, stop: Activation, device: string): Judgement | undefined {
  const { run } = context;
  const states = context.stateBefore(device, stop.first).run;
  const at = place(stop);
  const calls = callsOf(context, device, 'vhost_dev_start', 'vhost_dev_stop');
  const earlier = lastBefore(calls, stop.first);
  if (earlier === undefined || !stop.entered) return undefined;
  if (earlier.kind === 'vhost_dev_start') {
    const seenAt = (): readonly Mark[] => mark(earlier, 'the start before it');
    return { verdict: 'pass', ...at, message: AFTER_START, seenAt };
  }
  const backend = run.rings.backendOf(earlier);
  const missing: string[] = [];
  if (known(states) !== 'stopped')
    missing.push('proof that the device is stopped: probe vhost_dev_start');
  if (backend !== 'kernel') missing.push(OF_OTHERS[backend ?? 'unknown']);
  if (run.steps[earlier.first]?.complete !== true) missing.push('the backtrace of the first stop');
  if (isBelow(run, earlier, 'vhost_net_virtqueue_restart')) return undefined;
  const evidence = mark(earlier, 'the stop before it');
  if (missing.length > 0) {
    const message = 'two stops without a start that is seen between them';
    return { verdict: 'inconclusive', ...at, message, evidence, missing };
  }
  return {
    verdict: 'violation',
    ...at,
    message: 'vhost_dev_stop is called for a device that is stopped',
    expected: 'one vhost_dev_stop for each vhost_dev_start',
    evidence,
  };
}
