/** Text of a capture → report, or what the rules say of it, without files. */
import { checkCaptures } from '../../src/check/check-captures.js';
import { judgeRun } from '../../src/check/judge-run.js';
import { RunBuilder } from '../../src/flows/run.js';
import type { RunOptions } from '../../src/flows/run.js';
import type { CaptureInfo } from '../../src/model/record.js';
import type { CheckReport, Finding } from '../../src/model/report.js';
import { rules } from '../../src/rules/index.js';
import { readText } from './read-text.js';

export function check(path: string, text: string, options: Partial<RunOptions> = {}): CheckReport {
  const info = infoOf(path, text);
  return checkCaptures([{ info, reading: readText(text) }], { assumeOrdered: false, ...options });
}

/**
 * What all rules say of the text, of which no more is kept than of a file that is checked. Slices, and the
 * gaps that leave a verdict open, are left out, which take longer to find than all else.
 */
export function judge(text: string, path = 'capture'): Finding[] {
  const builder = new RunBuilder('stacks');
  for (const record of readText(text).records) builder.add(record);
  const run = builder.finish({ assumeOrdered: false });
  const nothing = () => new Map<never, never>();
  return judgeRun(infoOf(path, text), run, rules, { slicesOf: nothing, openByGaps: nothing });
}

function infoOf(path: string, text: string): CaptureInfo {
  return { path, sha256: '0'.repeat(64), bytes: text.length };
}
