/** What `rules` and `explain` print for people. */
import { TIER_MEANINGS, TIERS } from '../model/report.js';
import type { RuleInfo } from '../model/rule-info.js';
import type { Colors } from './colors.js';
import { table, wrap } from './text.js';

/** One line a rule, and what the tiers are. */
export function renderRules(rules: readonly RuleInfo[]): string {
  const tiers = Object.entries(TIER_MEANINGS).map(([tier, meaning]) => `${tier}: ${meaning}`);
  const rows = table([
    ['rule', 'tier', 'severity', 'impact', 'title'],
    ...rules.map(({ id, severity, impact, title }) => [
      id,
      TIERS[severity],
      severity,
      impact,
      title,
    ]),
  ]);
  return `${rows}\ntiers: ${tiers.join('; ')}\n`;
}

/** Everything that is known of one rule. */
export function renderRule(rule: RuleInfo, width: number, colors: Colors): string {
  const sections: [string, readonly string[]][] = [
    ['why', [rule.why]],
    ['remedy', [rule.remedy]],
    ['needs', rule.needs],
    ['not reported', rule.exceptions],
    ['known bugs', (rule.bugs ?? []).map(({ where, what }) => `${where}: ${what}`)],
    ['cannot be decided', rule.undecidable === undefined ? [] : [rule.undecidable]],
    ['sources', rule.sources],
  ];
  const body = sections
    .filter(([, items]) => items.length > 0)
    .map(([title, items]) => `\n${colors.bold(title)}\n${paragraphs(items, width)}`);
  return [
    ...wrap(`${rule.id}: ${rule.title}`, width).map((line) => `${colors.bold(line)}\n`),
    ...wrap(factsText(rule), width).map((line) => `${line}\n`),
    ...body,
  ].join('');
}

/** What it is, where it holds, and the meaning of its tier. */
function factsText(rule: RuleInfo): string {
  const { severity, backends, versions } = rule;
  const tier = TIERS[severity];
  const facts = `severity ${severity}, impact ${impactText(rule)}, backends ${backends.join(', ')}, QEMU ${versions}`;
  return `tier ${tier} (${TIER_MEANINGS[tier]}), ${facts}`;
}

/** `corrupt (user: leak)`. */
function impactText({ impact, impactOn }: RuleInfo): string {
  const others = Object.entries(impactOn ?? {}).map(([backend, other]) => `${backend}: ${other}`);
  return others.length === 0 ? impact : `${impact} (${others.join(', ')})`;
}

function paragraphs(items: readonly string[], width: number): string {
  const bullet = items.length > 1 ? '- ' : '';
  return items
    .flatMap((item) =>
      wrap(item, Math.max(20, width - 4)).map(
        (line, i) => `  ${i === 0 ? bullet : ' '.repeat(bullet.length)}${line}\n`,
      ),
    )
    .join('');
}
