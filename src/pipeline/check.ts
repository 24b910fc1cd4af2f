/** `vhtrace check`: captures from files or from the store → report. */
import { applyBaseline } from '../check/baseline.js';
import { checkCaptures } from '../check/check-captures.js';
import { selectRules } from '../check/policy.js';
import type { Policy } from '../check/policy.js';
import { VhtraceError } from '../base/errors.js';
import { printable } from '../base/printable.js';
import { parseVersion } from '../flows/profile.js';
import type { VersionRange } from '../flows/profile.js';
import type { Backend } from '../model/fact.js';
import type { Problem } from '../model/record.js';
import type { CheckReport, RuleInfo } from '../model/report.js';
import { rules } from '../rules/index.js';
import { readBaseline } from './baseline.js';
import { fetchExcerpts } from './excerpts.js';
import type { Excerpt } from './excerpts.js';
import { exitCode } from './exit-code.js';
import type { FailOn } from './exit-code.js';
import { readInputs } from './inputs.js';
import type { InputRequest } from './inputs.js';
import type { FileFailure } from './read-capture.js';

export interface CheckRequest extends InputRequest, Policy {
  readonly assumeOrdered: boolean;
  readonly strict: boolean;
  readonly failOn: FailOn;
  /** Rules that must have been exercised. */
  readonly require: readonly string[];
  /** File with known findings. */
  readonly baseline?: string | undefined;
  /** `2026-11-26`: entries of the baseline may have expired. */
  readonly today: string;
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
  /** The rules that were checked against. */
  readonly rules: readonly RuleInfo[];
  /** Required rules that were not exercised. */
  readonly unmet: readonly string[];
}

/**
 * Reads files or the store and judges them.
 *
 * Errors: USAGE for a version that is none; those of {@link readInputs} and {@link readBaseline}.
 */
export async function runCheck(request: CheckRequest): Promise<CheckResult> {
  const { assumeOrdered, failOn, strict, backend } = request;
  const qemuVersion = versionOf(request.qemuVersion);
  const baseline =
    request.baseline === undefined ? undefined : await readBaseline(request.baseline);
  const { captures, failures, keeper } = await readInputs(request);
  const judged = checkCaptures(captures, { assumeOrdered, qemuVersion, backend }, request);
  const report =
    baseline === undefined || request.baseline === undefined
      ? judged
      : applyBaseline(judged, baseline, request.baseline, request.today);
  const idle = new Set(
    report.coverage.filter(({ exercised }) => exercised === 0).map(({ rule }) => rule),
  );
  return {
    report,
    failures,
    problems: captures.flatMap(({ info, reading }) =>
      reading.problems.map((problem) => ({ ...problem, path: info.path })),
    ),
    rules: selectRules(rules, request).map(({ info }) => info),
    unmet: request.require.filter((rule) => idle.has(rule)),
    exitCode: exitCode({
      anyFailure: failures.length > 0,
      summary: report.summary,
      facts: report.captures.reduce((total, { facts }) => total + facts, 0),
      failOn,
      strict,
      isVacuous: request.require.some((rule) => idle.has(rule)),
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
