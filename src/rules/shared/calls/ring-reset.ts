/** One vring of a vhost-net device that is reset while the device runs: QEMU hw/net/vhost_net.c vhost_net_virtqueue_reset(). */
import type { Activation } from '../../../flows/activations/activation.js';
import type { Judgement, Mark, SessionContext } from '../../rule.js';
import { callsOf, isBelow } from './device-calls.js';
import { ANCHORS, attaches, faultOfDetach, vringOf } from './net-attach.js';
import { firstFrom, hasGap, hasStranger, place, unwatched } from './queries.js';

const RESET = 'vhost_net_virtqueue_reset';

/** The guest resets one vring of a device that runs (7.2 and later): that one alone is detached, and then fetched. */
export function judgeRingReset(
  context: SessionContext,
  fetch: Activation,
  device: string,
): Judgement | undefined {
  const { run } = context;
  if (!fetch.entered || !isBelow(run, fetch, RESET)) return undefined;
  const at = { ...place(fetch), vring: run.rings.ringOf(fetch) };
  const isOfReset = (a: Activation): boolean => a !== fetch && isBelow(run, a, RESET);
  const own = callsOf(context, device, ...ANCHORS, 'op_get_vring_base');
  const before = own.slice(0, firstFrom(own, fetch.first));
  const anchor = before.findLast(
    (a) =>
      (isOfReset(a) && a.kind === 'op_get_vring_base') ||
      (!isOfReset(a) && (attaches(a) || (a.stackKnown && run.steps[a.first]?.complete === true))),
  );
  // One whose stack is cut short may be of the reset.
  const detach = before.findLast((a) => a.kind === 'op_net_set_backend');
  if (detach !== undefined && detach.first > (anchor?.first ?? -1)) {
    const fault = faultOfDetach(context, detach, 'the reset of a vring');
    if (fault !== undefined && (attaches(detach) || isOfReset(detach))) return { ...fault, ...at };
    const fetched = vringOf(fetch) ?? (at.vring === undefined ? undefined : BigInt(at.vring));
    const detached = vringOf(detach);
    if (detached === undefined || fetched === undefined || detached === fetched) {
      const evidence: Mark[] = [{ line: detach.line, role: 'the vring is detached' }];
      const message = 'the vring is detached before its reset';
      return { verdict: 'pass', ...at, message, evidence };
    }
    const message = `vring ${detached} is detached, and vring ${fetched} is reset`;
    if (!isOfReset(detach)) {
      const missing = [`the whole backtrace at ${detach.func}`];
      return { verdict: 'inconclusive', ...at, message, missing };
    }
    return {
      verdict: 'violation',
      ...at,
      message,
      expected: `${detach.func} with index=${fetched}`,
      evidence: [{ line: detach.line, role: `vring ${detached} is detached` }],
    };
  }
  const from = anchor?.first ?? fetch.first;
  const missing = unwatched(run, 'op_net_set_backend', from, fetch.first, 'kernel');
  if (hasStranger(context, from, fetch.first, 'op_net_set_backend'))
    missing.push('dev= of every net_set_backend call');
  if (anchor === undefined) missing.push('a backtrace of the device from before the reset');
  else if (hasGap(run, anchor.first, fetch.first)) missing.push('an unbroken record');
  if (missing.length > 0 || anchor === undefined) {
    const message = 'the vring is not seen to be detached before its reset';
    return { verdict: 'inconclusive', ...at, message, missing };
  }
  return {
    verdict: 'violation',
    ...at,
    message:
      'the vring is fetched while the kernel still runs it: no net_set_backend call comes before its reset',
    expected: 'VHOST_NET_SET_BACKEND(fd=-1) for the vring before vhost_virtqueue_stop',
    evidence: [{ line: anchor.line, role: 'the reset has not begun yet' }],
  };
}
