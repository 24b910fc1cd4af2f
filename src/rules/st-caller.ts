import type { Call } from '../facts/stacks/calls.js';
import type { Step } from '../facts/step.js';
import type { FactKind } from '../model/fact.js';
import { callersOf, reachable } from './shared/calls/callees.js';
import { callPairs } from './shared/calls/stack-calls.js';
import type { Rule } from './rule.js';

/** The steps of logging: their callers are few and fixed. */
const PRIMITIVES: ReadonlySet<FactKind> = new Set<FactKind>([
  'vhost_dev_set_log',
  'vhost_dev_log_resize',
  'vhost_dev_set_features',
  'vhost_virtqueue_set_addr',
  'vhost_log_put',
  'op_set_log_base',
]);

/** The steps of logging are called from where they belong. */
export const stCaller: Rule = {
  info: {
    id: 'ST-CALLER',
    title: 'a step of logging is called from where it belongs',
    severity: 'warning',
    impact: 'odd',
    backends: ['kernel', 'user', 'vdpa'],
    versions: '2.12 - 11.1',
    needs: ['a backtrace in which a function of vhost.c directly calls a step of logging'],
    why: 'Logging is changed outside of a log start, log stop or device start: the state that QEMU keeps of it is no longer that of the backend.',
    probes: [
      'vhost_dev_set_log',
      'stack of vhost_dev_set_log',
      'vhost_dev_log_resize',
      'vhost_dev_set_features',
      'vhost_virtqueue_set_addr',
      'vhost_log_put',
      'op_set_log_base',
    ],
    remedy:
      'Compare the caller with the source of that QEMU: a patched QEMU may have callers of its own.',
    exceptions: [
      'functions in between that were inlined',
      'callers that are not known: they are not judged',
    ],
    sources: ['QEMU hw/virtio/vhost.c'],
  },
  triggers: [],
  stack: {
    of: [...PRIMITIVES],
    *judge(step, run) {
      for (const { outer, inner, line } of callPairs(step, run)) {
        const callees = reachable.get(outer.row.kind);
        const isJudged = PRIMITIVES.has(inner.row.kind) && outer.row.kind !== inner.row.kind;
        if (callees === undefined || !isJudged || !isDirect(step, outer, inner)) continue;
        const message = `${outer.func} calls ${inner.func}`;
        const place = { device: inner.pointer, step: step.index, line };
        yield callees.has(inner.row.kind)
          ? { verdict: 'pass', ...place, message }
          : {
              verdict: 'violation',
              ...place,
              message: `${message}, which it does in no QEMU from 2.12 to 11.1`,
              expected: `${inner.func} called from ${callersOf(inner.row.kind).join(', ')}`,
            };
      }
    },
  },
};

/** No other function stands between the two. */
function isDirect({ frames }: Step, outer: Call, inner: Call): boolean {
  return frames[frames.indexOf(inner.frame) + 1] === outer.frame;
}
