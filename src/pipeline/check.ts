/** `vhtrace check`: captures from files or from the store → report. */
import { checkCaptures } from '../check/check-captures.js';
import { VhtraceError } from '../base/errors.js';
import { printable } from '../base/printable.js';
import { parseVersion } from '../flows/profile.js';
import type { VersionRange } from '../flows/profile.js';
import type { Backend } from '../model/fact.js';
import type { Problem } from '../model/record.js';
import type { CheckReport, RuleInfo } from '../model/report.js';
import { ruleInfos } from './catalogue.js';
import { fetchExcerpts } from './excerpts.js';
import type { Excerpt } from './excerpts.js';
import { exitCode } from './exit-code.js';
import type { FailOn } from './exit-code.js';
import { readInputs } from './inputs.js';
import type { InputRequest } from './inputs.js';
import type { FileFailure } from './read-capture.js';

export interface CheckRequest extends InputRequest {
  readonly assumeOrdered: boolean;
  readonly strict: boolean;
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
 * Errors: USAGE for a version that is none; those of {@link readInputs}.
 */
export async function runCheck(request: CheckRequest): Promise<CheckResult> {
  const { assumeOrdered, failOn, strict } = request;
  const qemuVersion = versionOf(request.qemuVersion);
  const { captures, failures, keeper } = await readInputs(request);
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
