/** `vhtrace check`: captures from files or from the store → report. */
import { checkCaptures } from '../check/check-captures.js';
import { VhtraceError } from '../base/errors.js';
import { printable } from '../base/printable.js';
import { parseVersion } from '../flows/profile.js';
import type { VersionRange } from '../flows/profile.js';
import type { Backend } from '../model/fact.js';
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
import { readEventTable } from './trace-events.js';

export interface CheckRequest {
  /** Files to check, or patterns that stand for them; none to check what the store holds. */
  readonly paths: readonly string[];
  readonly database: string;
  readonly assumeOrdered: boolean;
  readonly strict: boolean;
  /** Files with the declarations of trace events, for files to check. */
  readonly traceEvents?: readonly string[];
  readonly failOn: FailOn;
  /** Version of the QEMU that made the captures, `9.1`, where the user knows it. */
  readonly qemuVersion?: string | undefined;
  /** Backend of devices that do not show theirs. */
  readonly backend?: Backend | undefined;
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

/**
 * Reads files or the store and judges them.
 *
 * Errors: USAGE for a version that is none; those of {@link openStore} when there are no files; those of
 * {@link readEventTable}.
 */
export async function runCheck(request: CheckRequest): Promise<CheckResult> {
  const { database, assumeOrdered, failOn, strict } = request;
  const qemuVersion = versionOf(request.qemuVersion);
  const paths = await expandPatterns(request.paths);
  const events = await readEventTable(request.traceEvents ?? []);
  const keeper = keepLines(paths);
  const { captures, failures } =
    paths.length > 0
      ? await readCaptures(paths, { observe: keeper?.observe, events })
      : await readStore(database);
  const report = checkCaptures(captures, { assumeOrdered, qemuVersion, backend: request.backend });
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

function versionOf(text: string | undefined): VersionRange | undefined {
  if (text === undefined) return undefined;
  const version = parseVersion(text);
  if (version !== undefined) return version;
  throw new VhtraceError(
    'USAGE',
    `"${printable(text)}" is no QEMU version`,
    'give it as 9.1 or 10.0.13',
  );
}

async function readStore(path: string): Promise<ReadResult> {
  const database = await openStore(path, 'read');
  try {
    return { captures: await loadCaptures(database), failures: [] };
  } finally {
    await database.close();
  }
}
