import type { CheckSummary, Severity } from '../model/report.js';

/** The least that makes `check` fail: `inconclusive` is less than a note; `never` for nothing. */
export type FailOn = Severity | 'inconclusive' | 'never';

/** What the exit code of `check` depends on. */
export interface Outcome {
  /** A file or the store could not be read. */
  readonly anyFailure: boolean;
  readonly summary: Omit<CheckSummary, 'exitCode'>;
  /** A capture has no protocol fact, or there is none at all. */
  readonly isIdle: boolean;
  readonly failOn: FailOn;
  readonly strict: boolean;
  /** A rule that the user requires was not exercised. */
  readonly isVacuous: boolean;
}

/**
 * 2 could not do its work, 1 violations at or above `failOn`, 3 nothing was checked in a capture (or not what
 * the user requires, or `strict` and something is inconclusive), 0 otherwise; the first that applies.
 */
export function exitCode(outcome: Outcome): 0 | 1 | 2 | 3 {
  const { anyFailure, summary, isIdle, failOn, strict, isVacuous } = outcome;
  if (anyFailure) return 2;
  if (failing(summary, failOn) > 0) return 1;
  if (isIdle || isVacuous || isUnjudged(summary)) return 3;
  if (strict && summary.inconclusive > 0) return 3;
  return 0;
}

/** There were facts, but no rule found anything to judge in them. */
function isUnjudged({ violations, pass, inconclusive }: Outcome['summary']): boolean {
  return violations.error + violations.warning + violations.note + pass + inconclusive === 0;
}

function failing({ violations, inconclusive }: Outcome['summary'], failOn: FailOn): number {
  const { error, warning, note } = violations;
  switch (failOn) {
    case 'error':
      return error;
    case 'warning':
      return error + warning;
    case 'note':
      return error + warning + note;
    case 'inconclusive':
      return error + warning + note + inconclusive;
    case 'never':
      return 0;
  }
}
