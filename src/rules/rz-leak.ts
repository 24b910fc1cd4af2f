import { callerOf } from '../flows/activations/activation.js';
import { isSeenFirst } from './shared/calls/first-sight.js';
import { place } from './shared/calls/queries.js';
import { marksOfCalls } from './shared/marks.js';
import type { Rule } from './rule.js';

/** So many superseded bitmaps in one process are worth a word. */
const HANDFUL = 5;

/** Every resize of a live log leaks the bitmap that it replaces. */
export const rzLeak: Rule = {
  info: {
    id: 'RZ-LEAK',
    title: 'the log of a process is resized a few times at most',
    severity: 'note',
    impact: 'leak',
    backends: ['kernel', 'user', 'vdpa'],
    versions: '2.12 - 11.1',
    needs: ['vhost_dev_log_resize or the entry of vhost_log_alloc below vhost_commit'],
    why: 'Legal, but every resize leaves the replaced bitmap allocated (for vhost-user a memfd and its mapping too): vhost_log_put() frees it only when it still is the current log of its type. A guest that moves a BAR in a loop makes QEMU grow.',
    probes: ['vhost_log_alloc'],
    remedy:
      'Free the bitmap of a log whose last reference is put in vhost_log_put(), whether it is the current one or not.',
    exceptions: ['up to five resizes'],
    sources: ['QEMU hw/virtio/vhost.c vhost_log_put(), vhost_dev_log_resize()'],
  },
  triggers: [],
  *sequence(context) {
    // Devices that share a log allocate one for all of them.
    const made = (['vhost_log_alloc', 'vhost_dev_log_resize'] as const)
      .map((kind) =>
        context
          .of(kind)
          .filter((a) => a.entered || (kind === 'vhost_dev_log_resize' && isSeenFirst(a)))
          .filter((a) => callerOf(a, 'vhost_commit') !== undefined),
      )
      .find((list) => list.length > 0);
    const last = made?.at(-1);
    if (made === undefined || last === undefined) return;
    const what = `${made.length} logs are replaced by a resize in this process`;
    const certain = made.filter(({ mayBeEarlier }) => !mayBeEarlier).length;
    if (made.length > HANDFUL && certain <= HANDFUL) {
      yield {
        verdict: 'inconclusive',
        ...place(last),
        message: `${what}, but that may be one that is shown several times`,
        missing: ['the whole backtraces of the resizes'],
      };
      return;
    }
    yield made.length > HANDFUL
      ? {
          verdict: 'violation',
          ...place(last),
          message: `${what}: legal, but the bitmap of each stays allocated`,
        }
      : { verdict: 'pass', ...place(last), message: what, seenAt: () => marksOfCalls(made) };
  },
};
