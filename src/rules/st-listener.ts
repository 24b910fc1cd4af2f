import { listenerDistance, listenerPair } from '../facts/device.js';
import { functionTable } from '../facts/functions.js';
import type { FactKind } from '../model/fact.js';
import { isFirstSight } from './shared/calls/stack-calls.js';
import type { Rule } from './rule.js';

/** Calls that name their device by itself. */
const OF_DEVICES: readonly FactKind[] = [...functionTable.values()]
  .filter(({ device }) => device !== undefined && device !== 'listener')
  .map(({ kind }) => kind);

/** A memory listener and the vhost_dev it belongs to, in one stack, must be a fixed distance apart. */
export const stListener: Rule = {
  info: {
    id: 'ST-LISTENER',
    title: 'a memory listener callback works on its own vhost_dev',
    severity: 'error',
    impact: 'crash',
    backends: ['kernel', 'user', 'vdpa'],
    versions: '2.12 - 11.1',
    needs: ['one backtrace with both listener= and dev='],
    probes: [
      'vhost_log_global_start',
      'stack of vhost_log_global_start',
      'vhost_log_global_stop',
      'vhost_migration_log',
      'vhost_dev_set_log',
      'vhost_dev_log_resize',
    ],
    why: 'The callback finds its device by container_of(listener). A device that is not 8 bytes below its listener means that a callback runs on foreign memory: it logs for, or frees the log of, another device.',
    remedy:
      'Look for a freed or moved vhost_dev whose listener is still registered (reconnect, hot-unplug).',
    exceptions: [
      'QEMU up to 2.8 has the listener first (distance 0)',
      'where every stack of a capture shows the same other distance it is another layout, not a fault',
    ],
    sources: [
      'QEMU include/hw/virtio/vhost.h struct vhost_dev',
      'QEMU hw/virtio/vhost.c vhost_migration_log()',
    ],
  },
  triggers: [],
  stack: {
    of: OF_DEVICES,
    *judge(step, run) {
      const found = listenerPair(step.calls);
      if (found === undefined || !isFirstSight(step, run, found.index)) return;
      const distance = listenerDistance(found);
      const device = found.dev.pointer;
      const place = { device, step: step.index, line: step.line };
      if (distance === run.listenerOffset || distance === 0n) {
        yield {
          verdict: 'pass',
          ...place,
          message: `listener and device are ${distance.toString()} bytes apart`,
        };
        return;
      }
      // Objects of one heap have addresses of one length: a shorter one was cut off by its terminal.
      if (found.listener.pointer?.length !== device?.length) {
        yield {
          verdict: 'inconclusive',
          ...place,
          message: `${String(found.listener.pointer)} and ${String(device)} are not of one length: one of them was cut off`,
          missing: ['whole addresses (gdb: set width 0)'],
        };
        return;
      }
      yield {
        verdict: 'violation',
        ...place,
        message: `${found.listener.func} has listener ${String(found.listener.pointer)}, but its callee ${found.dev.func} works on device ${String(device)}: ${distance.toString()} bytes apart instead of ${run.listenerOffset.toString()}`,
        expected: `listener == dev + ${run.listenerOffset.toString()}`,
      };
    },
  },
};
