/**
 * Events by what stands behind their stamp: a log has millions of lines and a few thousand such texts. Equal
 * texts share one frozen object of arguments, so that what is known of it can be remembered elsewhere, too.
 */
import { Recent } from '../../base/recent.js';
import type { TraceEvent } from '../../model/record.js';

/** What events share that differ in time and thread only. */
export type KnownEvent = Pick<TraceEvent, 'name' | 'args' | 'text'>;

const MOST_EVENTS = 4096;
/** Longer ones hardly come again. */
const LONGEST_EVENT = 512;

interface Entry {
  readonly key: string;
  readonly event: KnownEvent;
  /** What came behind it the last time, and likely comes again: two texts are sooner compared than one is looked up. */
  next: Entry | undefined;
}

export class KnownEvents {
  readonly #entries = new Recent<Entry>(MOST_EVENTS);
  /** The last one that came. */
  #latest: Entry | undefined;

  find(key: string): KnownEvent | undefined {
    if (key.length > LONGEST_EVENT) return undefined;
    const likely = this.#latest?.next;
    const entry = likely?.key === key ? likely : this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#follow(entry);
    return entry.event;
  }

  /** Both in memory of their own, see `detached()`. Gives what is to be used in the place of `event`. */
  remember(key: string, { name, args, text }: KnownEvent): KnownEvent {
    const event = { name, args: args && Object.freeze(args), text };
    if (key.length <= LONGEST_EVENT) {
      const entry = { key, event, next: undefined };
      this.#entries.set(key, entry);
      this.#follow(entry);
    }
    return event;
  }

  #follow(entry: Entry): void {
    if (this.#latest !== undefined) this.#latest.next = entry;
    this.#latest = entry;
  }
}
