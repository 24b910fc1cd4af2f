/** Calls of the vhost core that are there to call one op of the backend, and do not. */
import { descendants, isInside } from '../../../flows/activations/activation.js';
import type { Activation } from '../../../flows/activations/activation.js';
import { opFunction } from '../../../facts/functions.js';
import type { Backend, FactKind } from '../../../model/fact.js';
import type { SessionContext } from '../../rule.js';
import { callsOf } from './device-calls.js';
import { callsBetween, doubts, endOf, firstFrom } from './queries.js';

type Op = 'op_set_vring_addr' | 'op_set_features';

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
 * hw/virtio/vhost.c); those of vdpa return early inside, see {@link entryOf}. An op that no such call
 * of the device and vring is seen to make may be out of the debugger's sight, and so may one without logging where all
 * that are seen are with it: a log of `gdb -x` does not show the condition of a breakpoint.
 */
export function unsent(context: SessionContext, call: Activation, op: Op): Unsent | undefined {
  const { run } = context;
  const { first, device, entered } = call;
  const end = endOf(run, call);
  const backend = run.rings.backendOf(call);
  const func = backend && opFunction(backend, op);
  if (!entered || backend === undefined || func === undefined) return undefined;
  const probe = run.probes.watching(op, first, end, backend);
  if (probe === undefined) return undefined;
  // What the recipe of `vhtrace probes` declares has no condition.
  if (!probe.isDeclared && !isInSight(context, call, op)) return undefined;
  const ops = context.of(op);
  for (let i = firstFrom(ops, first); i < ops.length; i++) {
    const other = ops[i];
    if (other === undefined || other.first >= end) break;
    if (other.device !== undefined && other.device !== device) continue;
    // What shows another caller was called from there.
    if (other.isLoose || isInside(other, call)) return undefined;
  }
  const missing = [...doubts(run, call), ...anotherDevice(context, call, backend)];
  if (backend === 'vdpa') missing.push(...entryOf(context, op, func, first));
  return { op: func, missing };
}

/**
 * A missing-list entry where a device of another backend may have got the address meanwhile: no op of the backend is seen in
 * the same start or pass, and nothing shows that the device has lived on since the last one.
 */
function anotherDevice(
  context: SessionContext,
  { first, device, parent }: Activation,
  backend: Backend,
): string[] {
  if (device === undefined) return [];
  const isOfIt = (a: Activation): boolean => a.device === device && a.backend === backend;
  let whole = parent;
  while (whole?.parent?.device === device) whole = whole.parent;
  if (whole !== undefined && [...descendants(whole)].some(isOfIt)) return [];
  const last = callsOf(context, device, 'vhost_dev_init', ...OPS).findLast(
    (a) => isOfIt(a) && a.first < first,
  );
  const isSeenToLive =
    last !== undefined &&
    LIVES.some((kind) => context.run.probes.watching(kind, last.first, first) !== undefined) &&
    callsBetween(callsOf(context, device, ...LIVES), last.first, first).length === 0;
  return isSeenToLive ? [] : ['probe vhost_dev_cleanup'];
}

const OPS = [
  'op_set_log_base',
  'op_set_features',
  'op_set_mem_table',
  'op_set_vring_num',
  'op_set_vring_base',
  'op_set_vring_addr',
  'op_set_vring_kick',
  'op_get_vring_base',
] as const;
const LIVES = ['vhost_dev_init', 'vhost_dev_cleanup'] as const;

/**
 * A missing-list entry where the breakpoint on an op of vdpa may stand behind its early returns, for another queue pair
 * and under shadow virtqueues (QEMU hw/virtio/vhost-vdpa.c vhost_vdpa_set_features(), vhost_vdpa_set_vring_addr()): the
 * log does not show where it was set. A log toggle that goes on behind its features is one of shadow virtqueues, for the
 * kernel refuses it otherwise (Linux drivers/vhost/vdpa.c vhost_vdpa_set_features()): an op that stops in it stops before.
 */
function entryOf(context: SessionContext, op: Op, func: string, step: number): string[] {
  const { probes } = context.run;
  if (probes.watching(op, step, step, 'vdpa')?.line !== undefined) return [];
  const isProved = context.of(op).some(({ entered, backend, parent, first }) => {
    const pass = parent?.parent;
    if (!entered || backend !== 'vdpa' || pass?.kind !== 'vhost_dev_set_log') return false;
    return pass.children.some(
      (a) =>
        a.kind === 'vhost_virtqueue_set_addr' &&
        a.enable === pass.enable &&
        endOf(context.run, a) > first,
    );
  });
  return isProved ? [] : [`break ${func}, by its name, in the log`];
}

function isInSight(context: SessionContext, call: Activation, op: FactKind): boolean {
  const { kind, enable } = call;
  const { rings, flags } = context.once(`callers of ${op}`, () => callersOf(context, op));
  return (
    rings.has(ringKey(context, call)) && (enable === true || flags.has(`${kind} ${String(enable)}`))
  );
}

/** Which calls are seen to make an op at its entry: by kind and ring, and by kind and flag. */
function callersOf(
  context: SessionContext,
  op: FactKind,
): { readonly rings: ReadonlySet<string>; readonly flags: ReadonlySet<string> } {
  const rings = new Set<string>();
  const flags = new Set<string>();
  for (const { entered, device, parent } of context.of(op)) {
    if (!entered || parent === undefined || device !== parent.device) continue;
    rings.add(ringKey(context, parent));
    flags.add(`${parent.kind} ${String(parent.enable)}`);
  }
  return { rings, flags };
}

function ringKey({ run }: SessionContext, call: Activation): string {
  return `${call.kind} ${call.device ?? ''} ${run.rings.ringOf(call) ?? ''}`;
}
