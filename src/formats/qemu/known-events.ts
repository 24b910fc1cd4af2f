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

export class KnownEvents {
  readonly #events = new Recent<KnownEvent>(MOST_EVENTS);

  find(key: string): KnownEvent | undefined {
    return key.length > LONGEST_EVENT ? undefined : this.#events.get(key);
  }

  /** Both in memory of their own, see `detached()`. Gives what is to be used in the place of `event`. */
  remember(key: string, { name, args, text }: KnownEvent): KnownEvent {
    const known = { name, args: args && Object.freeze(args), text };
    if (key.length <= LONGEST_EVENT) this.#events.set(key, known);
    return known;
  }
}
