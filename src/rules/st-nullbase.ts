import { bigintOf, pointerOf } from '../model/values.js';
import { nestedPairs } from './shared/calls/stack-calls.js';
import type { Judgement, Rule } from './rule.js';

/** set_log_base with a NULL base although the log has a size. */
export const stNullbase: Rule = {
  info: {
    id: 'ST-NULLBASE',
    title: 'the backend is given the address of a log that exists',
    severity: 'error',
    impact: 'corrupt',
    backends: ['kernel', 'user', 'vdpa'],
    versions: '2.12 - 11.1',
    needs: [
      'base= of the set_log_base op, and size= of its caller when base is 0',
      'or the trace event vhost_vdpa_set_log_base of a vdpa device without shadow virtqueues',
    ],
    probes: ['op_set_log_base', 'vhost_dev_log_resize'],
    why: 'The kernel accepts a NULL base (its check is address arithmetic) and every log write fails silently afterwards: no page is ever marked dirty.',
    remedy:
      'Find why dev->log has no bitmap: look at the vhost_log_get() of the same vhost_dev_log_resize().',
    exceptions: [
      'size 0, when no memory region is mapped, goes with base 0',
      'base 0 never means that logging is off',
    ],
    sources: [
      'QEMU hw/virtio/vhost.c vhost_dev_log_resize(), vhost_dev_start()',
      'Linux drivers/vhost/vhost.c vhost_vring_ioctl(), log_access_ok()',
    ],
  },
  triggers: [],
  stack: {
    of: ['op_set_log_base'],
    *judge(step, run) {
      const op = step.calls.at(-1);
      if (op?.row.kind !== 'op_set_log_base') return;
      const callers = [...nestedPairs(step, run)].map(({ outer }) => outer);
      const size = [...step.calls, ...callers].findLast(
        (call) => call.row.kind === 'vhost_dev_log_resize',
      )?.value;
      const judged = judge(op.func, op.value, size, 'a log size above 0 in the same stack');
      if (judged === undefined) return;
      yield { ...judged, device: op.pointer, step: step.index, line: step.line };
    },
  },
  *sequence(context) {
    for (const { event, index: step, line } of context.events('op_set_log_base')) {
      const { name, args } = event?.record ?? {};
      const judged = judge(name ?? '', args?.base, args?.size, 'a log size above 0');
      if (judged === undefined) continue;
      yield { ...judged, device: pointerOf(args?.dev), step, line, alone: true };
    }
  },
};

function judge(
  func: string,
  baseText: string | undefined,
  sizeText: string | undefined,
  missing: string,
): Pick<Judgement, 'verdict' | 'message' | 'expected' | 'missing'> | undefined {
  const base = bigintOf(baseText);
  const size = bigintOf(sizeText);
  if (base === undefined) return undefined;
  if (base !== 0n) return { verdict: 'pass', message: `${func} gets base 0x${base.toString(16)}` };
  if (size === undefined || size === 0n)
    return { verdict: 'inconclusive', message: `${func} gets base 0`, missing: [missing] };
  return {
    verdict: 'violation',
    message: `${func} gets base 0 for a log of ${size.toString()} chunks`,
    expected: 'the address of the log bitmap',
  };
}
