import { bigintOf, pointerOf } from '../model/values.js';
import type { Step } from '../facts/step.js';
import type { Activation } from '../flows/activations/activation.js';
import type { Run } from '../flows/run.js';
import { callerOf, childrenOf, hasGap } from './shared/calls/queries.js';
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
      'base= of the set_log_base op, and when base is 0 size= of its caller, in a device start that of vhost_log_get',
      'or the trace event vhost_vdpa_set_log_base of a vdpa device without shadow virtqueues',
    ],
    probes: ['op_set_log_base', 'vhost_dev_log_resize', 'vhost_log_get'],
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
  passesAtEntry: true,
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
      // No caller of the op carries the size in a device start.
      const start = bigintOf(op.value) === 0n ? startOf(step, run) : undefined;
      const get = start && logOf(step, run, start);
      const missing =
        start === undefined
          ? 'a log size above 0 in the same stack'
          : 'a size= above 0 of vhost_log_get in the same vhost_dev_start';
      const judged = judge(op.func, op.value, size ?? get?.value, missing);
      if (judged === undefined) return;
      const evidence =
        get === undefined ? [] : [{ line: get.line, role: 'the log that the start takes' }];
      yield { ...judged, device: op.pointer, step: step.index, line: step.line, evidence };
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

function startOf({ index }: Step, run: Run): Activation | undefined {
  const op = run.atStep[index]?.at(-1);
  return op && callerOf(op, 'vhost_dev_start');
}

/**
 * The vhost_log_get() before the base, where it is certainly of this execution: each start calls it before the op
 * (QEMU hw/virtio/vhost.c vhost_dev_start()), and one is reported, so that all are.
 */
function logOf({ index }: Step, run: Run, start: Activation): Activation | undefined {
  const get = childrenOf(start, 'vhost_log_get').findLast(({ first }) => first < index);
  const isOfSame = run.ordered && get?.entered === true;
  return isOfSame && !hasGap(run, get.first, index) ? get : undefined;
}

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
