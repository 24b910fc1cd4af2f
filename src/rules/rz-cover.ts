import { judgeCoverage, sizeEvents } from './shared/calls/log-size.js';
import { judgeWireGrowth } from './shared/wire/growth.js';
import type { Rule } from './rule.js';

/** After a topology change the log covers the new memory table, whether it was resized for that or not. */
export const rzCover: Rule = {
  info: {
    id: 'RZ-COVER',
    title: 'the log of a device covers all guest memory of its new memory table',
    severity: 'error',
    impact: 'corrupt',
    backends: ['kernel', 'user', 'vdpa'],
    versions: '2.12 - 11.1',
    needs: [
      'the entry of vhost_dev_log_resize with size=, below vhost_commit; for a log that is kept, the set_mem_table op there, the size of the log before, and that the device logs: its starts and stops, and the log toggles',
      'the memory table, printed at the set_mem_table op of that change; or probe vhost_dev_sync_region, and a sync of the device (9.1 and later: while it is elected), whose rlast= shows the memory regions',
      'or the messages of a vhost-user connection since the log start, with payload: the log of the backend, or an strace -y of it',
    ],
    why: 'The backend writes to memory that the log does not cover: those pages are lost, or it writes beyond the bitmap. QEMU asserts at the next sync.',
    probes: [
      'vhost_dev_start',
      'vhost_dev_stop',
      'vhost_migration_log',
      'vhost_dev_set_log',
      'return of vhost_dev_set_log',
      'vhost_commit',
      'stack of vhost_commit',
      'op_set_mem_table',
      'members at op_set_mem_table',
      'vhost_dev_log_resize',
      'vhost_log_get',
      'vhost_dev_sync_region',
    ],
    remedy: 'Look at the two calls of vhost_dev_log_resize() in vhost_commit() of that QEMU.',
    exceptions: [
      'a log that is larger: it grows by 170 chunks more than is needed',
      'a device that does not log: it keeps the log of a log start that failed as it is',
    ],
    sources: ['QEMU hw/virtio/vhost.c vhost_commit(), vhost_get_log_size()'],
  },
  passesAtEntry: true,
  triggers: [],
  *sequence(context) {
    for (const event of sizeEvents(context)) {
      const judged = event.inCommit ? judgeCoverage(context, event) : undefined;
      if (judged !== undefined) yield judged;
    }
    yield* judgeWireGrowth(context, false);
  },
};
