/** The checker as it is built (dist/), for scripts that run outside of vitest. */
import { checkCaptures } from '../../dist/check/check-captures.js';
import { createReader } from '../../dist/formats/reader.js';
import { rules } from '../../dist/rules/index.js';

export const knownRules = new Set(rules.map((rule) => rule.info.id));

/** Findings that make somebody look: violations that are errors or warnings. */
export function alarmsOf(text) {
  const reader = createReader();
  for (const line of text.split('\n')) reader.push(line);
  const info = { path: 'run', sha256: '0'.repeat(64), bytes: text.length };
  const { findings } = checkCaptures([{ info, reading: reader.finish() }], {
    assumeOrdered: false,
  });
  return findings.filter((f) => f.verdict === 'violation' && f.severity !== 'note');
}
