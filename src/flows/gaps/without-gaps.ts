/** A run as if nothing were missing at some of the places that it tells of: what is open there still is open for other reasons. */
import type { Step } from '../../facts/step.js';
import { buildActivations } from '../activations/activations.js';
import { linkChainedStops } from '../activations/chained-stops.js';
import { placed, shownAs } from '../part.js';
import { startsWatched } from '../probes.js';
import { Rings } from '../rings.js';
import type { Run } from '../run.js';
import type { ToldGap } from './told-gaps.js';

/** `closed` are some of the run's. Gaps that nothing is told of stay. Pure; the cost of the activations of a run. */
export function withoutGaps(run: Run, closed: readonly ToldGap[]): Run {
  const kept = run.gaps.filter((gap) => !closed.includes(gap));
  const isClosed = (step: number): boolean => areBefore(closed, step) && !areBefore(kept, step);
  const { exits, listenerOffset, probes, profiles } = run;
  const steps = run.steps.map((step): Step => {
    if (!step.gapBefore) return step;
    return placed(step, step.index, run.readGaps.has(step.index) && !isClosed(step.index));
  });
  const { all, atStep } = buildActivations(steps, exits, listenerOffset);
  // As in a run that is built: what is found out behind the activations does not end them.
  let gaps = 0;
  const gapsUpTo = steps.map((step) => {
    if (run.steps[step.index]?.gapBefore === true) step.gapBefore = !isClosed(step.index);
    return (gaps += step.gapBefore ? 1 : 0);
  });
  const ofSession = run.ofSession.map((own) => own.map((step) => steps[step.index] ?? step));
  const rings = new Rings(all, startsWatched(ofSession, probes), run.rings.assumed);
  linkChainedStops(all, { probes, rings, profiles, gapsUpTo });
  return shownAs(run, {
    steps,
    ofSession,
    exits,
    refusals: run.refusals,
    activations: all,
    atStep,
    listenerOffset,
    probes,
    rings,
    gapsUpTo,
    gapAtEnd: run.gapAtEnd && !isClosed(steps.length),
  });
}

function areBefore(gaps: readonly ToldGap[], step: number): boolean {
  return gaps.some(({ before }) => before.some(({ first, last }) => first <= step && step <= last));
}
