/** Counts of verdicts. A violation that a baseline knows is counted for itself. */
import type { CheckSummary, Finding, Severity, Verdict } from '../model/report.js';

/** `exitCode` is 3 where no capture has a protocol fact, else 0: what fails a run is the command's business. Pure. */
export function summarize(findings: readonly Finding[], hasFacts: boolean): CheckSummary {
  const count = (verdict: Verdict, severity?: Severity): number =>
    findings.filter(
      (finding) =>
        finding.verdict === verdict &&
        finding.known === undefined &&
        (severity === undefined || finding.severity === severity),
    ).length;
  const known = findings.filter((finding) => finding.known !== undefined).length;
  return {
    violations: {
      error: count('violation', 'error'),
      warning: count('violation', 'warning'),
      note: count('violation', 'note'),
    },
    ...(known === 0 ? {} : { known }),
    inconclusive: count('inconclusive'),
    pass: count('pass'),
    notExercised: count('not-exercised'),
    exitCode: hasFacts ? 0 : 3,
  };
}
