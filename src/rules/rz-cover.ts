import { judgeCoverage, sizeEvents } from './shared/log-size.js';
import type { Rule } from './rule.js';

/** After a topology change the log covers the new memory table. */
export const rzCover: Rule = {
  info: {
    id: 'RZ-COVER',
    title: 'a resized log covers all guest memory of the new memory table',
    severity: 'error',
    impact: 'corrupt',
    backends: ['kernel', 'user', 'vdpa'],
    versions: '2.12 - 10.2',
    needs: [
      'the entry of vhost_dev_log_resize with size=, below vhost_commit',
      'probe vhost_dev_sync_region, and a sync in which the device is elected: its rlast= shows the memory regions',
    ],
    why: 'The backend writes to memory that the log does not cover: those pages are lost, or it writes beyond the bitmap. QEMU asserts at the next sync.',
    probes: ['vhost_dev_log_resize', 'vhost_log_get', 'vhost_dev_sync_region'],
    remedy: 'Look at the two calls of vhost_dev_log_resize() in vhost_commit() of that QEMU.',
    exceptions: ['a log that is larger: it grows by 170 chunks more than is needed'],
    sources: ['QEMU hw/virtio/vhost.c vhost_commit(), vhost_get_log_size()'],
  },
  triggers: [],
  *sequence(context) {
    for (const event of sizeEvents(context))
      if (event.inCommit) yield judgeCoverage(context, event);
  },
};
