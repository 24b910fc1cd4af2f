/** Which rules judge, and how much their violations weigh: the user's choice, made after the fact. */
import type { Finding, Severity } from '../model/report.js';
import type { Rule } from '../rules/rule.js';

export interface Policy {
  /** Ids of the rules to judge by; all where there are none. */
  readonly only: readonly string[];
  /** Severity of the violations of single rules; `off` for those that do not judge. */
  readonly rules: Readonly<Record<string, Severity | 'off'>>;
}

/** The rules that judge, with the severity that they are given. */
export function selectRules(rules: readonly Rule[], { only, rules: levels }: Policy): Rule[] {
  return rules
    .filter(({ info }) => only.length === 0 || only.includes(info.id))
    .flatMap((rule) => {
      const level = levels[rule.info.id];
      if (level === 'off') return [];
      return level === undefined ? [rule] : [{ ...rule, info: { ...rule.info, severity: level } }];
    });
}

/** A violation weighs what the user says, also where the rule itself would have said less. */
export function weigh(finding: Finding, { rules: levels }: Policy): Finding {
  const level = levels[finding.rule];
  return level === undefined || level === 'off' ? finding : { ...finding, severity: level };
}
