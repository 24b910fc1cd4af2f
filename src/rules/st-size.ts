import { callerOf } from '../flows/activations/activation.js';
import type { Activation } from '../flows/activations/activation.js';
import { bigintOf } from '../model/values.js';
import { printedNumber, showsGivenLog } from './shared/calls/printed.js';
import { place } from './shared/calls/queries.js';
import { nestedPairs } from './shared/calls/stack-calls.js';
import type { Judgement, Rule } from './rule.js';

const SIZED = new Set(['vhost_dev_log_resize vhost_log_get', 'vhost_log_get vhost_log_alloc']);

/** The log size must not change between resize, get and alloc. */
export const stSize: Rule = {
  info: {
    id: 'ST-SIZE',
    title: 'the log is allocated with the size that was computed',
    severity: 'error',
    impact: 'corrupt',
    backends: ['kernel', 'user', 'vdpa'],
    versions: '2.12 - 11.1',
    needs: [
      'one backtrace with size= of vhost_dev_log_resize, vhost_log_get or vhost_log_alloc',
      'or size= of vhost_dev_log_resize, and print *log at the set_log_base op in it',
    ],
    probes: [
      'vhost_dev_log_resize',
      'stack of vhost_dev_log_resize',
      'vhost_log_get',
      'vhost_log_alloc',
      'members at op_set_log_base',
    ],
    why: 'A bitmap smaller than the guest memory it stands for makes the backend write dirty bits beyond its end, or drop them.',
    remedy:
      'Find what changed the size between the frames; the unit is chunks of 262144 bytes of guest memory.',
    exceptions: ['sizes that are optimized out or not printed'],
    sources: ['QEMU hw/virtio/vhost.c vhost_dev_log_resize(), vhost_log_get(), vhost_log_alloc()'],
  },
  triggers: [],
  stack: {
    of: ['vhost_log_get', 'vhost_log_alloc', 'op_set_log_base'],
    *judge(step, run) {
      const op = run.atStep[step.index]?.at(-1);
      if (op?.first === step.index) yield* judgeGiven(op);
      for (const { outer, inner, caller, line, evidence } of nestedPairs(step, run)) {
        if (!SIZED.has(`${outer.row.kind} ${inner.row.kind}`)) continue;
        if (outer.value === undefined || inner.value === undefined) continue;
        const resize = step.calls.findLast((call) => call.row.kind === 'vhost_dev_log_resize');
        const device = resize?.pointer ?? caller?.device;
        const place = { device, step: step.index, line, evidence };
        if (outer.value === inner.value) {
          yield { verdict: 'pass', ...place, message: `size ${inner.value} reaches ${inner.func}` };
        } else {
          yield {
            verdict: 'violation',
            ...place,
            message: `${outer.func} has size ${outer.value}, but its callee ${inner.func} gets ${inner.value} chunks`,
            expected: `${inner.func}(size=${outer.value})`,
          };
        }
      }
    },
  },
};

/** vhost_log_get() returns a log of the size that it is asked for, and vhost_dev_log_resize() gives it to the backend. */
function* judgeGiven(op: Activation): Generator<Judgement> {
  const wanted = bigintOf(callerOf(op, 'vhost_dev_log_resize')?.value);
  const size = printedNumber(op, 'size');
  if (op.kind !== 'op_set_log_base' || wanted === undefined || size === undefined) return;
  if (wanted === size || !showsGivenLog(op)) return;
  yield {
    verdict: 'violation',
    ...place(op),
    message: `vhost_dev_log_resize has size ${wanted}, but ${op.func} gives a log of ${size} chunks`,
    expected: `a log of ${wanted} chunks`,
  };
}
