import { Args } from '@oclif/core';
import { TIERS } from '../model/report.js';
import { VhtraceError } from '../base/errors.js';
import { BaseCommand } from './shared/base-command.js';
import { json } from './shared/flags.js';
import { columns, hasColor } from './shared/terminal.js';

export default class Explain extends BaseCommand {
  static override summary = 'Explain one rule: what it demands, why, and what to do.';
  static override examples = [
    '<%= config.bin %> explain LS-ALL-RINGS',
    '<%= config.bin %> explain LS-ALL-RINGS --json',
    '<%= config.bin %> explain LS',
  ];
  static override args = {
    rule: Args.string({
      description:
        'id of a rule, as reports and "vhtrace rules" print it, or a family of them, such as LS',
      ignoreStdin: true,
    }),
  };
  static override flags = { json };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Explain);
    if (args.rule === undefined) {
      throw new VhtraceError('USAGE', 'no RULE given', 'vhtrace rules lists them');
    }
    const { rulesNamed, rulesOfFamily } = await import('../pipeline/catalogue.js');
    const family = rulesOfFamily(args.rule);
    const rules = rulesNamed(args.rule);
    if (flags.json) {
      const { jsonText } = await import('../reporters/json.js');
      const infos = rules.map((info) => ({ ...info, tier: TIERS[info.severity] }));
      const content = family.length > 0 ? { rules: infos } : { rule: infos[0] };
      this.print(jsonText({ schemaVersion: 1, ...content }));
      return;
    }
    const { createColors } = await import('../reporters/colors.js');
    const { renderRule, renderRules } = await import('../reporters/rule-pages.js');
    const [rule] = rules;
    if (family.length > 0 || rule === undefined) this.print(renderRules(family));
    else this.print(renderRule(rule, columns(), createColors(hasColor())));
  }
}
