import { judgeReach } from './shared/calls/global-reach.js';
import { judgeWireSockets } from './shared/wire/sockets.js';
import type { Rule } from './rule.js';

/** A log stop reaches every vhost device. */
export const leAllDevices: Rule = {
  info: {
    id: 'LE-ALL-DEVICES',
    title: 'a log stop reaches every registered vhost device',
    severity: 'error',
    impact: 'leak',
    backends: ['kernel', 'user', 'vdpa'],
    versions: '2.12 - 11.1',
    needs: [
      'probe vhost_log_global_stop with the backtrace up to memory_global_dirty_log_stop, and proof that this returned',
      'of a pass that reaches no device: probe memory_global_dirty_log_do_stop, and vhost_commit in it, which shows that nobody tracks any more',
      'probes vhost_dev_start and vhost_dev_stop since the start of the device',
    ],
    why: 'The device goes on logging for nobody: it pays for it at every write, keeps its log, and finds its flag on at the next log start, which then does nothing.',
    probes: [
      'vhost_dev_start',
      'vhost_dev_stop',
      'vhost_log_global_stop',
      'memory_global_dirty_log_stop',
      'vhost_commit',
    ],
    remedy: 'Look at how memory_global_dirty_log_stop() of that QEMU walks its listeners.',
    exceptions: [
      'no pass at all: another user still tracks dirty memory (7.0 and later), or the stop is postponed because the VM does not run',
      'a listener that was unregistered before the pass (cleanup, disconnect)',
    ],
    sources: [
      'QEMU system/memory.c memory_global_dirty_log_do_stop()',
      'QEMU hw/virtio/vhost.c vhost_log_global_stop()',
    ],
  },
  triggers: ['vhost_log_global_stop', 'memory_global_dirty_log_stop', 'global_dirty_changed'],
  *sequence(context) {
    yield* judgeReach(context, false);
    yield* judgeWireSockets(context, 'stop');
  },
};
