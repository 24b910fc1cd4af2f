/** Records that are missing elsewhere than where the text says so, see `Gap.reach`. */
import { firstIndex } from '../../base/search.js';
import type { Reach } from '../../model/record.js';
import type { Steps } from '../../facts/step.js';

/** Marks gaps before all steps that they may stand in front of; true where they may stand behind the last one. */
export function markFarGaps({ steps, reaches }: Pick<Steps, 'steps' | 'reaches'>): boolean {
  const whole = unions(reaches);
  if (whole.length === 0) return false;
  for (const step of steps) {
    const { line } = step;
    const next = firstIndex(whole.length, (i) => (whole[i]?.from ?? line) > line);
    if ((whole[next - 1]?.to ?? 0) >= line) step.gapBefore = true;
  }
  return whole.at(-1)?.to === Number.POSITIVE_INFINITY;
}

/** In order, none touching another. */
function unions(reaches: readonly Reach[]): { from: number; to: number }[] {
  const found: { from: number; to: number }[] = [];
  for (const { from, to = Number.POSITIVE_INFINITY } of [...reaches].sort(
    (a, b) => a.from - b.from,
  )) {
    const last = found.at(-1);
    if (last !== undefined && from <= last.to) last.to = Math.max(last.to, to);
    else found.push({ from, to });
  }
  return found;
}
