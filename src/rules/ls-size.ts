import { callerOf } from '../flows/activations/activation.js';
import type { Activation } from '../flows/activations/activation.js';
import { givenSize, judgeCoverage, sizeEvents } from './shared/calls/log-size.js';
import { place } from './shared/calls/queries.js';
import type { Judgement, Rule } from './rule.js';

/** The log that a device gets when logging starts covers its guest memory. */
export const lsSize: Rule = {
  info: {
    id: 'LS-SIZE',
    title: 'the log of a log start covers all guest memory of the device',
    severity: 'error',
    impact: 'corrupt',
    backends: ['kernel', 'user', 'vdpa'],
    versions: '2.12 - 11.1',
    needs: [
      'the entry of vhost_dev_log_resize with size= (or of the vhost_log_get below it), or of vhost_log_get below vhost_dev_start',
      'the memory table, printed at the last set_mem_table op before; or probe vhost_dev_sync_region, whose rlast= shows the memory regions of the device; trace events (vhost_region_add_section) name no device',
    ],
    why: 'Writes to memory above the end of the log are dropped by the backend or set bits beyond the bitmap; QEMU itself asserts at the next sync.',
    probes: [
      'vhost_dev_log_resize',
      'stack of vhost_dev_log_resize',
      'vhost_log_get',
      'op_set_mem_table',
      'members at op_set_mem_table',
      'vhost_dev_sync_region',
    ],
    remedy:
      'Look at vhost_get_log_size() of that QEMU: the size is the highest guest address / 262144 + 1, over all regions of the device.',
    exceptions: [
      'a larger log: up to 5.1 the used rings count too, and a log that has grown keeps 170 chunks of slack',
      'devices of other types may see other memory: only the own regions of the device count, and where it reads none (9.1 and later) those of the memory logger of its type, to confirm',
    ],
    sources: ['QEMU hw/virtio/vhost.c vhost_get_log_size(), vhost_dev_sync_region()'],
  },
  passesAtEntry: true,
  triggers: [],
  *sequence(context) {
    for (const event of sizeEvents(context)) {
      const judged = !event.inCommit ? judgeCoverage(context, event) : undefined;
      if (judged !== undefined) yield judged;
    }
    for (const resize of context.of('vhost_dev_log_resize')) {
      const isOfStart = callerOf(resize, 'vhost_commit') === undefined;
      if (resize.entered && isOfStart && givenSize(resize) === undefined) yield sizeless(resize);
    }
  },
};

/** Inlined, and its arguments optimized out. */
function sizeless(resize: Activation): Judgement {
  return {
    verdict: 'inconclusive',
    ...place(resize),
    message: 'the size of the log is not shown',
    missing: ['size= of vhost_dev_log_resize, or of the vhost_log_get below it'],
  };
}
