/** Text of a capture → report, without files. */
import { checkCaptures } from '../../src/check/check-captures.js';
import { createReader } from '../../src/formats/reader.js';
import type { Reading } from '../../src/model/record.js';
import type { CheckReport } from '../../src/model/report.js';

export function read(text: string): Reading {
  const reader = createReader();
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  for (const line of lines) reader.push(line);
  return reader.finish();
}

export function check(path: string, text: string, assumeOrdered = false): CheckReport {
  const info = { path, sha256: '0'.repeat(64), bytes: text.length };
  return checkCaptures([{ info, reading: read(text) }], { assumeOrdered });
}
