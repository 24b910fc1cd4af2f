import { judgeFeatures } from './shared/calls/features-pass.js';
import { passes, unseenPasses } from './shared/calls/log-passes.js';
import { skippedPasses } from './shared/calls/skipped-pass.js';
import { judgeTracedFeatures } from './shared/traced/log-starts.js';
import { judgeWireFeatures } from './shared/wire/features.js';
import type { Rule } from './rule.js';

/** A log start that addresses rings must also set VHOST_F_LOG_ALL. */
export const lsFeatures: Rule = {
  info: {
    id: 'LS-FEATURES',
    title: 'VHOST_F_LOG_ALL is set when the vrings are told to log',
    severity: 'error',
    impact: 'corrupt',
    backends: ['kernel', 'user', 'vdpa'],
    versions: '2.12 - 11.1',
    needs: [
      'the entry and the successful end of vhost_dev_set_log(true)',
      'probe vhost_dev_set_features',
      'for a log start without that call: a log base in it; probe of the set_features op',
      'for a log start that does nothing: the device start, and a later stop of the device by its status',
      'where the set_features op is watched: its call below vhost_dev_set_features, and what it returned (gdb: finish)',
      'or the messages of a vhost-user connection since its features: an strace of QEMU or of the backend',
      'or the trace events global_dirty_changed and vhost_user_write (7.1 and later) with their threads (-msg timestamp=on)',
    ],
    probes: [
      'vhost_dev_start',
      'vhost_dev_stop',
      'vhost_dev_cleanup',
      'vhost_log_global_start',
      'vhost_migration_log',
      'vhost_dev_set_log',
      'vhost_dev_set_features',
      'vhost_virtqueue_set_addr',
      'vhost_dev_log_resize',
      'op_set_log_base',
      'op_set_features',
      'op_set_vring_addr',
      'return of vhost_dev_set_log',
      'return of op_set_features',
      'return of vhost_dev_start',
    ],
    faultProbes: ['event global_dirty_changed', 'event vhost_user_write'],
    messageProbes: ['wire op_set_log_base', 'wire op_set_features', 'wire op_set_vring_addr'],
    why: 'The rings log their used area, but nothing logs the guest buffers that the backend fills: received data is stale on the destination.',
    remedy: 'Look at the start of vhost_dev_set_log() of that QEMU.',
    exceptions: [
      'a pass that fails or is cut off by a disconnect',
      'shadow virtqueues of vdpa keep the bit from the device: the call is made all the same',
    ],
    sources: ['QEMU hw/virtio/vhost.c vhost_dev_set_log()'],
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
    yield* skippedPasses(context);
    for (const pass of passes(context, true)) yield judgeFeatures(context, pass, 'to log');
    yield* judgeWireFeatures(context);
    yield* judgeTracedFeatures(context);
  },
};
