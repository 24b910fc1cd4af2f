import { versionsIn } from '../flows/run.js';
import type { Run } from '../flows/run.js';
import type { Activation } from '../flows/activations/activation.js';
import type { Frame } from '../model/record.js';
import { argText, boolOf } from '../model/values.js';
import { known, runningRings } from '../protocol/replay.js';
import {
  callsOf,
  isBelow,
  lastAddressed,
  lastOfRing,
  missingRings,
} from './shared/calls/device-calls.js';
import { printedNumber } from './shared/calls/printed.js';
import {
  bareWithin,
  below,
  callerOf,
  doubts,
  endOf,
  hasGap,
  lastBefore,
  place,
  probeName,
  unwatched,
} from './shared/calls/queries.js';
import {
  failedFetches,
  fetchesAfterReset,
  LOST_BACKEND,
  RESET_FIRST,
} from './shared/lost-ring-state.js';
import { tracedRingStops } from './shared/traced/ring-stops.js';
import { mark } from './shared/marks.js';
import type { Judgement, Mark, Rule, SessionContext } from './rule.js';

/** Functions through which QEMU stops the guest; anything else that stops a device may be the guest's doing. */
const VM_STOP = /^(?:vm_state_notify|do_vm_stop|vm_stop|vm_stop_force_state|migration_stop_vm)$/;
/** From this version on a vhost-user device can be stopped without fetching its rings. */
const FORCE_STOP = 1001;

/** Every running ring is stopped and its state fetched when the device stops. */
export const dsRingbase: Rule = {
  info: {
    id: 'DS-RINGBASE',
    title: 'every running vring is fetched from the backend when the device stops',
    severity: 'error',
    impact: 'corrupt',
    backends: ['kernel', 'user', 'vdpa'],
    versions: '2.12 - 11.1',
    needs: [
      'probes vhost_dev_start, vhost_dev_stop, vhost_virtqueue_set_addr and the get_vring_base op since the device start',
      'the entry of vhost_dev_stop and proof that it returned; for the order vhost_log_put in it',
      'since 11.1 the trace events vhost_dev_start_in, vhost_virtqueue_start_out, vhost_dev_stop_in, vhost_virtqueue_stop_in, vhost_dev_stop_out and vhost_user_write',
      'for vdpa the trace events vhost_vdpa_dev_start, vhost_vdpa_reset_device, vhost_vdpa_get_vring_base and vhost_vdpa_set_features, and vm_state_notify for what stops the device',
    ],
    probes: [
      'vhost_dev_start',
      'vhost_dev_stop',
      'vhost_virtqueue_start',
      'vhost_virtqueue_set_addr',
      'vhost_virtqueue_stop',
      'vhost_log_put',
      'op_get_vring_base',
      'event vm_state_notify',
    ],
    why: 'A ring that is not stopped goes on processing requests while its guest is already moving, and the destination starts it at a wrong index: requests are lost or done twice.',
    remedy:
      'Look at the loop of vhost_dev_stop() and at vhost_virtqueue_stop() of that QEMU; where a fetch failed, at why the backend did not answer, and migrate with QEMU 10.1 or later, whose migration fails then.',
    exceptions: [
      'a ring whose descriptor address the guest has cleared is skipped; so a stop that QEMU did not cause is a warning, and nothing is said where vhost_virtqueue_stop was entered for the ring',
      'vhost_dev_force_stop() of 10.1 and later (vhost-user-blk with skip-get-vring-base-on-force-shutdown)',
      'a vdpa ring that a shadow virtqueue answers for (svq: 1) may be fetched after the reset',
    ],
    sources: [
      'QEMU hw/virtio/vhost.c vhost_dev_stop(), vhost_virtqueue_stop()',
      'QEMU hw/net/vhost_net.c vhost_net_virtqueue_reset()',
      'QEMU hw/virtio/vhost-vdpa.c vhost_vdpa_dev_start(), vhost_vdpa_get_vring_base()',
    ],
    bugs: [
      {
        where: 'QEMU c3716f260bff (8.0)',
        what: 'vhost-vdpa reset the device before its vrings were fetched, and their state was lost; seen in the order of the trace events. In a gdb log the order alone decides nothing: with shadow virtqueues, or a device that cannot be suspended, QEMU answers by itself',
        backend: 'vdpa',
        fault: RESET_FIRST,
      },
      {
        where: 'QEMU bc85aae42045, 5a317017b827 (10.1)',
        what: 'a backend lost at the switchover was ignored, and the migration completed with wrong vring state; seen where `finish` shows get_vring_base to fail and the migration to go on',
        backend: 'user',
        fault: LOST_BACKEND,
      },
    ],
  },
  triggers: ['vhost_dev_stop'],
  *sequence(context) {
    yield* failedFetches(context);
    yield* fetchesAfterReset(context);
    yield* tracedRingStops(context);
    for (const stop of context.of('vhost_dev_stop')) {
      // do_vhost_dev_stop() is the body of vhost_dev_stop() since 10.1.
      if (stop.device === undefined || stop.parent?.kind === 'vhost_dev_stop') continue;
      if (callerOf(stop, 'vhost_dev_force_stop', 'vhost_dev_start') === undefined)
        yield* judge(context, stop, stop.device);
      yield* judgeOrder(context, stop);
    }
    for (const stop of context.of('vhost_virtqueue_stop')) yield* judgeReset(context, stop);
  },
};

/** The guest resets one vring of a device that runs (7.2 and later). */
function* judgeReset(context: SessionContext, stop: Activation): Generator<Judgement> {
  const { run } = context;
  const { device } = stop;
  const vring = run.rings.ringOf(stop);
  // do_vhost_virtqueue_stop() is the body of vhost_virtqueue_stop() since 10.1.
  if (stop.parent?.kind === 'vhost_virtqueue_stop' || device === undefined || vring === undefined)
    return;
  if (!isBelow(run, stop, 'vhost_net_virtqueue_reset')) return;
  if (!runningRings(context.stateBefore(device, stop.first)).includes(vring)) return;
  const at = { ...place(stop), vring };
  const [fetch] = below(stop, 'op_get_vring_base');
  if (fetch !== undefined) {
    const message = `vring ${vring} is fetched in its reset`;
    yield { verdict: 'pass', ...at, message, seenAt: () => mark(fetch, fetch.func) };
    return;
  }
  const missing = [
    ...doubts(run, stop),
    ...unwatched(run, 'op_get_vring_base', stop.first, endOf(run, stop), 'kernel'),
    'the descriptor address of the ring',
  ];
  const message = `vring ${vring} is not seen to be fetched in its reset`;
  yield { verdict: 'inconclusive', ...at, message, missing };
}

/** A vring that runs when the log is given back sets bits that nobody reads. */
function* judgeOrder(context: SessionContext, stop: Activation): Generator<Judgement> {
  const { run } = context;
  const put = below(stop, 'vhost_log_put').find((a) => a.parent?.kind === 'vhost_dev_stop');
  if (put === undefined || stop.altered) return;
  // Of the same stop: one may run inside another where QEMU waits for a reply in a main loop of its own.
  const late = below(stop, 'op_get_vring_base').find(
    (a) =>
      a.entered &&
      a.first > put.first &&
      callerOf(a, 'vhost_dev_stop') === put.parent &&
      a.device === put.device,
  );
  if (late === undefined || !put.entered || hasGap(run, put.first, late.first)) return;
  // Two stops of one device look like one where their entries are not reported.
  if (!stop.entered || unwatched(run, 'vhost_dev_stop', put.first, late.first).length > 0) return;
  const vring = run.rings.ringOf(late);
  yield {
    verdict: 'violation',
    ...place(late),
    vring,
    message: `the device gives its log back before ${vring === undefined ? 'a vring' : `vring ${vring}`} is fetched: what the backend writes until then is lost`,
    expected: `${late.func} for every vring, then vhost_log_put`,
    evidence: [{ line: put.line, role: 'the log is given back' }],
  };
}

function* judge(context: SessionContext, stop: Activation, device: string): Generator<Judgement> {
  const { run } = context;
  const before = context.stateBefore(device, stop.first);
  const rings = runningRings(before);
  const fetches = [
    ...below(stop, 'op_get_vring_base'),
    ...bareWithin(context, stop, 'op_get_vring_base'),
  ];
  const fetched = fetches.map((a) => fetchedRing(run, a));
  const missed = rings.filter((ring) => !fetched.includes(ring));
  if (missed.length === 0) {
    // A stop of a device whose rings are all idle (a second stop, a failed start) has nothing to fetch.
    if (before.vrings.size > 0 && [...before.vrings.values()].every((s) => known(s) === 'idle'))
      return;
    yield rings.length > 0
      ? {
          verdict: 'pass',
          ...place(stop),
          message: `vrings ${rings.join(', ')} are fetched in the stop`,
          seenAt: () => fetchMarks(run, fetches),
        }
      : {
          verdict: 'inconclusive',
          ...place(stop),
          message: 'which vrings the stop has to fetch is not known',
          missing: missingRings(context, device, stop.first),
        };
    return;
  }
  const backend = run.rings.backendOf(stop);
  const byVm = isByVm(context, stop);
  // Every vring is fetched before the log is given back.
  const put = below(stop, 'vhost_log_put').find(
    (a) => a.parent?.kind === 'vhost_dev_stop' && a.device === device,
  );
  const over = put?.first ?? stop.closed;
  const end = over ?? run.steps.length;
  for (const vring of missed) {
    const missing = [
      ...doubts(run, stop, over),
      ...unwatched(run, 'op_get_vring_base', stop.first, end, backend),
    ];
    if (backend === undefined) missing.push(`probe ${probeName('op_get_vring_base', undefined)}`);
    if (fetched.includes(undefined)) missing.push('idx= of vhost_virtqueue_stop');
    // 10.1 moved the work into do_vhost_dev_stop(), which may be a tail call beside this one.
    if (stop.children.length === 0 && versionsIn(run, stop.session).atMost >= FORCE_STOP) {
      missing.push('the calls below vhost_dev_stop');
    }
    if (
      backend === 'user' &&
      versionsIn(run, stop.session).atMost >= FORCE_STOP &&
      !isShownRegular(stop)
    )
      missing.push('force= of do_vhost_dev_stop, or a QEMU version below 10.1');
    const entered = below(stop, 'vhost_virtqueue_stop').find((a) => run.rings.ringOf(a) === vring);
    if (entered !== undefined && !byVm) missing.push('the descriptor address of the ring');
    if (!byVm) missing.push(...unwatched(run, 'vhost_virtqueue_stop', stop.first, end));
    if (missing.length > 0) {
      yield {
        verdict: 'inconclusive',
        ...place(stop),
        vring,
        message: `vring ${vring} is not seen to be fetched in the stop`,
        missing,
      };
      continue;
    }
    yield {
      verdict: 'violation',
      ...(byVm ? {} : { severity: 'warning' as const }),
      ...place(stop),
      vring,
      message: `the device stops without fetching vring ${vring}: ${probeName('op_get_vring_base', backend)} is never called for it`,
      expected: `${probeName('op_get_vring_base', backend)} for vring ${vring} before vhost_dev_stop returns`,
      evidence: [
        ...startEvidence(context, stop, vring),
        ...(put !== undefined && stop.closed === undefined
          ? [{ line: put.line, role: 'all vrings are done: the log is given back' }]
          : []),
      ],
    };
  }
}

/** The backend stops the vring whose index it gets, whatever the caller is about. */
function fetchedRing({ rings }: Run, fetch: Activation): number | undefined {
  const index = printedNumber(fetch, 'index');
  return index === undefined ? rings.ringOf(fetch) : Number(index);
}

/** Since 10.1 a forced stop may leave the vrings as they are; the argument tells it from a regular one. */
function isShownRegular(stop: Activation): boolean {
  return [stop, ...below(stop, 'vhost_dev_stop', 'vhost_virtqueue_stop')].some(
    ({ call }) => boolOf(argText(call.frame, 'force')) === false,
  );
}

function startEvidence(context: SessionContext, stop: Activation, vring: number): readonly Mark[] {
  const device = stop.device ?? '';
  const started = startOf(context, device, vring, stop.first);
  const addressed = started ?? lastAddressed(context, device, vring, stop.first);
  const since = started === undefined ? 'was last addressed here' : 'is running since here';
  const others = fetchMarks(context.run, below(stop, 'op_get_vring_base'));
  return [
    ...(addressed === undefined ? [] : [{ line: addressed.line, role: `vring ${vring} ${since}` }]),
    ...others,
  ];
}

function fetchMarks(run: Run, fetches: readonly Activation[]): readonly Mark[] {
  return fetches.flatMap((call) =>
    mark(call, `vring ${String(run.rings.ringOf(call))} is fetched`),
  );
}

/** Its address when the vring was started; a log toggle sends addresses too. Undefined where it may have been stopped since, or records are lost. */
function startOf(
  context: SessionContext,
  device: string,
  vring: number,
  before: number,
): Activation | undefined {
  let started = lastAddressed(context, device, vring, before);
  while (started !== undefined && callerOf(started, 'vhost_virtqueue_start') === undefined)
    started = lastAddressed(context, device, vring, started.first);
  if (started === undefined || hasGap(context.run, started.first, before)) return undefined;
  const stops = [
    lastOfRing(context, 'vhost_virtqueue_stop', device, vring, before),
    lastBefore(callsOf(context, device, 'vhost_dev_stop', 'vhost_dev_cleanup'), before),
  ];
  const { first } = started;
  return stops.some((stop) => stop !== undefined && stop.first > first) ? undefined : started;
}

function isByVm({ run }: SessionContext, stop: Activation): boolean {
  const frames: readonly Frame[] = run.steps[stop.first]?.frames ?? [];
  return frames.some((frame) => VM_STOP.test(frame.func));
}
