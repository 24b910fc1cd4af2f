import type { CheckSummary, Severity } from '../model/report.js';

/** The least severity that makes `check` fail; `never` for none. */
export type FailOn = Severity | 'never';

/** What the exit code of `check` depends on. */
export interface Outcome {
  /** A file or the store could not be read. */
  readonly anyFailure: boolean;
  readonly summary: Omit<CheckSummary, 'exitCode'>;
  /** Protocol facts in all captures. */
  readonly facts: number;
  readonly failOn: FailOn;
  readonly strict: boolean;
}

/**
 * 2 could not do its work, 1 violations at or above `failOn`, 3 nothing was checked (or `strict` and
 * something is inconclusive), 0 otherwise; the first that applies.
 */
export function exitCode({ anyFailure, summary, facts, failOn, strict }: Outcome): 0 | 1 | 2 | 3 {
  if (anyFailure) return 2;
  if (failing(summary.violations, failOn) > 0) return 1;
  if (facts === 0 || isIdle(summary)) return 3;
  if (strict && summary.inconclusive > 0) return 3;
  return 0;
}

/** There were facts, but no rule found anything to judge in them. */
function isIdle({ violations, pass, inconclusive }: Outcome['summary']): boolean {
  return failing(violations, 'note') + pass + inconclusive === 0;
}

function failing({ error, warning, note }: CheckSummary['violations'], failOn: FailOn): number {
  switch (failOn) {
    case 'error':
      return error;
    case 'warning':
      return error + warning;
    case 'note':
      return error + warning + note;
    case 'never':
      return 0;
  }
}
