/** `vhtrace check`: captures from files or from the store → report. */
import { checkCaptures } from '../check/check-captures.js';
import { expandPatterns } from '../input/expand-patterns.js';
import type { Problem } from '../model/record.js';
import type { CheckReport, RuleInfo } from '../model/report.js';
import { loadCaptures } from '../store/load-capture.js';
import { openStore } from '../store/open-store.js';
import { ruleInfos } from './catalogue.js';
import { fetchExcerpts, keepLines } from './excerpts.js';
import type { Excerpt } from './excerpts.js';
import { exitCode } from './exit-code.js';
import type { FailOn } from './exit-code.js';
import { readCaptures } from './read-capture.js';
import type { FileFailure, ReadResult } from './read-capture.js';

export interface CheckRequest {
  /** Files to check, or patterns that stand for them; none to check what the store holds. */
  readonly paths: readonly string[];
  readonly database: string;
  readonly assumeOrdered: boolean;
  readonly strict: boolean;
  readonly failOn: FailOn;
}

export interface CheckResult {
  readonly report: CheckReport;
  readonly exitCode: 0 | 1 | 2 | 3;
  readonly failures: readonly FileFailure[];
  readonly problems: readonly (Problem & { readonly path: string })[];
  readonly excerpt: Excerpt;
  /** The catalogue that was checked against. */
  readonly rules: readonly RuleInfo[];
}

/** Reads files or the store and judges them. Errors: those of {@link openStore} when there are no files. */
export async function runCheck(request: CheckRequest): Promise<CheckResult> {
  const { database, assumeOrdered, failOn, strict } = request;
  const paths = await expandPatterns(request.paths);
  const keeper = keepLines(paths);
  const { captures, failures } =
    paths.length > 0 ? await readCaptures(paths, keeper?.observe) : await readStore(database);
  const report = checkCaptures(captures, { assumeOrdered });
  return {
    report,
    failures,
    problems: captures.flatMap(({ info, reading }) =>
      reading.problems.map((problem) => ({ ...problem, path: info.path })),
    ),
    rules: ruleInfos(),
    exitCode: exitCode({
      anyFailure: failures.length > 0,
      summary: report.summary,
      facts: report.captures.reduce((total, { facts }) => total + facts, 0),
      failOn,
      strict,
    }),
    excerpt: await fetchExcerpts(report, captures, keeper),
  };
}

async function readStore(path: string): Promise<ReadResult> {
  const database = await openStore(path, 'read');
  try {
    return { captures: await loadCaptures(database), failures: [] };
  } finally {
    await database.close();
  }
}
