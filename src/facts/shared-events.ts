/** What equal trace events say, kept once: a capture has millions of them, and a few thousand different ones. */
import type { TraceEvent } from '../model/record.js';
import { hasOwnStamp } from './step.js';
import type { SaidEvent } from './step.js';

/** Events that are remembered; one that comes back later is kept again. */
const MOST_EVENTS = 8192;

export class SharedEvents {
  /** By their arguments: the reader gives equal events near each other the same object. */
  private readonly known = new Map<TraceEvent['args'], SaidEvent>();

  /** Without its time, which is another one for each. */
  of(event: SaidEvent): SaidEvent {
    const { name, args, text, tid, pid } = event;
    const isStamped = hasOwnStamp(event);
    const known = this.known.get(args);
    const isSame =
      known?.name === name &&
      known.text === text &&
      known.tid === tid &&
      known.pid === pid &&
      known.isStamped === isStamped;
    if (isSame) return known;
    if (this.known.size >= MOST_EVENTS) this.known.clear();
    const said = { name, args, text, tid, pid, time: undefined, isStamped };
    this.known.set(args, said);
    return said;
  }
}
