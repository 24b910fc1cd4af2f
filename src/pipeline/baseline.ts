/** `vhtrace baseline`: known findings in a file. */
import { baselineOf, pruned } from '../check/baseline.js';
import { VhtraceError } from '../base/errors.js';
import { readBaselineFile, writeBaselineFile } from '../input/baseline-file.js';
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
}

/** Writes the violations of a report down; entries that are there keep their reason. Gives what was written. */
export async function writeBaseline(
  report: CheckReport,
  { path, reason, expires }: WriteRequest,
): Promise<Baseline> {
  const baseline = baselineOf(report, await readBaselineFile(path), reason, expires);
  await writeBaselineFile(path, baseline);
  return baseline;
}

/** Takes out what matches nothing or has expired. Gives what is left. */
export async function pruneBaseline(path: string, summary: BaselineSummary): Promise<Baseline> {
  const left = pruned(await readBaseline(path), summary);
  await writeBaselineFile(path, left);
  return left;
}
