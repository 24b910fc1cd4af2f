/**
 * Stops without a backtrace in a log of backtraces: the stack was printed and lost, or never asked for this
 * once. Who called is unknown then, and what a rule misses there may be this very call.
 */
import type { Step } from './step.js';

/** Marks them as gaps, in sessions where most stops print their stack. Where stops print none at all, that is how the log was made. */
export function markLostStacks(steps: readonly Step[]): void {
  const balance = new Map<number, number>();
  for (const step of steps) {
    if (step.breakpoint === undefined) continue;
    const sign = step.stackKnown ? 1 : -1;
    balance.set(step.session, (balance.get(step.session) ?? 0) + sign);
  }
  /** The step before, where its stack was lost. */
  let lost: Step | undefined;
  for (const step of steps) {
    if (lost?.session === step.session) step.gapBefore = true;
    lost = undefined;
    if (step.breakpoint === undefined || step.stackKnown) continue;
    if ((balance.get(step.session) ?? 0) <= 0) continue;
    step.gapBefore = true;
    lost = step;
  }
}
