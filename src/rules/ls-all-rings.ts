import { runningRings } from '../protocol/replay.js';
import { passes, unseenPasses } from './shared/calls/log-passes.js';
import { judgePass } from './shared/calls/ring-pass.js';
import { startedRings } from './shared/calls/started-rings.js';
import { judgeTracedVrings } from './shared/traced/told-vrings.js';
import { judgeWireReach } from './shared/wire/reach.js';
import { judgeWireVrings } from './shared/wire/vrings.js';
import type { Rule } from './rule.js';

/** Every started ring gets VHOST_VRING_F_LOG when logging is switched on. */
export const lsAllRings: Rule = {
  info: {
    id: 'LS-ALL-RINGS',
    title: 'every started vring gets VHOST_VRING_F_LOG at log start',
    severity: 'error',
    impact: 'corrupt',
    backends: ['kernel', 'user', 'vdpa'],
    versions: '2.12 - 11.1',
    needs: [
      'probes vhost_dev_start, vhost_dev_stop, vhost_virtqueue_set_addr and vhost_virtqueue_stop since the device start',
      'the entry of vhost_dev_set_log(true), or of the vhost_migration_log() that calls it, and its successful end',
      'where the set_vring_addr op is watched: its call below each vhost_virtqueue_set_addr',
      'or the messages of a vhost-user connection since the device start: an strace -y of QEMU or of the backend',
      'or the trace events global_dirty_changed, vhost_section and vhost_user_write (7.1 and later) with their threads (-msg timestamp=on), from the log start to the device stop',
    ],
    probes: [
      'vhost_dev_start',
      'vhost_dev_stop',
      'vhost_virtqueue_set_addr',
      'vhost_virtqueue_stop',
      'vhost_dev_set_log',
      'op_set_vring_addr',
      'return of vhost_dev_set_log',
    ],
    faultProbes: ['event global_dirty_changed', 'event vhost_user_write', 'event vhost_section'],
    messageProbes: [
      'wire vhost_user_message',
      'wire op_set_features',
      'wire op_set_vring_addr',
      'wire op_get_vring_base',
    ],
    why: 'Writes of the backend to the used ring of that vring are not marked dirty. The destination resumes with a stale used ring: it loses or repeats requests, silently.',
    remedy:
      'Check the descriptor test and the loop over dev->nvqs in vhost_dev_set_log() of that QEMU; do not trust a migration made in this state.',
    exceptions: [
      'a pass that is rolled back or cut off by a disconnect',
      'rings that were never started or were stopped by a ring reset',
      'kernel devices of a higher queue pair: the skip test looks at another queue (5.2 - 10.2); reported as a note',
    ],
    sources: [
      'QEMU hw/virtio/vhost.c vhost_dev_set_log()',
      'Linux drivers/vhost/vhost.c vhost_update_used_flags()',
    ],
    bugs: [
      {
        where: 'QEMU f5b22d06fb05 (5.2)',
        what: 'A vhost-user backend that disconnected in the log start aborted QEMU in the same loop. Since then the log start counts as a success and the device is stopped; a pass that a disconnect cut off is not reported.',
        unreported: true,
      },
    ],
  },
  passesAtEntry: true,
  triggers: [
    'vhost_dev_set_log',
    'vhost_migration_log',
    'vhost_log_global_start',
    'global_dirty_changed',
  ],
  *sequence(context) {
    yield* unseenPasses(context, true);
    for (const pass of passes(context, true)) {
      const before = context.stateBefore(pass.device, pass.activation.first);
      yield* judgePass(context, pass, {
        rings: union(runningRings(before), startedRings(context, pass).keys()),
        told: 'to log',
        harm: 'its used ring is not logged',
      });
    }
    yield* judgeWireVrings(context, 'start');
    yield* judgeWireReach(context, 'start');
    yield* judgeTracedVrings(context);
  },
};

/** Ascending. */
function union(...lists: readonly Iterable<number>[]): readonly number[] {
  return [...new Set(lists.flatMap((list) => [...list]))].sort((a, b) => a - b);
}
