/** Lines of a trace that stand twice: a thread reports nothing twice in one microsecond. */
import { hasOwnStamp } from './step.js';
import type { SaidEvent } from './step.js';

/** To be shown every event, in order, as it was read. */
export class RepeatedEvents {
  private last: SaidEvent | undefined = undefined;
  private lastPlace = -1;

  /** The event repeats the one before. `place`: which step it is; something may stand in between. */
  sees(event: SaidEvent, place: number): boolean {
    const { last } = this;
    const isNext = place === this.lastPlace + 1;
    this.last = event;
    this.lastPlace = place;
    if (!isNext || last === undefined || last.time !== event.time || !hasOwnStamp(event))
      return false;
    return last.name === event.name && last.tid === event.tid && haveSame(last.args, event.args);
  }
}

function haveSame(one: SaidEvent['args'], other: SaidEvent['args']): boolean {
  if (one === other) return true;
  if (one === undefined || other === undefined) return false;
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length && keys.every((key) => one[key] === other[key]);
}
