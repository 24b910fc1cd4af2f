import { Args } from '@oclif/core';
import { VhtraceError } from '../base/errors.js';
import { BaseCommand } from './shared/base-command.js';

const NAMES = ['check', 'config', 'flows'] as const;

export default class SchemaCommand extends BaseCommand {
  static override summary = 'Print the JSON Schema of an output or of configuration files.';
  static override description =
    'check and flows: what --json prints; config: vhtrace.config.json or .yaml. Draft 2020-12. Within one schemaVersion fields may be added, so programs must let unknown ones pass.';
  static override examples = [
    '<%= config.bin %> schema check > check.schema.json',
    '<%= config.bin %> schema config > vhtrace.schema.json',
  ];
  static override args = {
    name: Args.string({
      description: 'what the schema is of',
      options: [...NAMES],
      ignoreStdin: true,
    }),
  };

  async run(): Promise<void> {
    const { args } = await this.parse(SchemaCommand);
    const name = NAMES.find((each) => each === args.name);
    if (name === undefined) {
      throw new VhtraceError('USAGE', 'no NAME given', `one of ${NAMES.join(', ')}`);
    }
    const { jsonText } = await import('../reporters/json.js');
    this.print(jsonText(await load(name)));
  }
}

async function load(name: (typeof NAMES)[number]): Promise<object> {
  switch (name) {
    case 'check':
      return (await import('../reporters/schemas/check.js')).checkSchema;
    case 'flows':
      return (await import('../reporters/schemas/flows.js')).flowsSchema;
    case 'config': {
      const { configSchema } = await import('../settings/schema.js');
      const { ruleInfos } = await import('../pipeline/catalogue.js');
      return configSchema(ruleInfos().map(({ id }) => id));
    }
  }
}
