/** `vhtrace check`: captures from files or from the store → report. */
import { applyBaseline } from '../check/baseline.js';
import { mergeReports } from '../check/merge-reports.js';
import { selectRules } from '../check/policy.js';
import { expandPatterns } from '../input/expand-patterns.js';
import type { Problem } from '../model/record.js';
import type { CheckReport } from '../model/report.js';
import type { RuleInfo } from '../model/rule-info.js';
import { rules } from '../rules/index.js';
import { readBaseline } from './baseline.js';
import { checkCapture } from './check-capture.js';
import type { CheckedCapture, Judging } from './check-capture.js';
import { checkFiles } from './check-pool.js';
import type { PoolResult } from './check-pool.js';
import type { Excerpt } from './excerpts.js';
import { exitCode } from './exit-code.js';
import type { FailOn } from './exit-code.js';
import { eachInput } from './inputs.js';
import { runOptionsOf } from './judge-request.js';
import type { JudgeRequest } from './judge-request.js';
import type { FileFailure } from './read-capture.js';
import type { Twin } from './same-bytes.js';

export interface CheckRequest extends JudgeRequest {
  readonly strict: boolean;
  readonly failOn: FailOn;
  /** Threads to check several files in; as many as pay without. */
  readonly jobs?: number | undefined;
  /** Rules that must have been exercised. */
  readonly require: readonly string[];
  /** File with known findings. */
  readonly baseline?: string | undefined;
  /** `2026-11-26`: entries of the baseline may have expired. */
  readonly today: string;
}

export interface CheckResult {
  readonly report: CheckReport;
  readonly exitCode: 0 | 1 | 2 | 3;
  readonly failures: readonly FileFailure[];
  readonly twins: readonly Twin[];
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
 * Errors: USAGE for a version that is none; those of {@link eachInput} and {@link readBaseline}.
 */
export async function runCheck(request: CheckRequest): Promise<CheckResult> {
  const { failOn, strict, only, rules: levels } = request;
  const options = runOptionsOf(request);
  const baseline =
    request.baseline === undefined ? undefined : await readBaseline(request.baseline);
  const chosen = selectRules(rules, request).map(({ info }) => info);
  const judging = { options, policy: { only, rules: levels } };
  const { checked, failures, twins } = await checkAll(request, judging);
  const judged = mergeReports(
    checked.map((capture) => capture.report),
    chosen.filter(({ undecidable }) => undecidable === undefined).map(({ id }) => id),
  );
  const known =
    baseline === undefined || request.baseline === undefined
      ? judged
      : applyBaseline(judged, baseline, request.baseline, request.today);
  const judges = new Set(chosen.map(({ id }) => id));
  const rulesOff = rules.map(({ info }) => info.id).filter((id) => !judges.has(id));
  const report = rulesOff.length === 0 ? known : { ...known, rulesOff };
  const lines = new Map(checked.map(({ sha256, lines: quoted }) => [sha256, quoted]));
  const exercised = new Set(
    report.coverage.filter((rule) => rule.exercised > 0).map(({ rule }) => rule),
  );
  // A rule that was switched off had nothing to judge either.
  const unmet = request.require.filter((rule) => !exercised.has(rule));
  return {
    report,
    failures,
    twins,
    problems: checked.flatMap((capture) => capture.problems),
    rules: chosen,
    unmet,
    exitCode: exitCode({
      anyFailure: failures.length > 0,
      summary: report.summary,
      isIdle: report.captures.length === 0 || report.captures.some(({ facts }) => facts === 0),
      failOn,
      strict,
      isVacuous: unmet.length > 0,
    }),
    excerpt: (capture, line) => lines.get(capture)?.get(line),
  };
}

/** The files that the user names, or what the store holds. */
async function checkAll(request: CheckRequest, judging: Judging): Promise<PoolResult> {
  const files = await expandPatterns(request.paths);
  const { traceEvents = [], jobs } = request;
  if (files.length > 0) return checkFiles({ files, judging, traceEvents, jobs });
  const checked: CheckedCapture[] = [];
  const failures: FileFailure[] = [];
  const twins: Twin[] = [];
  for await (const capture of eachInput(request, failures, twins)) {
    checked.push(await checkCapture(capture, judging));
  }
  return { checked, failures, twins };
}
