/**
 * Vrings that a device start passes over: vhost_dev_start() calls vhost_virtqueue_start() for each of its vrings, set up
 * by the guest or not (QEMU hw/virtio/vhost.c), and how many it has does not change in its life. A vring is known by its
 * `vq`: the index of a control queue moves with the number of queue pairs that the guest uses.
 */
import { hasSucceeded } from '../../../flows/activations/activation.js';
import type { Activation } from '../../../flows/activations/activation.js';
import type { Judgement, Mark, SessionContext } from '../../rule.js';
import { callsOf } from './device-calls.js';
import {
  below,
  callerOf,
  doubts,
  firstFrom,
  hasStranger,
  place,
  unwatched,
  withoutCaller,
} from './queries.js';
import { workOfStarted } from './start-success.js';

const RING = 'vhost_virtqueue_start';
const LIVES = ['vhost_dev_init', 'vhost_dev_cleanup'] as const;

/**
 * One judgement for each vring that other starts of the device start, and this one does not. That another vring of this start is seen
 * to start, and this vring elsewhere, shows that the breakpoint has no condition that would leave the call out.
 */
export function leftOutVrings(context: SessionContext, start: Activation): Judgement[] {
  const { device } = start;
  if (device === undefined || !start.entered) return [];
  const own = below(start, RING).filter((a) => a.device === device);
  if (own.length === 0 || own.some(({ call }) => call.vq === undefined)) return [];
  const others = new Map<string, Activation[]>();
  for (const other of callsOf(context, device, RING)) {
    const { vq } = other.call;
    if (vq === undefined || !other.entered) continue;
    if (callerOf(other, 'vhost_dev_start') === start) continue;
    others.set(vq, [...(others.get(vq) ?? []), other]);
  }
  const judged: Judgement[] = [];
  for (const [vq, elsewhere] of others) {
    if (own.some(({ call }) => call.vq === vq)) continue;
    const judgement = judge(context, start, own, vq, elsewhere);
    if (judgement !== undefined) judged.push(judgement);
  }
  return judged;
}

function judge(
  context: SessionContext,
  start: Activation,
  own: readonly Activation[],
  vq: string,
  elsewhere: readonly Activation[],
): Judgement | undefined {
  const { run } = context;
  const stopped = stopOf(context, start, vq);
  // One that has come back may have other vrings.
  const other = elsewhere.find(
    ({ incarnation }) => stopped !== undefined || incarnation === start.incarnation,
  );
  const proof = proofOf(context, start, own, vq);
  if (other === undefined || proof === undefined) return undefined;
  const { step, mark } = proof;
  if (unwatched(run, RING, start.first, step).length > 0) return undefined;
  const missing = [...doubts(run, start, step), ...withoutCaller(context, start, RING)];
  if (hasStranger(context, start.first, step, RING)) missing.push(`dev= of every ${RING}`);
  if (stopped === undefined && !livesOn(context, other, start)) missing.push(`probe ${LIVES[1]}`);
  const at = { ...place(start), vring: run.rings.ringOf(other) };
  const message = `${start.func} never calls ${RING} for the vring ${vq}, which is a vring of the device`;
  if (missing.length > 0)
    return { verdict: 'inconclusive', ...at, message: `${message}, as far as is seen`, missing };
  return {
    verdict: 'violation',
    ...at,
    message,
    expected: `${RING}(vq=${vq}) in ${start.func}`,
    evidence: [
      { line: other.line, role: 'another start of the device starts the vring' },
      mark,
      ...(stopped === undefined ? [] : [{ line: stopped.line, role: 'its stop stops the vring' }]),
    ],
  };
}

/** What shows that the start has got past the vring: they are started in ascending order, and one that fails is the last. */
function proofOf(
  context: SessionContext,
  start: Activation,
  own: readonly Activation[],
  vq: string,
): { readonly step: number; readonly mark: Mark } | undefined {
  const higher = own.find(({ call }) => BigInt(call.vq ?? 0) > BigInt(vq));
  const last = own.at(-1)?.last ?? start.first;
  const behind =
    higher ??
    start.children.find(
      (a) =>
        a.first > last &&
        a.device === start.device &&
        (a.kind === 'vhost_log_get' ||
          a.kind === 'op_set_log_base' ||
          ((a.kind === 'op_set_vring_enable' || a.kind === 'op_dev_start') && a.enable === true)),
    );
  if (behind !== undefined) {
    const role = `${behind.func} comes behind it`;
    return { step: behind.first, mark: { line: behind.line, role } };
  }
  if (hasSucceeded(start) && start.result !== undefined) {
    const mark = { line: start.result.line, role: 'the start succeeds' };
    return { step: start.closed ?? start.last, mark };
  }
  const later = workOfStarted(context, start);
  return later && { step: later.step, mark: later };
}

/** The call of the stop that ends this start which is about the vring: the device still has it then. */
function stopOf(context: SessionContext, start: Activation, vq: string): Activation | undefined {
  const { device = '', last, incarnation } = start;
  const calls = callsOf(context, device, 'vhost_dev_start', 'vhost_dev_stop', ...LIVES);
  const next = calls[firstFrom(calls, last + 1)];
  if (next?.kind !== 'vhost_dev_stop' || next.incarnation !== incarnation) return undefined;
  return below(next, 'vhost_virtqueue_stop').find(({ call }) => call.vq === vq);
}

/** The device that had the vring and the one that starts are one. */
function livesOn({ run }: SessionContext, other: Activation, start: Activation): boolean {
  const from = Math.min(other.first, start.first);
  const to = Math.max(other.first, start.first);
  return LIVES.some((kind) => run.probes.watching(kind, from, to) !== undefined);
}
