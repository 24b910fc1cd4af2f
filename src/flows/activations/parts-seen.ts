/**
 * What backtraces of a thread showed of which frames are missing. Between these any call may be hidden, so that nothing is
 * known to end by the next stack; but a call that is shown again is no other one, as far as anyone can tell.
 */
import type { Call } from '../../facts/stacks/calls.js';
import type { Step } from '../../facts/step.js';
import { sameness } from './activation.js';
import type { Activation } from './activation.js';
import { goingOn } from './going-on.js';
import type { GoingOn } from './going-on.js';

export class PartsSeen {
  /** By the function of the outermost call that was shown: the last calls below it, outermost first. */
  private readonly parts = new Map<string, readonly Activation[]>();

  remember(calls: readonly Activation[]): void {
    const [outermost] = calls;
    if (outermost !== undefined) this.parts.set(outermost.func, calls);
  }

  /** The calls of a stack that go on, if its outermost one is shown again. */
  goingOn(step: Step): Pick<GoingOn, 'kept' | 'shown'> {
    const part = this.parts.get(step.calls[0]?.func ?? '') ?? NONE;
    const closed = part.findIndex((call) => call.closed !== undefined);
    return goingOn(closed < 0 ? part : part.slice(0, closed), step);
  }

  /** The call may be one that was shown. */
  mayHave(call: Call): boolean {
    for (const part of this.parts.values())
      if (part.some((a) => sameness(a, call) !== 'different')) return true;
    return false;
  }

  /** A function was entered anew: what was shown of the call before is over. */
  leave(is: (a: Activation) => boolean): void {
    for (const [func, part] of this.parts) {
      const at = part.findIndex(is);
      if (at >= 0) this.parts.set(func, part.slice(0, at));
    }
  }

  /** A whole stack shows what goes on. */
  clear(): void {
    this.parts.clear();
  }
}

const NONE: readonly Activation[] = [];
