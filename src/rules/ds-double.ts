import { known } from '../protocol/replay.js';
import { callsOf, deviceCalls, runEvents } from './shared/calls/device-calls.js';
import { lastBefore, place, unwatched } from './shared/calls/queries.js';
import { judgeDoubleStarts } from './shared/wire/double-starts.js';
import { mark } from './shared/marks.js';
import type { Judgement, Rule, SessionContext } from './rule.js';
import type { Activation } from '../flows/activations/activation.js';

/** A device that runs is not started again. */
export const dsDouble: Rule = {
  info: {
    id: 'DS-DOUBLE',
    title: 'a device that runs is not started again without a stop',
    severity: 'warning',
    impact: 'odd',
    backends: ['kernel', 'user', 'vdpa'],
    versions: '2.12 - 11.1',
    needs: [
      'probes vhost_dev_start and vhost_dev_stop since the first start',
      'proof that the first start succeeded: a log start that reaches the backend, or `finish` showing 0',
      'the trace events vhost_dev_start and vhost_dev_stop (7.2 and later; since 11.1 vhost_dev_start_in and vhost_dev_stop_in) show entries only: with them the rule can confirm, never accuse',
      'or the messages of a vhost-user connection since the first start: an strace -y or the log of the backend',
    ],
    why: 'The second start sets up rings that the backend is working on, and takes a second reference to the log.',
    probes: ['vhost_dev_init', 'vhost_dev_start', 'vhost_dev_stop', 'return of vhost_dev_start'],
    remedy:
      'Look at how the virtio device keeps track of its start: its own flag and hdev->started must agree.',
    exceptions: [
      'a start that failed is tried again at the next status write, without a stop between',
      'a vhost-user device whose socket was closed counts as stopped before vhost_dev_stop() comes: of its calls nothing is said, and its messages begin anew',
      'a vring that the guest has reset (VIRTIO_F_RING_RESET) is passed over by a stop',
    ],
    sources: [
      'QEMU hw/virtio/vhost.c vhost_dev_start()',
      'QEMU hw/virtio/vhost.c vhost_virtqueue_stop()',
      'QEMU hw/net/virtio-net.c virtio_net_vhost_status()',
    ],
  },
  passesAtEntry: true,
  triggers: [],
  *sequence(context) {
    for (const { activation, device } of deviceCalls(context, 'vhost_dev_start')) {
      const judged = judge(context, activation, device);
      if (judged !== undefined) yield judged;
    }
    for (const { device, kind, previous, step, line } of runEvents(context)) {
      if (kind !== 'vhost_dev_start') continue;
      const at = { device, step, line };
      yield previous.kind === 'vhost_dev_start'
        ? {
            verdict: 'inconclusive',
            ...at,
            message: 'two starts without a stop between them',
            missing: ['whether the first start succeeded: the event is its entry'],
          }
        : {
            verdict: 'pass',
            ...at,
            message: 'the device is started after a stop',
            seenAt: () => mark(previous, 'the stop before it'),
          };
    }
    yield* judgeDoubleStarts(context);
  },
};

function judge(context: SessionContext, start: Activation, device: string): Judgement | undefined {
  const { run } = context.stateBefore(device, start.first);
  const at = place(start);
  const calls = callsOf(context, device, 'vhost_dev_start', 'vhost_dev_stop', 'vhost_dev_init');
  const earlier = lastBefore(calls, start.first);
  if (earlier === undefined || !start.entered) return undefined;
  const evidence = mark(earlier, `the ${earlier.func} before it`);
  if (!run.includes('started')) {
    const message = 'the device is started while it does not run';
    return { verdict: 'pass', ...at, message, seenAt: () => evidence };
  }
  if (known(run) === 'started') {
    return {
      verdict: 'violation',
      ...at,
      message: 'vhost_dev_start is called for a device that runs',
      expected: 'vhost_dev_stop before the next vhost_dev_start',
      evidence,
    };
  }
  if (earlier.kind !== 'vhost_dev_start') return undefined;
  const isUser = context.run.rings.backendOf(start) === 'user';
  return {
    verdict: 'inconclusive',
    ...at,
    message: 'two starts without a stop that is seen between them',
    evidence,
    missing: [
      isUser
        ? 'proof that the socket of the vhost-user backend stayed open'
        : 'whether the first start succeeded',
      ...unwatched(context.run, 'vhost_dev_stop', earlier.first, start.first),
    ],
  };
}
