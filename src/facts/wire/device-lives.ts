/**
 * Tells one vhost device of the kernel from the next that has the same file descriptor, or the same memory in the kernel.
 *
 * Source: Linux drivers/vhost/vhost.c vhost_dev_set_owner(): a device that has an owner refuses another (EBUSY), until it is
 * closed or reset; QEMU hw/virtio/vhost.c vhost_dev_init(), which asks for it first of all.
 */
import type { WireFact } from '../step.js';

/** Devices that are remembered; a hostile file has a new one on each line. */
const MOST_REMEMBERED = 4096;

export class DeviceLives {
  /** How many devices had this endpoint, by its name in the text. */
  readonly #lives = new Map<string, number>();

  /** The request with the name of its device: from the second one on it has a number, `fd 13 #2`. */
  follow(wire: WireFact): WireFact {
    const { endpoint, backend } = wire;
    if (endpoint === undefined || backend !== 'kernel' || !IS_DEVICE.test(endpoint)) return wire;
    const before = this.#lives.get(endpoint);
    const life = before === undefined ? 1 : before + (beginsLife(wire) ? 1 : 0);
    if (life !== before && (before !== undefined || this.#lives.size < MOST_REMEMBERED))
      this.#lives.set(endpoint, life);
    return life === 1 ? wire : { ...wire, endpoint: `${endpoint} #${life}` };
  }
}

/** Of others the process alone is known, which may have several devices. */
const IS_DEVICE = /^fd \d|^(?:file|vhost_dev) 0x/;

function beginsLife({ func, value, result }: WireFact): boolean {
  const isOwner = func === 'VHOST_SET_OWNER' || value === 'VHOST_SET_OWNER';
  // In the kernel the result comes with the return.
  return isOwner && (result === undefined || result === '0');
}
