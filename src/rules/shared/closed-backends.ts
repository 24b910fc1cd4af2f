/**
 * A vhost-user backend that goes away stops its device unseen.
 *
 * Source: QEMU hw/virtio/vhost-user.c vhost_user_async_close() clears vhost_dev.started at once, and leaves vhost_dev_stop()
 * to a bottom half; until then the set_status callbacks (hw/block/vhost-user-blk.c, hw/scsi/vhost-user-scsi.c,
 * hw/virtio/vhost-user-base.c) take the device for stopped. net/vhost-user.c leaves it as it is.
 */
import { callerOf } from '../../flows/activations/activation.js';
import type { SessionContext } from '../rule.js';
import { isOfNet } from './calls/device-calls.js';
import { registrationDoubts, runningDoubts } from './device-lives.js';
import type { Life, Moment, Source } from './device-lives.js';

/** What keeps a device from running at a step, for certain. */
export function doubtsOfRunning(
  context: SessionContext,
  source: Source,
  life: Life,
  step: number,
): string[] {
  return [
    ...new Set([
      ...registrationDoubts(context, source, life, step),
      ...runningDoubts(context, source, life, step),
      ...closingDoubts(context, source, life),
    ]),
  ];
}

/** What keeps a device from running up to its next stop: its backend may have gone away. */
export function closingDoubts(
  context: SessionContext,
  source: Source,
  { start, next }: Life,
): string[] {
  const { activation, step } = start;
  const backend = activation && context.run.rings.backendOf(activation);
  if (backend === 'kernel' || backend === 'vdpa') return [];
  if (activation !== undefined && isOfNet(context.run, activation, 'start')) return [];
  if (context.run.steps[step]?.event?.record.args?.name === 'virtio-net') return [];
  if (next?.kind === 'stop' && isToldByGuestOrVm(context, next)) return [];
  return [
    source === 'calls'
      ? 'that the backend has not closed its socket before: a later stop with virtio_set_status in its backtrace'
      : 'that the backend has not closed its socket before: trace event virtio_set_status in front of a later stop',
  ];
}

/** A stop by the status of the virtio device: of one that was closed none is called. */
function isToldByGuestOrVm(context: SessionContext, { activation, step }: Moment): boolean {
  if (activation !== undefined)
    return callerOf(activation, 'virtio_set_status', 'vm_state_notify') !== undefined;
  const { steps } = context.run;
  const stop = steps[step];
  for (let i = step - 1; i >= Math.max(0, step - MOST_STEPS); i--) {
    const before = steps[i];
    if (before?.session !== stop?.session || before?.thread !== stop?.thread) continue;
    const kind = before?.event?.row.kind;
    if (kind === 'virtio_set_status') return true;
    if (kind === undefined || !OF_STOPS.test(kind)) return false;
  }
  return false;
}

/** Messages of the queue pairs that are stopped before. */
const MOST_STEPS = 4096;
const OF_STOPS = /^(?:vhost_|op_|wire_)/;
