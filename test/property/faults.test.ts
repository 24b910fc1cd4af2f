/** Each fault of the protocol is reported by the rule that is made for it, and by no unrelated one. */
import { describe, expect, test } from 'vitest';
import { rules } from '../../src/rules/index.js';
import { check } from '../helpers/check.js';
import { falseAlarms, mutantOf } from '../model/mutants.js';
import type { Mutant } from '../model/mutants.js';
import { FAULTS } from '../model/protocol-faults.js';
import type { ProtocolFault } from '../model/protocol-faults.js';
import { SCENARIOS } from '../model/scenarios.js';

const known = new Set(rules.map((rule) => rule.info.id));

function rulesOf(text: string): string[] {
  return check('run', text)
    .findings.filter((f) => f.verdict === 'violation' && f.severity !== 'note')
    .map((f) => f.rule);
}

/** `npm run mutation` puts each fault into all scenarios; here the first of each backend is enough. */
function mutantsOf(fault: ProtocolFault): Mutant[] {
  const found = new Map<string | undefined, Mutant>();
  for (const scenario of SCENARIOS) {
    const backend = scenario.profile.devices[0]?.backend;
    if (found.has(backend)) continue;
    const mutant = mutantOf(fault, scenario, rulesOf);
    if (mutant !== undefined && mutant.verdict !== 'open') found.set(backend, mutant);
  }
  return [...found.values()];
}

describe('a fault is reported by its rule', () => {
  test.each(FAULTS.filter((fault) => fault.undecidable === undefined))('$name', (fault) => {
    const mutants = mutantsOf(fault);
    expect(mutants.length).toBeGreaterThan(0);
    for (const { verdict, unexpected, scenario } of mutants) {
      expect(unexpected, scenario.name).toEqual([]);
      // Rules that are not in the catalogue yet cannot be demanded.
      if (!fault.rules.some((rule) => known.has(rule))) continue;
      expect(verdict, scenario.name).toBe('caught');
    }
  });
});

test('a scenario without a fault is reported by none', () => {
  expect(falseAlarms(rulesOf)).toEqual([]);
});
