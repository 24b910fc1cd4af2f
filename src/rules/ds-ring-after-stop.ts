import type { Activation } from '../flows/activations/activation.js';
import { known } from '../protocol/replay.js';
import { deviceCalls, lastOfRing, missingBody } from './shared/calls/device-calls.js';
import {
  bareWithin,
  below,
  callerOf,
  doubts,
  endOf,
  place,
  unwatched,
} from './shared/calls/queries.js';
import { judgeStoppedVrings } from './shared/wire/stopped-vrings.js';
import { endMark, mark } from './shared/marks.js';
import type { Judgement, Rule, SessionContext } from './rule.js';

/** Calls that give the backend a ring to work on. */
const SETUP = ['vhost_virtqueue_set_addr', 'op_set_vring_addr', 'op_set_vring_kick'] as const;

/** A ring that was fetched at a device stop is left alone until the next start. */
export const dsRingAfterStop: Rule = {
  info: {
    id: 'DS-RING-AFTER-STOP',
    title: 'a vring that a device stop has fetched is left alone until the next start',
    severity: 'error',
    impact: 'corrupt',
    backends: ['kernel', 'user', 'vdpa'],
    versions: '2.12 - 11.1',
    needs: [
      'vhost_dev_stop with the get_vring_base calls in it',
      'probe vhost_virtqueue_set_addr, or the set_vring_addr and set_vring_kick ops',
      'after the stop: probes vhost_dev_start and vhost_dev_stop, so that the device is known to be stopped',
      'or the messages of a vhost-user connection since the device start: an strace -y or the log of the backend',
    ],
    why: 'For vhost-user an address or a kick starts the ring again: the backend processes requests of a guest that is already moving, and the index that was fetched is wrong.',
    probes: ['vhost_dev_start', 'vhost_dev_stop', 'vhost_virtqueue_set_addr', 'op_get_vring_base'],
    remedy:
      'Find out who sets up vrings of a stopped device in that QEMU: only vhost_dev_start() and a ring restart of a started device may.',
    exceptions: [
      'a ring reset and restart of a started device (vhost_net_virtqueue_reset(), 7.2)',
      'a log start or stop that goes on to a stopped device: that is LS-EARLY-EXIT',
      'vdpa: what QEMU tells the device of its shadow virtqueues does not pass through these ops',
    ],
    sources: [
      'QEMU hw/virtio/vhost.c vhost_dev_stop(), vhost_virtqueue_stop(), vhost_virtqueue_start()',
      'DPDK lib/vhost/vhost_user.c vhost_user_get_vring_base(), vhost_user_set_vring_num()',
    ],
  },
  passesAtEntry: true,
  triggers: [],
  *sequence(context) {
    for (const { activation } of deviceCalls(context, 'vhost_dev_stop')) {
      const judged = judgeStop(context, activation);
      if (judged !== undefined) yield judged;
    }
    for (const activation of context.of(...SETUP)) {
      const judged = judgeSetup(context, activation);
      if (judged !== undefined) yield judged;
    }
    yield* judgeStoppedVrings(context);
  },
};

function judgeStop(context: SessionContext, stop: Activation): Judgement | undefined {
  const { run } = context;
  const fetches = [
    ...below(stop, 'op_get_vring_base'),
    ...bareWithin(context, stop, 'op_get_vring_base'),
  ];
  const [fetch] = fetches;
  const setup = below(stop, ...SETUP)[0];
  const before = fetches.findLast((a) => setup !== undefined && a.first < setup.first);
  if (setup !== undefined && before !== undefined) {
    return violation(context, setup, before, 'in the stop that has fetched the vrings');
  }
  if (fetch === undefined || stopsBeforeToggles(context).has(stop)) return undefined;
  const missing = [
    ...doubts(run, stop),
    ...missingBody(run, stop),
    ...unwatched(run, 'vhost_virtqueue_set_addr', stop.first, endOf(run, stop)),
  ];
  if (bareWithin(context, stop, ...SETUP).length > 0)
    missing.push('the backtrace of vhost_virtqueue_set_addr');
  const at = place(stop);
  return missing.length > 0
    ? {
        verdict: 'inconclusive',
        ...at,
        message: 'whether the vrings are set up again in the stop is not seen',
        missing,
      }
    : {
        verdict: 'pass',
        ...at,
        message: 'no vring is set up again in the stop',
        seenAt: () => [
          ...fetches.flatMap((call) => mark(call, 'a vring is fetched, which stops it')),
          ...endMark(run, stop),
        ],
      };
}

/**
 * Stops behind which a log toggle sets vrings up without a start in between: no pass, and the violation is that of
 * LS-EARLY-EXIT.
 */
function stopsBeforeToggles(context: SessionContext): ReadonlySet<Activation> {
  return context.once('stops before toggles', () => {
    const found = new Set<Activation>();
    const stopped = new Map<string, Activation>();
    for (const call of context.of('vhost_dev_start', 'vhost_dev_stop', ...SETUP)) {
      const { device, kind, first } = call;
      if (device === undefined) continue;
      const stop = stopped.get(device);
      if (kind === 'vhost_dev_stop') stopped.set(device, call);
      else if (kind === 'vhost_dev_start') stopped.delete(device);
      else if (
        stop !== undefined &&
        callerOf(call, 'vhost_dev_set_log', 'vhost_migration_log') !== undefined &&
        unwatched(context.run, 'vhost_dev_start', stop.first, first).length === 0
      )
        found.add(stop);
    }
    return found;
  });
}

/** Outside of a stop: the device is known to be stopped, and its last stop has fetched the ring. */
function judgeSetup(context: SessionContext, setup: Activation): Judgement | undefined {
  const { run } = context;
  const { device } = setup;
  const vring = run.rings.ringOf(setup);
  const isElsewhere = callerOf(
    setup,
    ...SETUP,
    'vhost_dev_start',
    'vhost_dev_stop',
    'vhost_dev_set_log',
    'vhost_migration_log',
  );
  if (device === undefined || vring === undefined || isElsewhere !== undefined) return undefined;
  if (!setup.stackKnown) return undefined;
  if (known(context.stateBefore(device, setup.first).run) !== 'stopped') return undefined;
  const fetch = lastOfRing(context, 'op_get_vring_base', device, vring, setup.first);
  if (fetch === undefined || callerOf(fetch, 'vhost_dev_stop') === undefined) return undefined;
  return violation(context, setup, fetch, 'of a device that is stopped');
}

function violation(
  { run }: SessionContext,
  setup: Activation,
  fetch: Activation,
  where: string,
): Judgement {
  const vring = run.rings.ringOf(setup);
  const ring = vring === undefined ? 'a vring' : `vring ${vring}`;
  return {
    verdict: 'violation',
    ...place(setup),
    vring,
    message: `${setup.func} sets up ${ring} ${where}`,
    expected: 'vhost_dev_start before a vring is set up again',
    evidence: [{ line: fetch.line, role: 'the vring is fetched here, which stops it' }],
  };
}
