import type { Call } from '../facts/calls.js';
import type { Activation } from '../flows/activation.js';
import type { Backend } from '../model/fact.js';
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
    // Within one start of its device a vq keeps its index; a vhost_dev_init() or a new start may lay the array out anew.
    const known = new Map<string, Map<string, { idx: number; step: number; line: number }>>();
    for (const a of context.of(
      'vhost_dev_start',
      'vhost_dev_init',
      'vhost_dev_cleanup',
      'vhost_virtqueue_set_addr',
    )) {
      const { device } = a;
      if (a.kind !== 'vhost_virtqueue_set_addr') {
        if (device === undefined) known.clear();
        else known.delete(device);
        continue;
      }
      const { idx, vq } = a.call;
      if (idx === undefined || vq === undefined || device === undefined) continue;
      const rings =
        known.get(device) ?? new Map<string, { idx: number; step: number; line: number }>();
      known.set(device, rings);
      const before = rings.get(vq);
      if (before === undefined) rings.set(vq, { idx, step: a.first, line: a.line });
      if (before === undefined || before.idx === idx) continue;
      if (hasGap(context.run, before.step, a.first)) continue;
      if (unwatched(context.run, 'vhost_dev_start', 0, a.first).length > 0) continue;
      yield {
        verdict: 'violation',
        device,
        vring: idx,
        step: a.first,
        line: a.line,
        message: `ring ${vq} is addressed as index ${idx}, but was index ${before.idx} when it was started`,
        expected: `vhost_virtqueue_set_addr(idx=${before.idx})`,
        evidence: [{ line: before.line, role: 'the index of this ring before' }],
      };
    }
    yield* otherAtStop(context);
  },
};

/** vhost_dev_stop() counts its vrings as vhost_dev_start() did: `vq_index + i` for the ring at `vqs + i`. */
function* otherAtStop(context: SessionContext): Generator<Judgement> {
  const started = new Map<string, Map<string, Activation>>();
  for (const a of context.of(
    'vhost_dev_start',
    'vhost_dev_init',
    'vhost_dev_cleanup',
    'vhost_virtqueue_start',
    'vhost_virtqueue_stop',
  )) {
    const { kind, device } = a;
    const { idx, vq } = a.call;
    if (kind !== 'vhost_virtqueue_start' && kind !== 'vhost_virtqueue_stop') {
      if (device === undefined) started.clear();
      else started.delete(device);
      continue;
    }
    if (idx === undefined || vq === undefined || device === undefined) continue;
    const rings = started.get(device) ?? new Map<string, Activation>();
    started.set(device, rings);
    const start = rings.get(vq);
    if (kind === 'vhost_virtqueue_start') rings.set(vq, a);
    if (kind === 'vhost_virtqueue_start' || start === undefined || start.call.idx === idx) continue;
    if (hasGap(context.run, start.first, a.first)) continue;
    if (unwatched(context.run, 'vhost_dev_start', 0, a.first).length > 0) continue;
    yield {
      verdict: 'violation',
      device,
      vring: idx,
      step: a.first,
      line: a.line,
      message: `ring ${vq} is stopped as ring ${idx} of the device, but was started as ring ${String(start.call.idx)}`,
      expected: `vhost_virtqueue_stop(idx=${String(start.call.idx)})`,
      evidence: [{ line: start.line, role: 'the ring is started' }],
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
