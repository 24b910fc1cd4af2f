/** `vhtrace rules` and `vhtrace explain`: what the catalogue says. */
import { VhtraceError } from '../base/errors.js';
import { nearest } from '../base/nearest.js';
import { printable } from '../base/printable.js';
import type { RuleInfo } from '../model/rule-info.js';
import { machineAsDot, machineAsMermaid } from '../protocol/diagrams.js';
import { rules } from '../rules/index.js';

/** All rules, sorted by id. */
export function ruleInfos(): readonly RuleInfo[] {
  return rules.map((rule) => rule.info);
}

/** The machine that captures are replayed against, as a diagram. */
export function machineDiagram(format: 'mermaid' | 'dot'): string {
  return format === 'dot' ? machineAsDot() : `${machineAsMermaid()}\n`;
}

/** The rules of a family, which is what their ids begin with: `LS` or `ls-`. None where there is no such family. */
export function rulesOfFamily(family: string): readonly RuleInfo[] {
  const prefix = `${family.toUpperCase().replace(/-$/, '')}-`;
  return /^\w+-$/.test(prefix) ? ruleInfos().filter(({ id }) => id.startsWith(prefix)) : [];
}

/** The rules of a family, or the one with this id. Errors: USAGE where it names neither. */
export function rulesNamed(name: string): readonly RuleInfo[] {
  const family = rulesOfFamily(name);
  if (family.length > 0) return family;
  // Too short for an id.
  if (/^\w{0,3}-?$/.test(name)) {
    const families = new Set(ruleInfos().map(({ id }) => id.replace(/-.*/, '')));
    throw new VhtraceError(
      'USAGE',
      `there is no family of rules "${printable(name)}"`,
      `one of ${[...families].join(', ')}; vhtrace rules lists their rules`,
    );
  }
  return [findRule(name)];
}

/** The rule with this id in any case. Errors: USAGE, with the nearest id as hint. */
export function findRule(id: string): RuleInfo {
  const wanted = id.toUpperCase();
  const rule = ruleInfos().find((info) => info.id.toUpperCase() === wanted);
  if (rule !== undefined) return rule;
  const near = nearest(
    wanted,
    ruleInfos().map((info) => info.id),
  );
  throw new VhtraceError(
    'USAGE',
    `there is no rule "${printable(id)}"`,
    near === undefined ? 'vhtrace rules lists them' : `did you mean ${near}?`,
  );
}
