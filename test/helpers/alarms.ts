/** What of a report makes somebody look: violations that are errors or warnings. */
import type { Finding } from '../../src/model/report.js';
import { judge } from './check.js';

/**
 * Where the elections are not watched, a QEMU that elects again after a log resize looks like the released
 * ones, which do not: RZ-ELECT warns by design. A legitimate run of the model is of one that does, and so is the
 * capture of a corrected QEMU.
 */
function isOpenWarning({ rule, severity }: Finding): boolean {
  return rule === 'RZ-ELECT' && severity === 'warning';
}

/** One line each: rule, place, message. */
export function alarms(text: string): string[] {
  return judge(text)
    .filter((f) => f.verdict === 'violation' && f.severity !== 'note')
    .filter((f) => !isOpenWarning(f))
    .map((f) => `${f.rule} line ${f.at.line}: ${f.message}`);
}
