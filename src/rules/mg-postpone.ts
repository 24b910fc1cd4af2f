import { callerOf } from '../flows/activations/activation.js';
import { below, place, unwatched } from './shared/calls/queries.js';
import { endMark, mark } from './shared/marks.js';
import type { Rule } from './rule.js';

/** A log stop that was postponed finds the devices stopped and only clears their flags. */
export const mgPostpone: Rule = {
  info: {
    id: 'MG-POSTPONE',
    title: 'a postponed log stop finds the devices stopped and only clears their flags',
    severity: 'note',
    impact: 'odd',
    backends: ['kernel', 'user', 'vdpa'],
    versions: '2.12 - 11.1',
    needs: [
      'vhost_log_global_stop with its backtrace up to vm_state_notify',
      'probe vhost_dev_set_log',
    ],
    why: 'The handler runs before the devices are started again. Backend calls in it say that a device ran while the VM did not; that works, but costs a full log stop and hides an odd device.',
    probes: ['vhost_log_global_stop', 'vhost_dev_set_log'],
    remedy: 'Look at what started the device while the VM was stopped.',
    exceptions: [
      'a log stop while the VM runs: it has the backend switch off logging',
      'a stop that is still postponed when the capture ends, which is usual after a migration that completed',
    ],
    sources: [
      'QEMU system/memory.c memory_global_dirty_log_stop(), memory_vm_change_state_handler()',
    ],
  },
  passesAtEntry: true,
  triggers: [],
  *sequence(context) {
    const { run } = context;
    for (const stop of context.of('vhost_log_global_stop')) {
      const change = callerOf(stop, 'vm_state_notify');
      if (change === undefined || change.enable === false) continue;
      const [off] = below(stop, 'vhost_dev_set_log', 'vhost_dev_set_features');
      if (off !== undefined) {
        yield {
          verdict: 'violation',
          ...place(stop),
          message:
            'a postponed log stop switches off the backend: the device was started before the VM; legal, but odd',
          evidence: [{ line: off.line, role: 'the backend is told to stop logging' }],
        };
        continue;
      }
      const missing = unwatched(run, 'vhost_dev_set_log', stop.first, stop.closed ?? stop.last);
      yield missing.length === 0
        ? {
            verdict: 'pass',
            ...place(stop),
            message: 'the postponed log stop only clears the flag',
            seenAt: () => [...mark(change, 'the machine runs again'), ...endMark(run, stop)],
          }
        : {
            verdict: 'inconclusive',
            ...place(stop),
            message: 'what the postponed log stop does is not seen',
            missing,
          };
    }
  },
};
