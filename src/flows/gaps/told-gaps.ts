/** Where records are missing, and what shows it: what a reader of the capture may look up there. */
import type { Step } from '../../facts/step.js';
import type { Gap, Reach } from '../../model/record.js';
import type { GapSummary } from '../../model/report.js';

export type ToldGap = Omit<GapSummary, 'capture'>;

/** Damage may be on every line. */
const MOST_TOLD = 100;

/** Takes the gaps that records tell of, in the order of the capture. */
export class ToldGaps {
  private readonly gaps: ToldGap[] = [];

  add({ span, why }: Gap): void {
    if (this.gaps.length < MOST_TOLD) this.gaps.push({ line: span.first, why });
  }

  /** With those that steps show. What is missing above the first of them is as if the capture began there. */
  found(steps: readonly Step[], reaches: readonly Reach[]): ToldGap[] {
    const first = steps[0]?.line ?? Number.POSITIVE_INFINITY;
    const shown = reaches.flatMap(({ from, to = from, why }) =>
      why === undefined ? [] : [{ line: to, why }],
    );
    return [...this.gaps, ...shown]
      .filter(({ line }) => line > first)
      .sort((a, b) => a.line - b.line)
      .slice(0, MOST_TOLD);
  }
}
