/** What of a report makes somebody look: violations that are errors or warnings. */
import { check } from './check.js';

/** One line each: rule, place, message. */
export function alarms(text: string): string[] {
  return check('run', text)
    .findings.filter((f) => f.verdict === 'violation' && f.severity !== 'note')
    .map((f) => `${f.rule} line ${f.at.line}: ${f.message}`);
}
