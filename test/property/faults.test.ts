/** Each fault of the protocol is reported by the rule that is made for it, and by no unrelated one. */
import { describe, expect, test } from 'vitest';
import { rules } from '../../src/rules/index.js';
import { judge } from '../helpers/check.js';
import { ROWS, falseAlarms, mutantOf } from '../model/mutants.js';
import type { Mutant, Row } from '../model/mutants.js';

const known = new Set(rules.map((rule) => rule.info.id));

function rulesOf(text: string): string[] {
  return judge(text)
    .filter((f) => f.verdict === 'violation' && f.severity !== 'note')
    .map((f) => f.rule);
}

/** `npm run mutation` puts each fault into all runs; here the first of each backend, or format, is enough. */
function mutantsOf(row: Row): Mutant[] {
  const found = new Map<string, Mutant>();
  for (const trial of row.trials) {
    if (trial.reason !== undefined || found.has(trial.group)) continue;
    const mutant = mutantOf(row, trial, rulesOf);
    if (mutant !== undefined) found.set(trial.group, mutant);
  }
  return [...found.values()];
}

function isDecidable({ trials }: Row): boolean {
  return trials.some(({ reason }) => reason === undefined);
}

describe('a fault is reported by its rule', () => {
  test.each(ROWS.filter(isDecidable))('$name', (row) => {
    const mutants = mutantsOf(row);
    expect(mutants.length).toBeGreaterThan(0);
    for (const { verdict, unexpected, scenario } of mutants) {
      expect(unexpected, scenario).toEqual([]);
      // Rules that are not in the catalogue yet cannot be demanded.
      if (!row.rules.some((rule) => known.has(rule))) continue;
      expect(verdict, scenario).toBe('caught');
    }
  });
});

test('a scenario without a fault is reported by none', () => {
  expect(falseAlarms(rulesOf)).toEqual([]);
});
