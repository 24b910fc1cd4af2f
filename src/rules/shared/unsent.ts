/** Calls of the vhost core that are there to call one op of the backend, and do not. */
import { isInside } from '../../flows/activation.js';
import type { Activation } from '../../flows/activation.js';
import { opFunction } from '../../facts/functions.js';
import type { FactKind } from '../../model/fact.js';
import type { SessionContext } from '../rule.js';
import { doubts, endOf, firstFrom } from './queries.js';

/** What a call was there for did not reach the backend. */
export interface Unsent {
  /** The function of the backend that it never came to. */
  readonly op: string;
  /** Missing-list entries: what keeps that from being certain. */
  readonly missing: readonly string[];
}

/**
 * Undefined where the op of a call is seen, or may have gone by unseen.
 *
 * vhost_virtqueue_set_addr() and vhost_dev_set_features() call theirs whatever they are told (QEMU
 * hw/virtio/vhost.c); vdpa is left out, where shadow virtqueues stand in between. An op that no such call
 * of the device and vring is seen to make may be out of the debugger's sight, and so may one without logging where all
 * that are seen are with it: a log of `gdb -x` does not show the condition of a breakpoint.
 */
export function unsent(
  context: SessionContext,
  call: Activation,
  op: 'op_set_vring_addr' | 'op_set_features',
): Unsent | undefined {
  const { run } = context;
  const { first, device, entered } = call;
  const end = endOf(run, call);
  const backend = run.rings.backendOf(call);
  const func = backend && opFunction(backend, op);
  if (!entered || func === undefined || backend === 'vdpa') return undefined;
  if (run.probes.watching(op, first, end, backend) === undefined) return undefined;
  const ops = context.of(op).filter((a) => a.device === undefined || a.device === device);
  if (!isInSight(context, call, op)) return undefined;
  const within = ops.slice(firstFrom(ops, first), firstFrom(ops, end));
  // What shows another caller was called from there.
  const isCalled = within.some((a) => a.isLoose || isInside(a, call));
  return isCalled ? undefined : { op: func, missing: doubts(run, call) };
}

function isInSight(context: SessionContext, call: Activation, op: FactKind): boolean {
  const { rings } = context.run;
  const ring = rings.ringOf(call);
  const callers: Activation[] = [];
  for (const { entered, device, parent } of context.of(op))
    if (entered && device === parent?.device && parent?.kind === call.kind) callers.push(parent);
  return (
    callers.some((a) => a.device === call.device && rings.ringOf(a) === ring) &&
    (call.enable === true || callers.some(({ enable }) => enable === call.enable))
  );
}
