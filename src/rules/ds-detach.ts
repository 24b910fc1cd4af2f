import type { Activation } from '../flows/activations/activation.js';
import { callsOf, deviceCalls, isOfNet } from './shared/calls/device-calls.js';
import { ANCHORS, attaches, faultOfDetach, vringOf } from './shared/calls/net-attach.js';
import {
  below,
  firstFrom,
  hasGap,
  hasStranger,
  place,
  probeName,
  unwatched,
} from './shared/calls/queries.js';
import { judgeRingReset } from './shared/calls/ring-reset.js';
import { judgeKernelStops } from './shared/wire/kernel-detach.js';
import type { Judgement, Mark, Rule, SessionContext } from './rule.js';

/** The kernel's net worker lets go of the rings before their state is fetched. */
export const dsDetach: Rule = {
  info: {
    id: 'DS-DETACH',
    title: 'a vhost-net device is detached from its tap before its vrings are fetched',
    severity: 'error',
    impact: 'corrupt',
    backends: ['kernel'],
    versions: '2.12 - 11.1',
    needs: [
      'vhost_dev_stop below vhost_net_stop_one, and the vhost_kernel_get_vring_base calls in it',
      'probe vhost_kernel_net_set_backend (or vhost_net_set_backend) since the device was last seen outside of its stop',
      'the fd and the index are in a structure that gdb does not print by itself; `print *file` shows it. Without it the calls are counted: vhost_net_stop_one makes one for each vring, all of them before vhost_dev_stop',
      'for a call that fails: what it returned (gdb: finish)',
      'of a vring reset: its vhost_kernel_get_vring_base call, in a backtrace that shows vhost_net_virtqueue_reset',
      'or the requests to the kernel in the thread that stops the device, from a log start or stop on: an strace -y',
    ],
    why: 'For the kernel only VHOST_NET_SET_BACKEND(-1) stops the worker. Fetched while it runs, the ring index is old before it reaches the destination, and packets go on into guest memory.',
    probes: [
      'vhost_dev_stop',
      'stack of vhost_dev_stop',
      'op_get_vring_base',
      'op_net_set_backend',
      'return of op_net_set_backend',
    ],
    requestProbes: [
      'wire op_set_features',
      'wire op_set_vring_addr',
      'wire op_net_set_backend',
      'wire op_get_vring_base',
    ],
    remedy: 'Look at the loop of vhost_net_stop_one() of that QEMU.',
    exceptions: [
      'vrings of a start that failed: nothing is attached yet',
      'devices that are no vhost-net: vhost-scsi and vhost-vsock have other switches',
    ],
    sources: [
      'QEMU hw/net/vhost_net.c vhost_net_stop_one(), vhost_net_virtqueue_reset()',
      'Linux drivers/vhost/net.c vhost_net_set_backend()',
    ],
  },
  triggers: [],
  *sequence(context) {
    for (const { activation, device } of deviceCalls(context, 'vhost_dev_stop')) {
      if (!isOfNet(context.run, activation, 'stop')) continue;
      const judged = judge(context, activation, device);
      if (judged !== undefined) yield judged;
    }
    for (const { activation, device } of deviceCalls(context, 'op_get_vring_base')) {
      const judged = judgeRingReset(context, activation, device);
      if (judged !== undefined) yield judged;
    }
    yield* judgeKernelStops(context);
  },
};

function judge(context: SessionContext, stop: Activation, device: string): Judgement | undefined {
  const { run } = context;
  const backend = run.rings.backendOf(stop);
  const fetches = below(stop, 'op_get_vring_base').filter((a) => a.entered);
  const [fetch] = fetches;
  if ((backend ?? 'kernel') !== 'kernel') return undefined;
  const at = place(stop);
  const { calls, anchor } = detachesBefore(context, stop, device);
  for (const detach of calls) {
    const fault = faultOfDetach(context, detach, 'the stop');
    if (fault !== undefined && (attaches(detach) || isOfNet(run, detach, 'stop'))) return fault;
  }
  const detaches = calls.filter((a) => !isWrapper(a));
  const count = countOf(calls);
  if (count > 0 && count >= fetches.length) {
    const evidence: Mark[] = detaches.map((a) => ({ line: a.line, role: roleOf(a) }));
    return { verdict: 'pass', ...at, message: 'the vrings are detached before the stop', evidence };
  }
  const from = anchor?.first ?? stop.first;
  const missing = unwatched(run, 'op_net_set_backend', from, stop.first, 'kernel');
  if (hasStranger(context, from, stop.first, 'op_net_set_backend'))
    missing.push('dev= of every net_set_backend call');
  if (backend === undefined) missing.push(`probe ${probeName('op_get_vring_base', 'kernel')}`);
  if (anchor === undefined) missing.push('a backtrace of the device from before its stop');
  else if (hasGap(run, anchor.first, stop.first)) missing.push('an unbroken record');
  if (fetch === undefined) missing.push(`probe ${probeName('op_get_vring_base', 'kernel')}`);
  // Two equal backtraces without stop lines may be of two calls.
  if (detaches.some((a) => a.last > a.first))
    missing.push('the stop line of each net_set_backend call (no `silent`), or `print *file`');
  if (!stop.entered) missing.push('the entry of vhost_dev_stop');
  // Without a stop line, the same stack twice in a row may be two calls.
  if (detaches.some((a) => a.last > a.first)) missing.push('the stop line of each net_set_backend');
  if (missing.length > 0 || fetch === undefined) {
    const message = 'the vrings are not seen to be detached before the stop';
    return { verdict: 'inconclusive', ...at, message, missing: [...new Set(missing)] };
  }
  return {
    verdict: 'violation',
    ...at,
    step: fetch.first,
    line: fetch.line,
    message:
      count === 0
        ? 'the vrings are fetched while the kernel still runs them: no net_set_backend call comes before the stop'
        : `${fetches.length} vrings are fetched, but only ${count} of them ${count === 1 ? 'is' : 'are'} detached before the stop`,
    expected: 'VHOST_NET_SET_BACKEND(fd=-1) for each vring before vhost_dev_stop',
    evidence: [
      ...(anchor === undefined
        ? []
        : [{ line: anchor.line, role: 'the device is not being stopped yet' }]),
      ...detaches.map((a) => ({ line: a.line, role: roleOf(a) })),
    ],
  };
}

function roleOf(detach: Activation): string {
  const vring = vringOf(detach);
  return vring === undefined ? 'a vring is detached' : `vring ${vring} is detached`;
}

/** The net_set_backend calls of the vhost_net_stop_one() that this stop is part of. */
function detachesBefore(
  context: SessionContext,
  stop: Activation,
  device: string,
): { calls: readonly Activation[]; anchor: Activation | undefined } {
  const { run } = context;
  // A tap that is given is given by a start, whatever a stack that is cut short leaves open.
  const isOutside = (a: Activation): boolean =>
    !isOfNet(run, a, 'stop') &&
    (attaches(a) || (a.stackKnown && run.steps[a.first]?.complete === true));
  const own = callsOf(context, device, ...ANCHORS);
  const calls: Activation[] = [];
  let anchor: Activation | undefined;
  for (let i = firstFrom(own, stop.first) - 1; i >= 0 && anchor === undefined; i--) {
    const call = own[i];
    if (call === undefined) break;
    if (isOutside(call)) anchor = call;
    else if (call.kind === 'op_net_set_backend' && call.entered) calls.unshift(call);
  }
  return { calls, anchor };
}

/**
 * How many vrings are detached. vhost_net_set_backend() and the op that it calls may both be watched: one call is counted
 * once, and so is a vring that is detached twice.
 */
function countOf(calls: readonly Activation[]): number {
  const vrings = calls.filter((a) => !isWrapper(a)).map(vringOf);
  if (!vrings.includes(undefined)) return new Set(vrings).size;
  const counts = new Map<string, number>();
  for (const { func } of calls) counts.set(func, (counts.get(func) ?? 0) + 1);
  return Math.max(0, ...counts.values());
}

/** vhost_net_set_backend() that is seen to call the op, which shows the vring. */
function isWrapper({ kind, children }: Activation): boolean {
  return children.some((a) => a.kind === kind);
}
