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
  ];
  static override args = {
    rule: Args.string({
      description: 'id of a rule, as reports and "vhtrace rules" print it',
      ignoreStdin: true,
    }),
  };
  static override flags = { json };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Explain);
    if (args.rule === undefined) {
      throw new VhtraceError('USAGE', 'no RULE given', 'vhtrace rules lists them');
    }
    const { findRule } = await import('../pipeline/catalogue.js');
    const rule = findRule(args.rule);
    if (flags.json) {
      const { jsonText } = await import('../reporters/json.js');
      this.print(jsonText({ schemaVersion: 1, rule: { ...rule, tier: TIERS[rule.severity] } }));
      return;
    }
    const { createColors } = await import('../reporters/colors.js');
    const { renderRule } = await import('../reporters/rule-pages.js');
    this.print(renderRule(rule, columns(), createColors(hasColor())));
  }
}
