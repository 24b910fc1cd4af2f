import { Flags } from '@oclif/core';
import { TIERS } from '../model/report.js';
import { BaseCommand } from './shared/base-command.js';
import { json } from './shared/flags.js';

export default class Rules extends BaseCommand {
  static override summary = 'List the rules that captures are judged by.';
  static override examples = [
    '<%= config.bin %> rules',
    '<%= config.bin %> rules --json',
    '<%= config.bin %> rules --machine dot',
  ];
  static override flags = {
    json,
    machine: Flags.option({ options: ['mermaid', 'dot'] as const })({
      description: 'print the state machine behind the rules as a diagram instead',
      exclusive: ['json'],
    }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Rules);
    if (flags.machine !== undefined) {
      const { machineDiagram } = await import('../pipeline/catalogue.js');
      this.print(machineDiagram(flags.machine));
      return;
    }
    const { ruleInfos } = await import('../pipeline/catalogue.js');
    if (flags.json) {
      const { jsonText } = await import('../reporters/json.js');
      this.print(
        jsonText({
          schemaVersion: 1,
          rules: ruleInfos().map((info) => ({ ...info, tier: TIERS[info.severity] })),
        }),
      );
      return;
    }
    const { renderRules } = await import('../reporters/rule-pages.js');
    this.print(renderRules(ruleInfos()));
  }
}
