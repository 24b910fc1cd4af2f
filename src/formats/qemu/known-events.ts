/**
 * Events by what stands behind their stamp: a log has millions of lines and a few thousand such texts. Equal
 * texts share one frozen object of arguments, so that what is known of it can be remembered elsewhere, too.
 */
import { detached, detachedMembers } from '../../base/detached.js';
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

  /** Gives what is to be used in the place of `event`. */
  remember(key: string, event: KnownEvent): KnownEvent {
    if (key.length > LONGEST_EVENT) return event;
    const args = event.args && Object.freeze(detachedMembers(event.args));
    const known = { name: detached(event.name), args, text: detached(event.text) };
    this.#events.set(detached(key), known);
    return known;
  }
}
