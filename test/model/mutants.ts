/** Every protocol fault in every scenario, and what a checker says of it. */
import type { ProtocolFault } from './protocol-faults.js';
import { SCENARIOS, play } from './scenarios.js';
import type { Scenario } from './scenarios.js';

/** Ids of the rules that raise an error or a warning for a log. */
export type RulesOf = (text: string) => readonly string[];

export interface Mutant {
  readonly fault: ProtocolFault;
  readonly scenario: Scenario;
  readonly verdict: 'caught' | 'missed' | 'open';
  /** Why it is open. */
  readonly reason: string | undefined;
  /** Rules that reported something. */
  readonly rules: readonly string[];
  /** Those among them that neither are made for the fault nor follow from it. */
  readonly unexpected: readonly string[];
}

/** One fault in one scenario; undefined where the scenario does not come to the step. */
export function mutantOf(
  fault: ProtocolFault,
  scenario: Scenario,
  rulesOf: RulesOf,
): Mutant | undefined {
  const { text, mishaps } = play(scenario, fault.defect);
  if (mishaps === 0) return undefined;
  const rules = [...new Set(rulesOf(text))];
  const allowed = new Set([...fault.rules, ...(fault.consequences ?? [])]);
  const reason = fault.undecidable ?? fault.openIn?.(scenario);
  const isCaught = fault.rules.some((rule) => rules.includes(rule));
  return {
    fault,
    scenario,
    verdict: isCaught ? 'caught' : reason === undefined ? 'missed' : 'open',
    reason,
    rules,
    unexpected: rules.filter((rule) => !allowed.has(rule)),
  };
}

/** Rules that report something of a scenario without any fault. */
export function falseAlarms(rulesOf: RulesOf): string[] {
  return SCENARIOS.flatMap((scenario) =>
    rulesOf(play(scenario).text).map((rule) => `${rule} in ${scenario.name}, without a fault`),
  );
}
