import type { Call } from '../facts/calls.js';
import type { Backend, FactKind } from '../model/fact.js';
import { hasGap, unwatched } from './shared/calls/queries.js';
import { callPairs } from './shared/calls/stack-calls.js';
import type { Judgement, Rule, SessionContext } from './rule.js';

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
      'vhost_virtqueue_start(idx=) above vhost_virtqueue_set_addr(idx=), or the same vq= at start and at a log toggle or stop',
    ],
    probes: [
      'vhost_dev_start',
      'stack of vhost_dev_start',
      'vhost_virtqueue_start',
      'vhost_virtqueue_set_addr',
      'vhost_virtqueue_stop',
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
      },
    ],
  },
  triggers: [],
  stack: {
    of: ['vhost_virtqueue_set_addr'],
    *judge(step, run) {
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
    });
    // vhost_dev_stop() counts its vrings as vhost_dev_start() did: `vq_index + i` for the ring at `vqs + i`.
    yield* otherIndex(context, {
      given: 'vhost_virtqueue_start',
      taken: 'vhost_virtqueue_stop',
      says: (vq, before, idx) =>
        `ring ${vq} is stopped as ring ${idx} of the device, but was started as ring ${before}`,
      role: 'the ring is started',
    });
  },
};

interface TwoCalls {
  /** The call whose first `idx` of a vq counts, and the one whose idx must be the same. */
  readonly given: FactKind;
  readonly taken: FactKind;
  readonly says: (vq: string, before: number, idx: number) => string;
  readonly role: string;
}

/** Within one start of its device a vq keeps its index; a vhost_dev_init() or a new start may lay the array out anew. */
function* otherIndex(
  context: SessionContext,
  { given, taken, says, role }: TwoCalls,
): Generator<Judgement> {
  const { run } = context;
  const known = new Map<string, Map<string, { idx: number; step: number; line: number }>>();
  const kinds = new Set<FactKind>([
    'vhost_dev_start',
    'vhost_dev_init',
    'vhost_dev_cleanup',
    given,
    taken,
  ]);
  for (const { kind, device, call, first, line } of context.of(...kinds)) {
    if (kind !== given && kind !== taken) {
      if (device === undefined) known.clear();
      else known.delete(device);
      continue;
    }
    const { idx, vq } = call;
    if (idx === undefined || vq === undefined || device === undefined) continue;
    const rings =
      known.get(device) ?? new Map<string, { idx: number; step: number; line: number }>();
    known.set(device, rings);
    const before = rings.get(vq);
    if (before === undefined && kind === given) rings.set(vq, { idx, step: first, line });
    if (before === undefined || before.idx === idx || kind !== taken) continue;
    if (hasGap(run, before.step, first)) continue;
    if (unwatched(run, 'vhost_dev_start', 0, first).length > 0) continue;
    yield {
      verdict: 'violation',
      device,
      vring: idx,
      step: first,
      line,
      message: says(vq, before.idx, idx),
      expected: `${taken}(idx=${before.idx})`,
      evidence: [{ line: before.line, role }],
    };
  }
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
