/** Text of a capture → report, without files. */
import { checkCaptures } from '../../src/check/check-captures.js';
import type { RunOptions } from '../../src/flows/run.js';
import type { CheckReport } from '../../src/model/report.js';
import { readText } from './read-text.js';

export function check(path: string, text: string, options: Partial<RunOptions> = {}): CheckReport {
  const info = { path, sha256: '0'.repeat(64), bytes: text.length };
  return checkCaptures([{ info, reading: readText(text) }], { assumeOrdered: false, ...options });
}
