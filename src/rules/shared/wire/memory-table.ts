/** The memory that a vhost-user backend was told of, message by message. */
import { bigintOf } from '../../../model/values.js';
import type { Message } from './messages.js';

/** A region that the backend has: its last guest-physical address, and the message that gave it. */
export interface Region {
  readonly last: bigint;
  /** Where QEMU has it in its own memory. */
  readonly own: bigint | undefined;
  readonly from: Message;
}

export class MemoryTable {
  /** By their first address. */
  readonly #regions = new Map<string, Region>();
  #unread: Message | undefined;

  /** A message whose regions are not shown, or not all of them: the backend may have more memory. */
  get unread(): Message | undefined {
    return this.#unread;
  }

  /** The region that reaches highest, of those that are shown. */
  get highest(): Region | undefined {
    let highest: Region | undefined;
    for (const region of this.#regions.values()) {
      if (highest === undefined || region.last > highest.last) highest = region;
    }
    return highest;
  }

  /** A region that no process of 32 bits has room for. */
  get wide(): Region | undefined {
    return [...this.#regions.values()].find(({ own }) => own !== undefined && own > 0xffffffffn);
  }

  follow(message: Message): void {
    const { name, payload } = message;
    switch (name) {
      case 'SET_OWNER':
      case 'RESET_OWNER':
        this.#clear();
        break;
      case 'SET_MEM_TABLE':
        // DPDK keeps the table that it has.
        if (payload.unchanged === undefined) this.#replace(message);
        break;
      case 'ADD_MEM_REG':
        if (!this.#add(message, '')) this.#unread = message;
        break;
      case 'REM_MEM_REG':
        if (bigintOf(payload.guest_phys_addr) === undefined) {
          this.#clear();
          this.#unread = message;
        } else this.#regions.delete(keyOf(payload.guest_phys_addr));
        break;
    }
  }

  #clear(): void {
    this.#regions.clear();
    this.#unread = undefined;
  }

  #replace(message: Message): void {
    const { payload } = message;
    this.#clear();
    let count = 0;
    while (MEMBERS.some((member) => `regions[${count}].${member}` in payload)) {
      if (!this.#add(message, `regions[${count}].`)) this.#unread = message;
      count++;
    }
    // DPDK prints all of them, and not how many.
    const announced = bigintOf(payload.nregions);
    if (announced === undefined ? count === 0 : announced > count) this.#unread = message;
  }

  /** False where the region is not shown as a whole. */
  #add(message: Message, prefix: string): boolean {
    const { payload } = message;
    const first = bigintOf(payload[`${prefix}guest_phys_addr`]);
    const size = bigintOf(payload[`${prefix}memory_size`]);
    if (first === undefined || size === undefined) return false;
    const own = bigintOf(payload[`${prefix}userspace_addr`]);
    if (size > 0n) {
      this.#regions.set(keyOf(String(first)), { last: first + size - 1n, own, from: message });
    }
    return true;
  }
}

const MEMBERS = ['guest_phys_addr', 'memory_size'] as const;

function keyOf(address: string | undefined): string {
  return String(bigintOf(address));
}
