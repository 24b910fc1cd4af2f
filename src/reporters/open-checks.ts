/** Checks that could not be decided, by what is missing for each: several of one rule may miss different things. */
import { append } from '../base/append.js';
import type { Finding } from '../model/report.js';

export interface OpenChecks {
  /** All of it is needed, `; ` between; empty where it is not told. */
  readonly missing: string;
  /** By id. */
  readonly rules: readonly OpenRule[];
}

interface OpenRule {
  readonly rule: string;
  readonly findings: readonly Finding[];
  /** Other checks of the rule miss something else: it takes the places to tell them apart. */
  readonly isPart: boolean;
}

/** Often one thing is missing for many rules. In order of the first of them. Pure. */
export function openChecks(findings: readonly Finding[]): OpenChecks[] {
  const byRule = new Map<string, Finding[]>();
  for (const finding of findings)
    if (finding.verdict === 'inconclusive') append(byRule, finding.rule, finding);
  const groups = new Map<string, OpenRule[]>();
  for (const [rule, own] of [...byRule].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const byMissing = new Map<string, Finding[]>();
    for (const finding of own) append(byMissing, finding.missing.join('; '), finding);
    for (const [missing, some] of byMissing)
      append(groups, missing, { rule, findings: some, isPart: byMissing.size > 1 });
  }
  return Array.from(groups, ([missing, rules]) => ({ missing, rules }));
}
