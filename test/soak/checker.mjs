/** The checker as it is built (dist/), for scripts that run outside of vitest. */
import { checkRuns } from '../../dist/check/check-captures.js';
import { RunBuilder } from '../../dist/flows/run.js';
import { createReader } from '../../dist/formats/reader.js';
import { rules } from '../../dist/rules/index.js';

export const knownRules = new Set(rules.map((rule) => rule.info.id));

/** Findings that make somebody look: violations that are errors or warnings. Judged as a file is: from what is kept of it. */
export function alarmsOf(text) {
  const reader = createReader();
  for (const line of text.split('\n')) reader.push(line);
  const info = { path: 'run', sha256: '0'.repeat(64), bytes: text.length };
  const reading = reader.finish();
  const builder = new RunBuilder('stacks');
  for (const record of reading.records) builder.add(record);
  const run = builder.finish({ assumeOrdered: false });
  const { findings } = checkRuns([{ info, reading, run }]);
  return findings.filter((f) => f.verdict === 'violation' && f.severity !== 'note');
}
