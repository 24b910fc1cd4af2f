import type { Call } from '../facts/stacks/calls.js';
import type { Activation } from '../flows/activations/activation.js';
import type { Step } from '../facts/step.js';
import type { Run } from '../flows/run.js';
import type { Backend, FactKind } from '../model/fact.js';
import { printedNumber } from './shared/calls/printed.js';
import { hasGap, place, unwatched } from './shared/calls/queries.js';
import { callPairs } from './shared/calls/stack-calls.js';
import type { Judgement, Rule, SessionContext } from './rule.js';

/** Ops that get the index of their ring in a structure. */
const OPS = [
  'op_set_vring_num',
  'op_set_vring_base',
  'op_set_vring_addr',
  'op_set_vring_kick',
  'op_get_vring_base',
] as const;

/** Functions that get the index of the device. */
const FROM_DEVICE = ['vhost_virtqueue_start', 'vhost_virtqueue_stop'] as const;

/** Is `b`, given to the backend, right for the device-absolute ring `a`? */
function isAllowed(backend: Backend | undefined, a: number, b: number): boolean {
  if (backend === 'user' || backend === 'vdpa') return a === b;
  return b <= a;
}

/** The ring index given to the backend must be the one that vhost_get_vq_index() makes of the device's. */
export const stIdx: Rule = {
  info: {
    id: 'ST-IDX',
    title: 'a ring is addressed under its own index',
    severity: 'error',
    impact: 'corrupt',
    backends: ['kernel', 'user', 'vdpa'],
    versions: '2.12 - 11.1',
    needs: [
      'vhost_virtqueue_start(idx=) above vhost_virtqueue_set_addr(idx=), the same vq= at start and at a log toggle or stop, or two vq= of one start',
      'the index that an op gets is in a structure that gdb does not print by itself: `print *addr` at the set_vring_addr op, `print *ring` at the get_vring_base op',
    ],
    probes: [
      'vhost_dev_start',
      'stack of vhost_dev_start',
      'vhost_virtqueue_start',
      'vhost_virtqueue_set_addr',
      'vhost_virtqueue_stop',
      'op_set_vring_addr',
      'op_get_vring_base',
    ],
    why: 'The used ring of another queue gets the address and the log flag: one ring is written through a wrong address and another one is not logged.',
    remedy:
      'Compare with VhostOps.vhost_get_vq_index: relative for the kernel, absolute for user and vdpa. Up to 2.4 log toggles addressed pair 0 for every pair (fixed by 25a2a920dd in 2.5).',
    exceptions: [
      'a kernel device of a higher pair counts from 0: only a larger index than the absolute one is wrong there',
    ],
    sources: [
      'QEMU hw/virtio/vhost.c vhost_virtqueue_start(), vhost_dev_set_log()',
      'QEMU hw/virtio/vhost-backend.c vhost_kernel_get_vq_index()',
    ],
    bugs: [
      {
        where: 'QEMU 25a2a920dddc (2.5)',
        what: 'A log toggle of vhost-user addressed the rings of every queue pair as rings 0 and 1: those of the first pair were moved, the others were not logged.',
        backend: 'user',
      },
    ],
  },
  passesAtEntry: true,
  triggers: [],
  stack: {
    of: ['vhost_virtqueue_set_addr', ...OPS],
    *judge(step, run) {
      yield* indexOfOp(step, run);
      for (const { outer, inner, caller, line } of callPairs(step, run)) {
        if (
          outer.row.kind !== 'vhost_virtqueue_start' ||
          inner.row.kind !== 'vhost_virtqueue_set_addr'
        )
          continue;
        const backend = caller === undefined ? undefined : run.rings.backendOf(caller);
        const judged = judgePair(outer, inner, backend);
        if (judged !== undefined)
          yield { ...judged, device: inner.pointer, vring: inner.idx, step: step.index, line };
      }
    },
  },
  *sequence(context) {
    yield* otherIndex(context, {
      given: 'vhost_virtqueue_set_addr',
      taken: 'vhost_virtqueue_set_addr',
      says: (vq, before, idx) =>
        `ring ${vq} is addressed as index ${idx}, but was index ${before} when it was started`,
      role: 'the index of this ring before',
      verb: 'addressed as index',
    });
    // vhost_dev_stop() counts its vrings as vhost_dev_start() did: `vq_index + i` for the ring at `vqs + i`.
    yield* otherIndex(context, {
      given: 'vhost_virtqueue_start',
      taken: 'vhost_virtqueue_stop',
      says: (vq, before, idx) =>
        `ring ${vq} is stopped as ring ${idx} of the device, but was started as ring ${before}`,
      role: 'the ring is started',
      verb: 'started as ring',
    });
  },
};

interface TwoCalls {
  /** The call whose first `idx` of a vq counts, and the one whose idx must be the same. */
  readonly given: FactKind;
  readonly taken: FactKind;
  readonly says: (vq: string, before: number, idx: number) => string;
  readonly role: string;
  /** What a second vq with the index of another is. */
  readonly verb: string;
}

/** The call that gave a vq its index. */
interface Given {
  readonly idx: number;
  readonly step: number;
  readonly line: number;
}

/** Of one start of a device. */
class Indices {
  readonly byVq = new Map<string, Given>();
  readonly byIdx = new Map<number, Given & { readonly vq: string }>();

  add(vq: string, given: Given): void {
    this.byVq.set(vq, given);
    this.byIdx.set(given.idx, { vq, ...given });
  }
}

/**
 * Within one start of its device a vq keeps its index, and no other has it; a vhost_dev_init() or a new start may lay
 * the array out anew.
 */
function* otherIndex(context: SessionContext, calls: TwoCalls): Generator<Judgement> {
  const { given, taken, says, role, verb } = calls;
  for (const { indices, activation, idx, vq } of ringCalls(context, [given, taken])) {
    const { device, first: step, line, kind } = activation;
    const before = indices.byVq.get(vq);
    const holder = indices.byIdx.get(idx);
    if (before === undefined && kind === given) indices.add(vq, { idx, step, line });
    const at = { verdict: 'violation', device, vring: idx, step, line } as const;
    if (before === undefined) {
      if (kind === given && holder !== undefined && isSureSince(context, holder.step, step))
        yield {
          ...at,
          message: `ring ${vq} is ${verb} ${idx}, as ring ${holder.vq} is`,
          expected: 'an index of its own for each ring of the device',
          evidence: [{ line: holder.line, role: 'the other ring with this index' }],
        };
    } else if (kind === taken && before.idx !== idx && isSureSince(context, before.step, step)) {
      yield {
        ...at,
        message: says(vq, before.idx, idx),
        expected: `${taken}(idx=${before.idx})`,
        evidence: [{ line: before.line, role }],
      };
    }
  }
}

/** Calls of these kinds that show their ring, with what the others of this start of the device gave. */
function* ringCalls(
  context: SessionContext,
  kinds: readonly FactKind[],
): Generator<{ indices: Indices; activation: Activation; idx: number; vq: string }> {
  const known = new Map<string, Indices>();
  const ends = ['vhost_dev_start', 'vhost_dev_init', 'vhost_dev_cleanup'] as const;
  for (const activation of context.of(...new Set([...ends, ...kinds]))) {
    const { kind, device, call } = activation;
    if (!kinds.includes(kind)) {
      // Where starts are watched none comes unseen: then this one goes on.
      if (kind === 'vhost_dev_start' && !activation.entered) continue;
      if (device === undefined) known.clear();
      else known.delete(device);
      continue;
    }
    const { idx, vq } = call;
    if (idx === undefined || vq === undefined || device === undefined) continue;
    const indices = known.get(device) ?? new Indices();
    known.set(device, indices);
    yield { indices, activation, idx, vq };
  }
}

/** No start of a device can have come unseen between two steps. */
function isSureSince({ run }: SessionContext, from: number, to: number): boolean {
  return !hasGap(run, from, to) && unwatched(run, 'vhost_dev_start', 0, to).length === 0;
}

/**
 * The op gets the index of vhost_virtqueue_set_addr() as it is, and from vhost_virtqueue_start() and vhost_virtqueue_stop()
 * what vhost_get_vq_index() makes of theirs (hw/virtio/vhost.c).
 */
function* indexOfOp(step: Step, run: Run): Generator<Judgement> {
  const op = run.atStep[step.index]?.at(-1);
  const caller = step.calls.at(-2);
  if (op?.first !== step.index || !OPS.some((kind) => kind === op.kind)) return;
  const [index, idx] = [printedNumber(op, 'index'), caller?.idx];
  if (caller === undefined || index === undefined || idx === undefined) return;
  if (![undefined, op.call.pointer].includes(caller.pointer)) return;
  const given = Number(index);
  const isHandedOn = caller.row.kind === 'vhost_virtqueue_set_addr';
  if (!isHandedOn && !FROM_DEVICE.some((kind) => kind === caller.row.kind)) return;
  const isExact = isHandedOn || op.backend !== 'kernel';
  if (isExact ? given === idx : isAllowed(op.backend, idx, given)) return;
  yield {
    verdict: 'violation',
    ...place(op),
    vring: isHandedOn ? idx : undefined,
    message: `${caller.func} has idx ${idx}, but ${op.func} gets index ${given}`,
    expected: isExact ? `index ${idx}` : `an index of at most ${idx}`,
  };
}

function judgePair(
  outer: Call,
  inner: Call,
  backend: Backend | undefined,
): Pick<Judgement, 'verdict' | 'message' | 'expected'> | undefined {
  const [a, b] = [outer.idx, inner.idx];
  if (a === undefined || b === undefined) return undefined;
  if (isAllowed(backend, a, b))
    return { verdict: 'pass', message: `ring ${a} of the device is given as index ${b}` };
  return {
    verdict: 'violation',
    message: `vhost_virtqueue_start has idx ${a}, but vhost_virtqueue_set_addr gets ${b}`,
    expected: backend === 'user' || backend === 'vdpa' ? `idx ${a}` : `an idx of at most ${a}`,
  };
}
