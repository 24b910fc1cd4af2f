import { bigintOf } from '../model/values.js';
import type { Rule } from './rule.js';

/** set_log_base with a NULL base although the log has a size. */
export const stNullbase: Rule = {
  info: {
    id: 'ST-NULLBASE',
    title: 'the backend is given the address of a log that exists',
    severity: 'error',
    impact: 'corrupt',
    backends: ['kernel', 'user', 'vdpa'],
    versions: '2.12 - 11.1',
    needs: ['base= of the set_log_base op, and size= of its caller when base is 0'],
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
    *judge(step) {
      const op = step.calls.at(-1);
      if (op?.row.kind !== 'op_set_log_base') return;
      const base = bigintOf(op.value);
      if (base === undefined) return;
      const place = { device: op.pointer, step: step.index, line: step.line };
      if (base !== 0n) {
        yield { verdict: 'pass', ...place, message: `${op.func} gets base 0x${base.toString(16)}` };
        return;
      }
      const size = bigintOf(
        step.calls.findLast((call) => call.row.kind === 'vhost_dev_log_resize')?.value,
      );
      if (size === undefined || size === 0n) {
        yield {
          verdict: 'inconclusive',
          ...place,
          message: `${op.func} gets base 0`,
          missing: ['a log size above 0 in the same stack'],
        };
      } else {
        yield {
          verdict: 'violation',
          ...place,
          message: `${op.func} gets base 0 for a log of ${size.toString()} chunks`,
          expected: 'the address of the log bitmap',
        };
      }
    },
  },
};
