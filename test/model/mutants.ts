/** Every fault in every run that comes to it, and what a checker says of it. */
import { FAULTS } from './protocol-faults.js';
import type { ProtocolFault } from './protocol-faults.js';
import { REFUSALS, SCENARIOS, play } from './scenarios.js';
import type { Outcome, Scenario } from './scenarios.js';
import { WIRE_FAULTS } from './wire-faults.js';
import type { WireFault } from './wire-faults.js';

/** Ids of the rules that raise an error or a warning for a log. */
export type RulesOf = (text: string) => readonly string[];

/** One fault in one run. */
interface Trial {
  readonly scenario: string;
  /** Backend, or format of what crosses the border to it. */
  readonly group: string;
  /** Why no capture of this kind can tell. */
  readonly reason: string | undefined;
  readonly play: () => Outcome;
}

/** A fault and the runs it is put into. */
export interface Row {
  readonly name: string;
  /** Rules that are made for it: one of them must report it. */
  readonly rules: readonly string[];
  /** Rules that may also report what comes of it. */
  readonly consequences: readonly string[];
  readonly trials: readonly Trial[];
}

export interface Mutant {
  readonly scenario: string;
  readonly verdict: 'caught' | 'missed' | 'open';
  /** Why it is open. */
  readonly reason: string | undefined;
  /** Rules that reported something. */
  readonly rules: readonly string[];
  /** Those among them that neither are made for the fault nor follow from it. */
  readonly unexpected: readonly string[];
}

function rowOf(fault: ProtocolFault): Row {
  const { name, rules, consequences = [], undecidable, openIn, defect } = fault;
  const scenarios = fault.isOfRefusal === true ? [...SCENARIOS, ...REFUSALS] : SCENARIOS;
  const trials = scenarios.map((scenario) => ({
    scenario: scenario.name,
    group: backendOf(scenario),
    reason: undecidable ?? openIn?.(scenario),
    play: () => play(scenario, defect),
  }));
  return { name, rules, consequences, trials };
}

function backendOf({ profile }: Scenario): string {
  return profile.devices[0]?.backend ?? '';
}

/** By scenario: many faults are put into one run. */
const legitimateTexts = new Map<string, string>();

function legitimateOf(scenario: string, textOf: () => string): string {
  const text = legitimateTexts.get(scenario) ?? textOf();
  legitimateTexts.set(scenario, text);
  return text;
}

function wireRowOf({ name, rules, trials }: WireFault): Row {
  return {
    name,
    rules,
    consequences: [],
    trials: trials().map(({ scenario, format, reason, legitimate, faulty }) => ({
      scenario,
      group: format,
      reason,
      play: () => {
        const text = faulty();
        return { text, mishaps: text === legitimateOf(scenario, legitimate) ? 0 : 1 };
      },
    })),
  };
}

export const ROWS: readonly Row[] = [...FAULTS.map(rowOf), ...WIRE_FAULTS.map(wireRowOf)];

/** One fault in one run; undefined where the run does not come to the step. */
export function mutantOf(
  { rules: made, consequences }: Row,
  { scenario, reason, play: run }: Trial,
  rulesOf: RulesOf,
): Mutant | undefined {
  const { text, mishaps } = run();
  if (mishaps === 0) return undefined;
  const rules = [...new Set(rulesOf(text))];
  const isCaught = made.some((rule) => rules.includes(rule));
  return {
    scenario,
    verdict: isCaught ? 'caught' : reason === undefined ? 'missed' : 'open',
    reason,
    rules,
    unexpected: rules.filter((rule) => ![...made, ...consequences].includes(rule)),
  };
}

/** Rules that report something of a run without any fault. */
export function falseAlarms(rulesOf: RulesOf): string[] {
  const runs = new Map<string, string>();
  for (const scenario of [...SCENARIOS, ...REFUSALS]) runs.set(scenario.name, play(scenario).text);
  for (const { trials } of WIRE_FAULTS) {
    for (const { scenario, legitimate } of trials())
      runs.set(scenario, legitimateOf(scenario, legitimate));
  }
  return [...runs].flatMap(([name, text]) =>
    rulesOf(text).map((rule) => `${rule} in ${name}, without a fault`),
  );
}
