/** Where records are missing, and what shows it: what a reader of the capture may look up there. */
import { firstIndex } from '../../base/search.js';
import type { Loss, Step, Steps } from '../../facts/step.js';
import type { Gap, Reach } from '../../model/record.js';
import type { GapSummary } from '../../model/report.js';
import { whyLost } from './lost-half.js';
import type { LostHalf } from './lost-half.js';

export interface ToldGap extends Omit<GapSummary, 'capture'> {
  /** Indexes of the steps that it may stand in front of, in any order; that behind the last stands for the end. */
  readonly before: readonly StepRange[];
}

/** Both included. */
interface StepRange {
  readonly first: number;
  readonly last: number;
}

/** Something that shows a gap: there is one in front of one of the lines `from` to `to`. */
interface Sign extends ToldGap {
  readonly from: number;
  readonly to: number;
  /** Index of the step that it is at, or above. */
  readonly step: number;
  readonly lost?: LostHalf;
  /** By a number that is left out: what had it stood anywhere in between. */
  readonly isCount?: boolean;
}

/** Damage may be on every line. */
const MOST_TOLD = 100;

/** Takes the gaps that records tell of, in the order of the capture. */
export class ToldGaps {
  private readonly signs: (Omit<Sign, 'before'> & { readonly reach?: Reach })[] = [];

  /** `step`: index of the one behind it. */
  add({ span, why, reach }: Gap, step: number): void {
    if (this.signs.length === MOST_TOLD) return;
    const line = span.first;
    // A notice of what was lost since the log began, or elsewhere, is of no one place.
    const isCount = reach?.to === line && reach.from > 1;
    const from = isCount ? reach.from : line;
    this.signs.push({ line, from, to: line, step, why, isCount, ...(reach && { reach }) });
  }

  /** With those that steps show. What is missing above the first of them is as if the capture began there. */
  found(
    { steps, losses }: Pick<Steps, 'steps' | 'losses'>,
    reaches: readonly (Reach | LostHalf)[],
  ): ToldGap[] {
    const first = steps[0]?.line ?? Number.POSITIVE_INFINITY;
    const told = this.signs.map(({ reach, ...sign }) => {
      const before = [{ first: sign.step, last: sign.step }];
      return { ...sign, before: reach ? [...before, stepsIn(steps, reach)] : before };
    });
    const shown = reaches.flatMap((reach): Sign[] => {
      const { from, to = from, why = '' } = reach;
      const lost = 'half' in reach ? reach : undefined;
      if (why === '' && lost === undefined) return [];
      const range = stepsIn(steps, reach);
      const place = { line: to, from, to, step: range.last, before: [range] };
      return [{ ...place, why, ...(lost && { lost }) }];
    });
    const signs = [...told, ...shown, ...unsaid(steps, losses)].filter(({ line }) => line > first);
    return places(signs)
      .map(asOne)
      .sort((a, b) => a.line - b.line)
      .slice(0, MOST_TOLD);
  }
}

/** What is missing behind the step before, or within the step itself. */
function unsaid(steps: readonly Step[], losses: readonly Loss[]): Sign[] {
  const found: Sign[] = [];
  for (const { step, line, why } of losses) {
    const before = found.at(-1);
    const to = Math.max(line, (steps[step]?.line ?? line) - 1);
    const place = { line, to, why, step };
    if (before?.line === line && before.why === why)
      found[found.length - 1] = { ...before, to, before: [{ first: before.step, last: step }] };
    else {
      const from = Math.min(line, (steps[step - 1]?.line ?? 0) + 1);
      found.push({ ...place, from, before: [{ first: step, last: step }] });
    }
  }
  return found;
}

function stepsIn(
  steps: readonly Step[],
  { from, to = Number.POSITIVE_INFINITY }: Reach,
): StepRange {
  const at = (line: number): number =>
    firstIndex(steps.length, (i) => (steps[i]?.line ?? 0) >= line);
  return { first: at(from), last: to === Number.POSITIVE_INFINITY ? steps.length : at(to + 1) - 1 };
}

/**
 * Signs of one place: at steps that follow upon each other, and what is missing may be in front of the first of them. What
 * comes back without its call does so in what called it, whose call was above, too. A number that is left out since then is
 * of what is missing there.
 */
function places(signs: readonly Sign[]): Sign[][] {
  const found: Sign[][] = [];
  let [first, last] = [0, -1];
  for (const sign of [...signs].sort((a, b) => a.step - b.step || a.to - b.to)) {
    const mayBeThere = sign.from <= first || sign.lost?.half === 'call';
    const isNext = sign.step <= last + 1;
    if (mayBeThere && (isNext || sign.isCount === true)) found.at(-1)?.push(sign);
    else {
      found.push([sign]);
      first = sign.to;
    }
    if (isNext || sign.isCount !== true) last = sign.step;
  }
  return found;
}

function asOne(signs: readonly Sign[]): ToldGap {
  const told = signs.filter(({ lost }) => lost === undefined).map(({ why }) => why);
  const halves = signs.flatMap(({ lost }) => lost ?? []);
  return {
    line: Math.min(...signs.map(({ line }) => line)),
    why: [...new Set(told), ...whyLost(halves)].join('; '),
    before: signs.flatMap(({ before }) => before),
  };
}
