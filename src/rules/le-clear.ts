import { known } from '../protocol/replay.js';
import { passes, unseenPasses } from './shared/queries.js';
import { judgePass } from './shared/ring-pass.js';
import type { Rule } from './rule.js';

/** Every logging ring loses VHOST_VRING_F_LOG when logging is switched off. */
export const leClear: Rule = {
  info: {
    id: 'LE-CLEAR',
    title: 'every logging vring loses VHOST_VRING_F_LOG at log stop',
    severity: 'error',
    impact: 'leak',
    backends: ['kernel', 'user', 'vdpa'],
    versions: '2.12 - 10.2',
    needs: [
      'probes vhost_dev_start, vhost_dev_stop, vhost_virtqueue_set_addr and vhost_virtqueue_stop since the ring was last addressed',
      'the entry of vhost_dev_set_log(false) and its end',
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
    why: 'The backend goes on writing dirty bits of that ring into a bitmap that QEMU frees right after: memory of QEMU is overwritten.',
    remedy:
      'Check the loop over dev->nvqs in vhost_dev_set_log() of that QEMU; restart the device to get rid of the flag.',
    exceptions: [
      'a pass that fails or is cut off by a disconnect',
      'rings stopped by a ring reset',
      'kernel devices of a higher queue pair (see LS-ALL-RINGS)',
    ],
    sources: ['QEMU hw/virtio/vhost.c vhost_dev_set_log(), vhost_migration_log()'],
    bugs: [
      {
        where: 'Mellanox dpdk-vhost-vfe pull 75 (2024)',
        what: 'the backend took the end of logging from QEMU and never told its controller: after a failed migration the device went on logging, and its next start failed. QEMU does its part there, so the rule passes',
      },
    ],
  },
  triggers: ['vhost_log_global_stop'],
  *sequence(context) {
    yield* unseenPasses(context, false);
    for (const pass of passes(context, false)) {
      const before = context.stateBefore(pass.device, pass.activation.first);
      const logging = [...before.vrings]
        .filter(([, states]) => known(states) === 'logged')
        .map(([index]) => index)
        .sort((a, b) => a - b);
      yield* judgePass(context, pass, {
        rings: logging,
        what: 'the end of VHOST_VRING_F_LOG',
        harm: 'the backend keeps logging it',
      });
    }
  },
};
