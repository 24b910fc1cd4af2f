/** Steps of a device start without logging that do not come to the backend; those of one that logs are the affair of DS-FLAG. */
import { hasSucceeded } from '../../../flows/activations/activation.js';
import type { Activation } from '../../../flows/activations/activation.js';
import type { Judgement, SessionContext } from '../../rule.js';
import { below, callerOf, childrenOf, place } from './queries.js';
import { workOfStarted } from './start-success.js';
import { unsent } from './unsent.js';

/** QEMU hw/virtio/vhost.c vhost_dev_set_features(), vhost_virtqueue_set_addr(). */
export function unsentSteps(context: SessionContext, start: Activation): Judgement[] {
  const calls = [
    ...childrenOf(start, 'vhost_dev_set_features'),
    ...below(start, 'vhost_virtqueue_set_addr'),
  ].filter(({ enable, device }) => enable !== true && device === start.device);
  return calls.flatMap((call) => judge(context, start, call) ?? []);
}

function judge(
  context: SessionContext,
  start: Activation,
  call: Activation,
): Judgement | undefined {
  const isFeatures = call.kind === 'vhost_dev_set_features';
  const lost = unsent(context, call, isFeatures ? 'op_set_features' : 'op_set_vring_addr');
  if (lost === undefined) return undefined;
  const { op } = lost;
  const vring = isFeatures ? undefined : context.run.rings.ringOf(call);
  // Since 10.2 features of more than 64 bits are refused without a call, and the op of vdpa that gives the addresses may fail: then the start ends.
  const whole = callerOf(call, 'vhost_virtqueue_start') ?? start;
  const isOn =
    whole.children.some(({ first }) => first > call.first) ||
    start.children.some(({ first }) => first > call.last) ||
    hasSucceeded(start) ||
    workOfStarted(context, start) !== undefined;
  const missing = [...lost.missing, ...(isOn ? [] : ['proof that the start succeeded'])];
  const what = isFeatures ? 'the features' : 'the address of the vring';
  const message = `${call.func} calls no ${op}: the backend does not get ${what}`;
  const at = { ...place(call), vring };
  return missing.length > 0
    ? { verdict: 'inconclusive', ...at, message, missing }
    : { verdict: 'violation', ...at, message, expected: `${op} below ${call.func}` };
}
