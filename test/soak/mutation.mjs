/**
 * Puts every fault of the protocol (test/model/protocol-faults.ts) into every scenario of the
 * simulated QEMU and says which rules report it. Not part of `npm test`.
 *
 *     npm run mutation                 a row for each fault; the last line is the score
 *     npm run mutation -- 'ring 1'     faults whose name has these words, with the scenarios that are missed
 *
 * The score is the part of the decidable faults that a rule made for them reports. Where any other
 * rule reports one, it is `unexpected`, and the exit code is 1.
 */
import { alarmsOf, knownRules } from './checker.mjs';

const { falseAlarms, rowsOf } = await import('../../dist-model/mutants.js');
const wanted = process.argv[2];
const rulesOf = (text) => alarmsOf(text).map(({ rule }) => rule);

let caught = 0;
let decidable = 0;
const unexpected = falseAlarms(rulesOf);
console.log('fault | rule | caught | missed | open | reported by');
for (const { fault, mutants } of rowsOf(rulesOf, wanted)) {
  const count = (verdict) => mutants.filter((mutant) => mutant.verdict === verdict).length;
  caught += count('caught');
  decidable += count('caught') + count('missed');
  const rules = fault.rules.map((rule) => (knownRules.has(rule) ? rule : `${rule} (no rule yet)`));
  const cells = [fault.name, rules.join(', ') || '-', count('caught'), count('missed')];
  console.log([...cells, count('open'), tally(mutants)].join(' | '));
  if (fault.undecidable !== undefined)
    console.log(`    inconclusive by design: ${fault.undecidable}`);
  for (const { scenario, verdict, unexpected: rules } of mutants) {
    if (wanted !== undefined && verdict === 'missed') console.log(`    missed in ${scenario.name}`);
    for (const rule of rules) unexpected.push(`${rule} for '${fault.name}' in ${scenario.name}`);
  }
}
for (const line of unexpected) console.log(`unexpected: ${line}`);
console.log(`score: ${((100 * caught) / Math.max(1, decidable)).toFixed(1)}`);
process.exitCode = unexpected.length > 0 ? 1 : 0;

/** Each rule with the number of scenarios in which it reports something. */
function tally(mutants) {
  const counts = new Map();
  for (const { rules } of mutants) {
    for (const rule of rules) counts.set(rule, (counts.get(rule) ?? 0) + 1);
  }
  const parts = [...counts].sort((a, b) => b[1] - a[1]).map(([rule, n]) => `${rule} ${n}`);
  return parts.join(', ') || '-';
}
