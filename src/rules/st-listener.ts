import { deviceOf, listenerDistance, listenerPair } from '../facts/stacks/device.js';
import { functionTable } from '../facts/functions.js';
import type { Step } from '../facts/step.js';
import type { Run } from '../flows/run.js';
import type { FactKind } from '../model/fact.js';
import { handedDevices, handedListeners } from './shared/calls/handed-device.js';
import { isFirstSight } from './shared/calls/stack-calls.js';
import type { Judgement, Rule } from './rule.js';

/** Calls that name their device, or its listener. */
const OF_DEVICES: readonly FactKind[] = [...functionTable.values()]
  .filter(({ device }) => device !== undefined)
  .map(({ kind }) => kind);

/** Objects of one heap have addresses of one length: a shorter one was cut off by its terminal. */
const WHOLE_ADDRESSES = 'whole addresses (gdb: set width 0)';

/** In one stack, a call works on the vhost_dev that its caller hands it; a memory listener is a fixed distance behind its own. */
export const stListener: Rule = {
  info: {
    id: 'ST-LISTENER',
    title: 'a call works on the vhost_dev of its caller, a memory listener callback on its own',
    severity: 'error',
    impact: 'crash',
    backends: ['kernel', 'user', 'vdpa'],
    versions: '2.12 - 11.1',
    needs: [
      'one backtrace with both listener= and dev=, or with listener= of a callback and of its callee',
      'or one with dev=, hdev= or net= of a call and of its caller, with no other frame in between',
    ],
    probes: [
      'vhost_log_global_start',
      'stack of vhost_log_global_start',
      'vhost_log_global_stop',
      'vhost_migration_log',
      'vhost_dev_set_log',
      'vhost_dev_log_resize',
      'vhost_dev_set_features',
      'vhost_log_put',
      'vhost_log_sync_range',
      'op_set_mem_table',
      'op_set_vring_num',
      'op_set_vring_base',
      'op_set_vring_kick',
      'op_get_vring_base',
      'op_net_set_backend',
    ],
    why: 'The callback finds its device by container_of(listener). A device that is not 8 bytes below its listener means that a callback runs on foreign memory: it logs for, or frees the log of, another device. Where a call gets another device than its caller, that of the caller goes without it: it is not told to log, or its log is not read.',
    remedy:
      'Look for a freed or moved vhost_dev whose listener is still registered (reconnect, hot-unplug), and at the argument of the call in that QEMU.',
    exceptions: [
      'QEMU up to 2.8 has the listener first (distance 0)',
      'where every stack of a capture shows the same other distance it is another layout, not a fault',
      'what runs in a main loop inside a call, where QEMU waits for a reply, is about any device: only calls that stand next to each other are compared',
    ],
    sources: [
      'QEMU include/hw/virtio/vhost.h struct vhost_dev',
      'QEMU hw/virtio/vhost.c vhost_migration_log(), vhost_dev_start(), vhost_dev_stop(), vhost_dev_set_log(), vhost_log_put()',
      'QEMU hw/net/vhost_net.c vhost_net_start_one(), vhost_net_stop_one()',
    ],
  },
  triggers: [],
  stack: {
    of: OF_DEVICES,
    *judge(step, run) {
      yield* listeners(step, run);
      yield* callbacks(step, run);
      yield* callees(step, run);
    },
  },
};

function* listeners(step: Step, run: Run): Generator<Judgement> {
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
  if (found.listener.pointer?.length !== device?.length) {
    yield {
      verdict: 'inconclusive',
      ...place,
      message: `${String(found.listener.pointer)} and ${String(device)} are not of one length: one of them was cut off`,
      missing: [WHOLE_ADDRESSES],
    };
    return;
  }
  yield {
    verdict: 'violation',
    ...place,
    message: `${found.listener.func} has listener ${String(found.listener.pointer)}, but its callee ${found.dev.func} works on device ${String(device)}: ${distance.toString()} bytes apart instead of ${run.listenerOffset.toString()}`,
    expected: `listener == dev + ${run.listenerOffset.toString()}`,
  };
}

/** A callback hands its own listener on. */
function* callbacks(step: Step, run: Run): Generator<Judgement> {
  for (const { caller, call, handed, listener, index } of handedListeners(step)) {
    if (listener === handed || !isFirstSight(step, run, index)) continue;
    const line = step.callLines[index] ?? step.line;
    const at = { device: deviceOf(caller, run.listenerOffset), step: step.index, line };
    const message = `${caller.func} has listener ${handed}, but calls ${call.func} for listener ${listener}`;
    yield listener.length === handed.length
      ? { verdict: 'violation', ...at, message, expected: `${call.func} for listener ${handed}` }
      : { verdict: 'inconclusive', ...at, message, missing: [WHOLE_ADDRESSES] };
  }
}

/** What QEMU hands from call to call does not change on the way. */
function* callees(step: Step, run: Run): Generator<Judgement> {
  for (const { caller, handed, call, device, index } of handedDevices(step)) {
    if (device === handed || !isFirstSight(step, run, index)) continue;
    const line = step.callLines[index] ?? step.line;
    const at = { device: handed, step: step.index, line };
    const message = `${caller} works on device ${handed}, but calls ${call.func} for device ${device}`;
    yield device.length === handed.length
      ? { verdict: 'violation', ...at, message, expected: `${call.func} for device ${handed}` }
      : { verdict: 'inconclusive', ...at, message, missing: [WHOLE_ADDRESSES] };
  }
}
