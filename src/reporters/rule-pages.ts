/** What `rules` and `explain` print for people. */
import { TIERS } from '../model/report.js';
import type { RuleInfo } from '../model/report.js';
import type { Colors } from './colors.js';
import { table, wrap } from './text.js';

/** One line a rule. */
export function renderRules(rules: readonly RuleInfo[]): string {
  return table([
    ['rule', 'tier', 'severity', 'impact', 'title'],
    ...rules.map(({ id, severity, impact, title }) => [
      id,
      TIERS[severity],
      severity,
      impact,
      title,
    ]),
  ]);
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
    `${colors.bold(`${rule.id}: ${rule.title}`)}\n`,
    `tier ${TIERS[rule.severity]}, severity ${rule.severity}, impact ${rule.impact}, `,
    `backends ${rule.backends.join(', ')}, QEMU ${rule.versions}\n`,
    ...body,
  ].join('');
}

function paragraphs(items: readonly string[], width: number): string {
  const bullet = items.length > 1 ? '- ' : '';
  return items
    .flatMap((item) =>
      wrap(item, Math.max(40, width - 4)).map(
        (line, i) => `  ${i === 0 ? bullet : ' '.repeat(bullet.length)}${line}\n`,
      ),
    )
    .join('');
}
