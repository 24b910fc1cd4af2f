import { BaseCommand } from './shared/base-command.js';
import { json } from './shared/flags.js';

export default class Rules extends BaseCommand {
  static override summary = 'List the rules that captures are judged by.';
  static override examples = ['<%= config.bin %> rules', '<%= config.bin %> rules --json'];
  static override flags = { json };

  async run(): Promise<void> {
    const { flags } = await this.parse(Rules);
    const { ruleInfos } = await import('../pipeline/catalogue.js');
    if (flags.json) {
      const { jsonText } = await import('../reporters/json.js');
      this.print(jsonText({ schemaVersion: 1, rules: ruleInfos() }));
      return;
    }
    const { renderRules } = await import('../reporters/rule-pages.js');
    this.print(renderRules(ruleInfos()));
  }
}
