import type { Activation } from '../flows/activations/activation.js';
import type { FactKind } from '../model/fact.js';
import { bigintOf } from '../model/values.js';
import { callsOf, deviceCalls, isOfNet, unseenBetween } from './shared/calls/device-calls.js';
import { ignoredFailure } from './shared/calls/failed-steps.js';
import { leftOutOfDevice, leftOutOfRing } from './shared/calls/left-out.js';
import { leftOutVrings } from './shared/calls/left-out-vrings.js';
import { callerOf, firstFrom, hasGap, place, unwatched } from './shared/calls/queries.js';
import { unsentSteps } from './shared/calls/unsent-steps.js';
import { judgeWireOrder } from './shared/wire/start-order.js';
import { marksOfCalls } from './shared/marks.js';
import type { Judgement, Rule, SessionContext } from './rule.js';

/** Steps of a call in the order of the source; calls of one rank may come in any order. */
type Ranks = Partial<Record<FactKind, number>>;

/** hw/virtio/vhost.c, vhost_dev_start(): what it calls itself. An inlined callee leaves the op in its place. */
const OF_DEVICE: Ranks = {
  vhost_dev_set_features: 1,
  op_set_features: 1,
  op_set_mem_table: 2,
  vhost_virtqueue_start: 3,
  vhost_virtqueue_set_addr: 3,
  op_set_vring_num: 3,
  op_set_vring_base: 3,
  op_set_vring_addr: 3,
  op_set_vring_kick: 3,
  vhost_log_get: 4,
  op_set_log_base: 5,
  op_set_vring_enable: 6,
  op_dev_start: 7,
};

/** hw/virtio/vhost.c, vhost_virtqueue_start(). */
const OF_RING: Ranks = {
  op_set_vring_num: 1,
  op_set_vring_base: 2,
  vhost_virtqueue_set_addr: 3,
  op_set_vring_addr: 3,
  op_set_vring_kick: 4,
};

/** A device start sets up features, memory, vrings and log base in this order, none left out or ignored when it fails, and the data path after all. */
export const dsOrder: Rule = {
  info: {
    id: 'DS-ORDER',
    title:
      'a device start sends features, memory table, vrings and log base, all of them in this order',
    severity: 'error',
    impact: 'crash',
    backends: ['kernel', 'user', 'vdpa'],
    versions: '2.12 - 11.1',
    needs: [
      'the entry of vhost_dev_start (of vhost_virtqueue_start for the order within a vring) with its backtrace',
      'two or more of: vhost_dev_set_features, the set_mem_table op, vhost_virtqueue_start, the set_log_base op, the set_vring_enable and dev_start ops',
      'for a vring two or more of the ops set_vring_num, set_vring_base, set_vring_addr, set_vring_kick',
      'for a step that is left out: the probe of its function and of its op, in another start too, and the next step behind it',
      'for a vring that is left out: probe vhost_virtqueue_start with vq=, the return of vhost_dev_start, and vhost_dev_cleanup or the stop of the device',
      'for a step that fails: what it returned (gdb: finish)',
      'or the messages of a vhost-user device start: an strace -y of QEMU or of the backend',
      'for the data path: vhost_kernel_net_set_backend below vhost_net_start_one, or vhost_kernel_scsi_set_endpoint',
    ],
    why: 'A backend takes a ring address by the memory table that it has, and starts at the kick: with another order, or without one of the steps, it maps the wrong memory, or runs a ring whose index or address it does not know.',
    probes: [
      'vhost_dev_start',
      'vhost_dev_set_features',
      'op_set_features',
      'op_set_mem_table',
      'vhost_virtqueue_start',
      'op_set_vring_num',
      'op_set_vring_base',
      'vhost_virtqueue_set_addr',
      'op_set_vring_addr',
      'op_set_vring_kick',
      'op_set_log_base',
      'vhost_dev_cleanup',
      'return of vhost_dev_start',
      'return of vhost_dev_set_features',
      'return of op_set_mem_table',
      'return of vhost_virtqueue_start',
      'return of op_set_log_base',
    ],
    messageProbes: [
      'wire vhost_user_message',
      'wire op_set_features',
      'wire op_set_mem_table',
      'wire op_set_vring_addr',
    ],
    remedy:
      'Compare vhost_dev_start() and vhost_virtqueue_start() of that QEMU with the release it is made from.',
    exceptions: [
      'the undoing of a start that fails',
      'a start that leaves out features, memory table and vring indices together: another QEMU hands its backend over',
      'with CONFIGURE_MEM_SLOTS a start sends no memory that the backend has; queue pairs but the first send none',
      'a vring that the guest has not set up: its start returns at once',
      'a vhost-user-net device enables its rings before the start',
      'features that vhost_dev_prepare_inflight() sends before the start',
      'the log base comes last here, and first in a log start (LS-BASE-FIRST)',
      'what the dev_start op of vdpa tells the device of its shadow virtqueues',
    ],
    sources: [
      'QEMU hw/virtio/vhost.c vhost_dev_start(), vhost_virtqueue_start()',
      'QEMU hw/virtio/vhost-user.c vhost_user_set_mem_table()',
      'QEMU hw/net/vhost_net.c vhost_net_start_one()',
      'QEMU hw/scsi/vhost-scsi.c vhost_scsi_start()',
    ],
  },
  passesAtEntry: true,
  triggers: ['vhost_dev_start'],
  *sequence(context) {
    for (const { activation } of deviceCalls(context, 'vhost_dev_start')) {
      const leftOut = [
        ...leftOutOfDevice(context, activation),
        ...leftOutVrings(context, activation),
        ...unsentSteps(context, activation),
      ];
      yield* leftOut;
      yield* ignoredFailure(context, activation);
      if (leftOut.length === 0) yield* judge(context, activation, OF_DEVICE, undefined);
    }
    for (const { activation } of deviceCalls(context, 'vhost_virtqueue_start')) {
      const leftOut = leftOutOfRing(context, activation);
      yield* leftOut;
      if (leftOut.length === 0)
        yield* judge(context, activation, OF_RING, context.run.rings.ringOf(activation));
    }
    yield* judgeDataPath(context);
    yield* judgeWireOrder(context);
  },
};

function* judge(
  context: SessionContext,
  start: Activation,
  ranks: Ranks,
  vring: number | undefined,
): Generator<Judgement> {
  const calls = start.children
    .filter((a) => ranks[a.kind] !== undefined && a.device === start.device)
    .filter((a) => !isUndoing(a))
    .sort((a, b) => a.first - b.first);
  const rankOf = (a: Activation): number => ranks[a.kind] ?? 0;
  const last = calls.at(-1);
  if (last === undefined || new Set(calls.map(rankOf)).size < 2) return;
  const missing = missingOfOne(context, start, last);
  if (!start.entered && calls.some((call, i) => calls.findIndex((a) => isAgain(a, call)) < i))
    missing.push(`the entry of ${start.func}, which makes each of its calls once`);
  const at = { ...place(start), vring };
  let highest = calls[0];
  for (const call of calls) {
    if (highest === undefined || rankOf(call) >= rankOf(highest)) {
      highest = call;
      continue;
    }
    const message = `${highest.func} comes before ${call.func}`;
    yield missing.length > 0
      ? { verdict: 'inconclusive', ...at, message: `${message}, perhaps of another start`, missing }
      : {
          verdict: 'violation',
          ...at,
          step: call.first,
          line: call.line,
          message: `${message} in one ${start.func}`,
          expected: `${call.func} before ${highest.func}`,
          evidence: [
            { line: start.line, role: `${start.func} begins here` },
            { line: highest.line, role: 'the later step, which came first' },
          ],
        };
    return;
  }
  if (missing.length > 0) return;
  yield {
    verdict: 'pass',
    ...at,
    message: `${start.func} makes its ${calls.length} calls that are seen in order`,
    seenAt: () => marksOfCalls(calls),
  };
}

/**
 * Two calls whose entries are not reported look like one. A device start starts each of its vrings once,
 * so that the vring tells them apart where it is shown.
 */
function missingOfOne({ run }: SessionContext, start: Activation, last: Activation): string[] {
  const whole = start.entered ? start : (callerOf(start, 'vhost_dev_start') ?? start);
  const missing = unwatched(run, whole.kind, whole.first, last.first);
  if (!whole.entered) missing.push(`the entry of ${whole.func}`);
  const { idx, vq } = start.call;
  const isAnyRing = whole !== start && idx === undefined && vq === undefined;
  if (isAnyRing) missing.push(`probe ${start.func}, or its idx=`);
  if (hasGap(run, whole.first, last.first)) missing.push(`an unbroken record of ${whole.func}`);
  return missing;
}

/** A start makes a call once for each vring: a second one that looks the same may be of a restart of that vring. */
function isAgain(a: Activation, b: Activation): boolean {
  return a.kind === b.kind && a.func === b.func && a.call.idx === b.call.idx;
}

/** A start that fails late takes back the ring enable and the device start. */
function isUndoing({ kind, enable }: Activation): boolean {
  return (kind === 'op_set_vring_enable' || kind === 'op_dev_start') && enable !== true;
}

/** Nothing may be attached to a device that is not started: then the kernel runs rings that it has no addresses of. */
function* judgeDataPath(context: SessionContext): Generator<Judgement> {
  const { run } = context;
  for (const { activation: attach, device } of [
    ...deviceCalls(context, 'op_net_set_backend'),
    ...deviceCalls(context, 'op_scsi_set_endpoint'),
  ]) {
    const isAttach =
      attach.kind === 'op_scsi_set_endpoint' ||
      isOfNet(run, attach, 'start') ||
      (bigintOf(attach.printed?.get('fd')) ?? -1n) >= 0n;
    if (!isAttach) continue;
    const states = context.stateBefore(device, attach.first).run;
    // The kernel does not let QEMU wait in a main loop: what is called in the start is a step of it.
    const isInStart = callerOf(attach, 'vhost_dev_start')?.device === device;
    const isStarted = states.includes('started') || states.includes('starting');
    if (isStarted && !isInStart) {
      if (states.length > 1) yield* attachedTooEarly(context, attach, device);
      continue;
    }
    const whom = isInStart ? 'in the middle of vhost_dev_start' : 'to a device that is not started';
    yield {
      verdict: 'violation',
      ...place(attach),
      message: `${attach.func} attaches the data path ${whom}`,
      expected: `${attach.func} after vhost_dev_start has returned`,
    };
  }
}

/** Nobody has seen the device before: that it is started behind the call, and was not stopped between, tells. */
function* attachedTooEarly(
  context: SessionContext,
  attach: Activation,
  device: string,
): Generator<Judgement> {
  const calls = callsOf(
    context,
    device,
    'vhost_dev_start',
    'vhost_dev_stop',
    'vhost_dev_init',
    'vhost_dev_cleanup',
  );
  const at = firstFrom(calls, attach.first);
  const [start, next] = [calls[at], calls[at + 1]];
  if (at > 0 || start?.kind !== 'vhost_dev_start' || !start.entered) return;
  // With calls of its own it is a second start of a device that runs (DS-DOUBLE).
  const attaches = callsOf(context, device, 'op_net_set_backend');
  const own = attaches
    .slice(firstFrom(attaches, start.first))
    .find((call) => isOfNet(context.run, call, 'start'));
  if (own !== undefined && (next === undefined || own.first < next.first)) return;
  const message = `${attach.func} attaches the data path, and ${start.func} comes after it`;
  // No device is cleaned up, and its address used again, that has not been stopped.
  const missing = unseenBetween(context, attach.first, start.first, 'vhost_dev_stop');
  if (missing.length > 0) {
    yield { verdict: 'inconclusive', ...place(attach), message, missing };
    return;
  }
  yield {
    verdict: 'violation',
    ...place(attach),
    message: `${message}, with no stop in between`,
    expected: `${attach.func} after vhost_dev_start has returned`,
    evidence: [{ line: start.line, role: 'the device is started' }],
  };
}
