import { judgeReach } from './shared/calls/global-reach.js';
import { lateRegistrations } from './shared/calls/late-registration.js';
import { judgeWireSockets } from './shared/wire/sockets.js';
import type { Rule } from './rule.js';

/** A log start reaches every vhost device. */
export const lsAllDevices: Rule = {
  info: {
    id: 'LS-ALL-DEVICES',
    title: 'a log start reaches every registered vhost device',
    severity: 'error',
    impact: 'corrupt',
    backends: ['kernel', 'user', 'vdpa'],
    versions: '2.12 - 11.1',
    needs: [
      'probe vhost_log_global_start with the backtrace up to memory_global_dirty_log_start, and proof that this returned',
      'probes vhost_dev_start and vhost_dev_stop since the start of the device',
      'of a pass that reaches no device, 7.0 to 9.0: vhost_commit in memory_global_dirty_log_start, which shows that nobody tracked before',
      '9.1 and later: proof that no listener refused: that memory_global_dirty_log_start returned true, or the dirty log sync that follows in a migration',
      'for a device that comes while tracking is on: probes vhost_dev_init, vhost_log_global_start and memory_global_dirty_log_stop, and proof that the init succeeded',
    ],
    why: 'The device goes on writing guest memory that nobody marks dirty: the destination gets stale pages, silently.',
    probes: [
      'vhost_dev_start',
      'vhost_dev_stop',
      'vhost_log_global_start',
      'memory_global_dirty_log_start',
      'memory_global_dirty_log_stop',
      'vhost_commit',
      'vhost_dev_init',
      'return of memory_global_dirty_log_start',
    ],
    remedy:
      'Look at how memory_global_dirty_log_start() of that QEMU walks its listeners, and whether the memory_listener of the device is registered; do not trust a migration made in this state.',
    exceptions: [
      'no pass at all: dirty tracking is on already for another user (7.0 and later), or its stop was postponed',
      'a pass that ends at a listener which refuses (9.1 and later), or with abort() (before)',
      'a device that is registered later: it has to be told by vhost_dev_init itself, which is judged apart',
      'a background snapshot: it uses no dirty log',
    ],
    sources: [
      'QEMU system/memory.c memory_global_dirty_log_start(), memory_global_dirty_log_do_start()',
      'QEMU system/memory.c listener_add_address_space()',
      'QEMU hw/virtio/vhost.c vhost_log_global_start()',
    ],
    bugs: [
      {
        where: 'QEMU a5c90c61a118 (7.0)',
        what: 'In 6.2 a second migration whose first log stop was still postponed ended in an assertion of memory_global_dirty_log_start(): no device is reached, and none is to blame.',
        unreported: true,
      },
    ],
  },
  triggers: ['vhost_log_global_start', 'memory_global_dirty_log_start', 'global_dirty_changed'],
  *sequence(context) {
    yield* judgeReach(context, true);
    yield* lateRegistrations(context);
    yield* judgeWireSockets(context, 'start');
  },
};
