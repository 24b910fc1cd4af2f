/**
 * Records that wait for something on a later line, and those behind them: given out in file order.
 *
 * No more than a thousand are held back. A record that waits longer goes as it is.
 */
import type { CaptureRecord } from '../model/record.js';

/** Of each kind; a hostile file begins a new one on each line. */
const MOST_WAITING = 4096;

/** As many records may stand behind one that waits. */
const MOST_HELD = 1000;

/** The place of a record in the order; it may be replaced while the place waits. */
export interface Slot {
  record: CaptureRecord;
  /** Reasons to wait. */
  waits: number;
  /** Given out: nothing that is written to it now is seen. */
  gone: boolean;
}

export class HeldRecords {
  #slots: Slot[] = [];

  get isEmpty(): boolean {
    return this.#slots.length === 0;
  }

  add(record: CaptureRecord): Slot {
    const slot = { record, waits: 0, gone: false };
    this.#slots.push(slot);
    return slot;
  }

  /** The records at the front that wait for nothing, or have waited too long. */
  drain(): CaptureRecord[] {
    const slots = this.#slots;
    let ready = Math.max(0, slots.length - MOST_HELD);
    while (ready < slots.length && slots[ready]?.waits === 0) ready += 1;
    return this.#give(ready);
  }

  /** All of them, waiting or not. */
  flush(): CaptureRecord[] {
    return this.#give(this.#slots.length);
  }

  #give(count: number): CaptureRecord[] {
    return this.#slots.splice(0, count).map((slot) => {
      slot.gone = true;
      return slot.record;
    });
  }
}

/** What waits for a later line, by what tells that it belongs to it: a thread, a connection. */
export class Waiting<Entry extends { readonly slot: Slot }> {
  readonly #entries = new Map<string, Entry>();

  /** Nothing of the same key may wait. The oldest makes room. */
  add(key: string, entry: Entry): void {
    if (this.#entries.size >= MOST_WAITING) {
      const [oldest] = this.#entries.keys();
      if (oldest !== undefined) this.take(oldest);
    }
    entry.slot.waits += 1;
    this.#entries.set(key, entry);
  }

  get(key: string): Entry | undefined {
    return this.#entries.get(key);
  }

  /** It waits no longer. */
  take(key: string): Entry | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    entry.slot.waits -= 1;
    return entry;
  }

  /** In the order in which they came. */
  all(): readonly Entry[] {
    return [...this.#entries.values()];
  }

  clear(): void {
    for (const { slot } of this.#entries.values()) slot.waits -= 1;
    this.#entries.clear();
  }
}
