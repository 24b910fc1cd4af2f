import { nestedPairs } from './shared/calls/stack-calls.js';
import type { Rule } from './rule.js';

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
    needs: ['one backtrace with size= of vhost_dev_log_resize, vhost_log_get or vhost_log_alloc'],
    probes: [
      'vhost_dev_log_resize',
      'stack of vhost_dev_log_resize',
      'vhost_log_get',
      'vhost_log_alloc',
    ],
    why: 'A bitmap smaller than the guest memory it stands for makes the backend write dirty bits beyond its end, or drop them.',
    remedy:
      'Find what changed the size between the frames; the unit is chunks of 262144 bytes of guest memory.',
    exceptions: ['sizes that are optimized out or not printed'],
    sources: ['QEMU hw/virtio/vhost.c vhost_dev_log_resize(), vhost_log_get(), vhost_log_alloc()'],
  },
  triggers: [],
  stack: {
    of: ['vhost_log_get', 'vhost_log_alloc'],
    *judge(step, run) {
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
