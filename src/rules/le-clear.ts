import { known } from '../protocol/replay.js';
import { judgeFeatures } from './shared/calls/features-pass.js';
import { passes, unseenPasses } from './shared/calls/log-passes.js';
import { judgePass } from './shared/calls/ring-pass.js';
import { startedRings } from './shared/calls/started-rings.js';
import { judgeBareStops, judgeTracedStops } from './shared/traced/told-vrings.js';
import { judgeHiddenStops } from './shared/wire/hidden-stops.js';
import { judgeWireReach } from './shared/wire/reach.js';
import { judgeWireVrings } from './shared/wire/vrings.js';
import type { Rule } from './rule.js';

/**
 * Everything that made the backend log is taken back when logging is switched off: VHOST_F_LOG_ALL and
 * the VHOST_VRING_F_LOG of every logging ring. A log stop without any of it is LE-SKIP.
 */
export const leClear: Rule = {
  info: {
    id: 'LE-CLEAR',
    title: 'log stop takes VHOST_F_LOG_ALL back, and VHOST_VRING_F_LOG of every logging vring',
    severity: 'error',
    impact: 'leak',
    impactOn: { kernel: 'corrupt' },
    backends: ['kernel', 'user', 'vdpa'],
    versions: '2.12 - 11.1',
    needs: [
      'probes vhost_dev_start, vhost_dev_stop, vhost_virtqueue_set_addr and vhost_virtqueue_stop since the ring was last addressed',
      'the entry of vhost_dev_set_log(false) and its successful end',
      'for VHOST_F_LOG_ALL: probe vhost_dev_set_features; where it is refused, what the set_features op returned (gdb: finish)',
      'or the messages of a vhost-user connection since the device start: an strace -y of QEMU or of the backend',
      'or the trace events global_dirty_changed, vhost_section and vhost_user_write (7.1 and later) with their threads (-msg timestamp=on), from the log start to the device stop',
    ],
    probes: [
      'vhost_dev_start',
      'vhost_dev_stop',
      'vhost_virtqueue_set_addr',
      'vhost_virtqueue_stop',
      'vhost_dev_set_log',
      'vhost_dev_set_features',
      'op_set_features',
      'op_set_vring_addr',
      'return of vhost_dev_set_log',
      'return of op_set_features',
    ],
    faultProbes: ['event global_dirty_changed', 'event vhost_user_write', 'event vhost_section'],
    messageProbes: [
      'wire vhost_user_message',
      'wire op_set_features',
      'wire op_set_vring_addr',
      'wire op_get_vring_base',
    ],
    why: 'The backend goes on writing dirty bits, of that ring or of all guest buffers, into a log that QEMU gives back right after: the kernel then overwrites freed memory of QEMU, a vhost-user backend pays for bits that nobody reads and keeps the log allocated.',
    remedy:
      'Check the loop over dev->nvqs in vhost_dev_set_log() of that QEMU; restart the device to get rid of the flag.',
    exceptions: [
      'a pass that fails or is cut off by a disconnect',
      'rings stopped by a ring reset',
      'kernel devices of a higher queue pair (see LS-ALL-RINGS)',
      'shadow virtqueues of vdpa keep the bit from the device: the call is made all the same',
    ],
    sources: ['QEMU hw/virtio/vhost.c vhost_dev_set_log(), vhost_migration_log()'],
    bugs: [
      {
        where: 'Mellanox dpdk-vhost-vfe pull 75 (2024)',
        what: 'the backend took the end of logging from QEMU and never told its controller: after a failed migration the device went on logging, and its next start failed. QEMU does its part there, so the rule passes',
        unreported: true,
      },
    ],
  },
  passesAtEntry: true,
  triggers: ['vhost_log_global_stop'],
  *sequence(context) {
    yield* unseenPasses(context, false);
    for (const pass of passes(context, false)) {
      const before = context.stateBefore(pass.device, pass.activation.first);
      const logged = [...before.vrings].filter(([, states]) => known(states) === 'logged');
      const told = [...startedRings(context, pass)].filter(([, { enable }]) => enable === true);
      const logging = [...new Set([...logged, ...told].map(([index]) => index))];
      yield* judgePass(context, pass, {
        rings: logging.sort((a, b) => a - b),
        told: 'to stop logging',
        harm: 'the backend keeps logging it',
      });
      const features = judgeFeatures(context, pass, 'not to log');
      // Passes are counted by their rings.
      if (features.verdict !== 'pass') yield features;
    }
    yield* judgeWireVrings(context, 'stop');
    yield* judgeWireReach(context, 'stop');
    yield* judgeHiddenStops(context);
    yield* judgeTracedStops(context, 'vrings');
    yield* judgeBareStops(context);
  },
};
