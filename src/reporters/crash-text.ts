/** Stacks in which QEMU dies, in words. */
import type { CheckReport, CrashSummary } from '../model/report.js';

/**
 * The headline of a report without violations: a capture that ends in a crash, or in which the debugger stood in for
 * calls, must not look as if all were well.
 */
export function noViolation({
  crashes,
  alterations,
}: Pick<CheckReport, 'crashes' | 'alterations'>): string {
  if (crashes.length > 0) return 'no violation found, but QEMU crashes';
  return alterations.length === 0
    ? 'no violation found'
    : 'no violation found, but the debugger altered the run';
}

/** One sentence, without its line. */
export function crashText(crash: CrashSummary): string {
  const { func, place, how, assertion, device, means, rules } = crash;
  const why = assertion === null ? how : `${how} "${assertion}"`;
  const where = place === null ? '' : ` (${place})`;
  const whose = device === null ? '' : `, device ${device}`;
  const explained = means === null ? '' : `: ${means}`;
  const more =
    rules.length === 0 ? '' : `; \`vhtrace explain ${rules.join('`, `vhtrace explain ')}\``;
  return `${why} in ${func}()${where}${whose}${explained}${more}`;
}
