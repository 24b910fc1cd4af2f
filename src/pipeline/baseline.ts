/** `vhtrace baseline`: known findings in a file. */
import { applyBaseline, baselineOf, pruned } from '../check/baseline.js';
import { VhtraceError } from '../base/errors.js';
import { writeWholeFile } from '../export/whole-file.js';
import { readBaselineFile } from '../input/baseline-file.js';
import type { Baseline, BaselineSummary } from '../model/baseline.js';
import type { CheckReport } from '../model/report.js';

/** Errors: FILE_MISSING, FILE_UNREADABLE, BASELINE_INVALID. */
export async function readBaseline(path: string): Promise<Baseline> {
  const baseline = await readBaselineFile(path);
  if (baseline !== undefined) return baseline;
  throw new VhtraceError(
    'FILE_MISSING',
    `${path}: no such baseline`,
    `vhtrace baseline write FILE... --baseline ${path} makes one`,
  );
}

export interface WriteRequest {
  readonly path: string;
  readonly reason: string;
  readonly expires: string | undefined;
  readonly today: string;
}

/**
 * Writes the violations of a report down beside the entries that are there. Gives the report as that file
 * then judges it.
 */
export async function writeBaseline(
  report: CheckReport,
  request: WriteRequest,
): Promise<CheckReport> {
  const { path, today } = request;
  const baseline = baselineOf(report, await readBaselineFile(path), request);
  writeBaselineFile(path, baseline);
  return applyBaseline(report, baseline, path, today);
}

/** Takes out what matches nothing or has expired. */
export async function pruneBaseline(path: string, summary: BaselineSummary): Promise<void> {
  writeBaselineFile(path, pruned(await readBaseline(path), summary));
}

function writeBaselineFile(path: string, baseline: Baseline): void {
  writeWholeFile(path, `${JSON.stringify(baseline, undefined, 2)}\n`);
}
