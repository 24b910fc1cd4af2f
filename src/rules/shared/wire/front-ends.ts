/**
 * Which front ends are no QEMU, as a vhost-user backend sees them.
 *
 * Source: QEMU hw/virtio/vhost.c vhost_virtqueue_start() sends SET_VRING_NUM, SET_VRING_BASE and SET_VRING_ADDR of a vring in
 * this order; Cloud Hypervisor virtio-devices/src/vhost_user/vu_common_ctrl.rs the base behind the address.
 */
import type { SessionContext } from '../../rule.js';
import { connectionsOf } from './messages.js';
import type { Connection, Message } from './messages.js';

/** A missing-list entry where what only QEMU has to do is not done by another front end. */
export const BY_QEMU =
  'that QEMU is the front end: no QEMU sends SET_VRING_BASE behind SET_VRING_ADDR of the same vring';

export function isOfAnotherFrontEnd(context: SessionContext, connection: Connection): boolean {
  const others = context.once(
    'other front ends',
    () => new Set(connectionsOf(context).filter(({ requests }) => requests.some(setsUpOtherwise))),
  );
  return others.has(connection);
}

function setsUpOtherwise(requests: readonly Message[]): boolean {
  /** By vring, what of its start was sent last. */
  const last = new Map<number, string>();
  for (const { name, vring } of requests) {
    if (vring === undefined) continue;
    if (name === 'SET_VRING_NUM') last.set(vring, name);
    else if (name === 'SET_VRING_ADDR' && last.get(vring) === 'SET_VRING_NUM')
      last.set(vring, name);
    else if (name === 'SET_VRING_BASE') {
      if (last.get(vring) === 'SET_VRING_ADDR') return true;
      last.delete(vring);
    }
  }
  return false;
}
