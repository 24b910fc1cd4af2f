/**
 * A vhost_dev_start() that fails undoes what it has done, which no other start does: the log is given back, the vrings
 * are enabled no more, and stopped. One that fails before its first vring has nothing to undo.
 *
 * Source: QEMU hw/virtio/vhost.c vhost_dev_start(), from fail_start to fail_mem.
 */
import type { Activation } from './activation.js';

/** The call belongs to the undoing of the start that makes it. */
export function isUndoing({ kind, parent, device, enable }: Activation): boolean {
  if (parent?.kind !== 'vhost_dev_start' || ![undefined, parent.device].includes(device))
    return false;
  const isSwitch = kind === 'op_set_vring_enable' || kind === 'op_dev_start';
  return isSwitch
    ? enable === false
    : kind === 'vhost_log_put' || kind === 'vhost_virtqueue_stop' || kind === 'op_get_vring_base';
}

/** The first call that undoes something of a start: the start has failed. */
export function undoingOf(start: Activation): Activation | undefined {
  return start.kind === 'vhost_dev_start' ? start.children.find(isUndoing) : undefined;
}
