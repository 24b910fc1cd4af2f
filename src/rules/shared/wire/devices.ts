/**
 * The vhost_devs of one vhost-user connection, told apart by the messages of their starts.
 *
 * Source: QEMU net/vhost-user.c: each queue pair is a vhost_dev, and all of them share the connection; hw/virtio/vhost.c
 * vhost_dev_start(): the features of a vhost_dev, then each of its vrings.
 */
import { hasRingReset } from '../../../model/values.js';
import type { Message } from './messages.js';
import { STARTING } from './starts.js';

/** A vhost_dev that runs, by the messages that came before. */
export interface WireDevice {
  /** SET_FEATURES of its start. */
  readonly features: Message | undefined;
  /** The vrings that run, ascending. */
  readonly vrings: ReadonlyMap<number, WireVring>;
}

export interface WireVring {
  /** SET_VRING_KICK, which set it going. */
  readonly kick: Message;
  /** SET_VRING_ADDR of its start, and the last one. */
  readonly start: Message;
  readonly address: Message;
}

/** Vrings, and with which others they were started: those of one vhost_dev. */
export class Devices {
  /** SET_FEATURES of the start of each device. */
  readonly #starts: (Message | undefined)[] = [undefined];
  /** Nothing but what a device start sends has come since the last of them. */
  #isStarting = true;
  /** Which device a vring is of, as an index of these. */
  readonly #owners = new Map<number, number>();
  readonly #kicks = new Map<number, Message>();
  readonly #addresses = new Map<number, { readonly start: Message; readonly address: Message }>();

  start(features: Message): void {
    this.#starts.push(features);
    this.#isStarting = true;
  }

  follow(message: Message): void {
    const { name, vring } = message;
    this.#isStarting &&= STARTING.has(name);
    if (name === 'RESET_OWNER' || name === 'RESET_DEVICE') this.#kicks.clear();
    if (vring === undefined) return;
    if (name === 'SET_VRING_ADDR') this.#setUp(vring, message);
    else if (name === 'SET_VRING_KICK') this.#kicks.set(vring, message);
    else if (name === 'GET_VRING_BASE') this.#kicks.delete(vring);
  }

  /** One that is reset alone stays in its device, also in one whose start is not shown. */
  #setUp(vring: number, address: Message): void {
    this.#addresses.set(vring, { start: address, address });
    if (this.#isStarting) this.#owners.set(vring, this.#starts.length - 1);
  }

  /** Takes in an address of a log start or stop. */
  toggle(address: Message): void {
    const { vring = -1 } = address;
    const start = this.#addresses.get(vring)?.start;
    if (start !== undefined) this.#addresses.set(vring, { start, address });
  }

  /** The device of a vring that runs; undefined where it is not seen to run. */
  of(vring: number | undefined): WireDevice | undefined {
    const owner = vring === undefined ? undefined : this.#owners.get(vring);
    if (owner === undefined || vring === undefined || !this.#kicks.has(vring)) return undefined;
    const vrings = new Map<number, WireVring>();
    for (const [other, kick] of [...this.#kicks].sort(([a], [b]) => a - b)) {
      const addresses = this.#addresses.get(other);
      if (this.#owners.get(other) === owner && addresses !== undefined)
        vrings.set(other, { kick, ...addresses });
    }
    return { features: this.#starts[owner], vrings };
  }

  /** All that run. */
  running(): readonly WireDevice[] {
    const found = new Map<number, WireDevice>();
    for (const vring of this.#kicks.keys()) {
      const [owner, device] = [this.#owners.get(vring), this.of(vring)];
      if (owner !== undefined && device !== undefined) found.set(owner, device);
    }
    return [...found.values()];
  }
}

/** What is known of a device. */
export function messagesOf({ vrings }: WireDevice): readonly Message[] {
  return [...vrings.values()].flatMap(({ kick, start, address }) => [kick, start, address]);
}

/**
 * The guest may reset single vrings, which QEMU passes over from then on: only a tap backend is told
 * (hw/net/virtio-net.c virtio_net_queue_reset()).
 */
export function mayReset({ features }: Pick<WireDevice, 'features'>): boolean {
  return hasRingReset(features?.payload.u64) ?? false;
}

/** What is missing where it may have done so. */
export const NOT_RESET = 'that the guest has not reset these vrings: it has VIRTIO_F_RING_RESET';
