/** A stack in which QEMU dies, in one sentence. */
import type { CrashSummary } from '../model/report.js';

/** Without its line. */
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
