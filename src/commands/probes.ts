import { Args, Flags } from '@oclif/core';
import { VhtraceError } from '../base/errors.js';
import { BaseCommand } from './shared/base-command.js';
import { complain } from './shared/complain.js';
import { json } from './shared/flags.js';

const RECIPES = ['gdb', 'uprobes', 'qemu', 'ftrace', 'strace'] as const;

export default class Probes extends BaseCommand {
  static override summary = 'Print a recipe that makes a capture.';
  static override description = `The recipe says how to run it, what it costs, and which rules a capture made by it can decide: a gdb script, a shell script with uprobes (QEMU is not stopped), a list of trace events for QEMU, a shell script with kprobes, a shell script around strace.

A capture of the gdb or the uprobes recipe tells by itself which functions were watched, so that what never happened counts as such.`;
  static override examples = [
    '<%= config.bin %> probes gdb > vhost.gdb',
    '<%= config.bin %> probes gdb --backend user --rule LS-ALL-RINGS',
    '<%= config.bin %> probes uprobes > uprobes.sh',
    '<%= config.bin %> probes qemu > vhost.events',
    '<%= config.bin %> probes ftrace --json',
  ];
  static override args = {
    recipe: Args.string({
      description: 'how the capture is made',
      options: [...RECIPES],
      ignoreStdin: true,
    }),
  };
  static override flags = {
    json,
    backend: Flags.option({ options: ['kernel', 'user', 'vdpa'] as const })({
      description: 'only what devices of this backend need',
    }),
    rule: Flags.string({
      description: 'only what this rule needs',
      helpValue: 'RULE',
      multiple: true,
      multipleNonGreedy: true,
    }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Probes);
    const recipe = RECIPES.find((name) => name === args.recipe);
    if (recipe === undefined) {
      throw new VhtraceError('USAGE', 'no RECIPE given', `one of ${RECIPES.join(', ')}`);
    }
    const { runProbes, whatIsLeft } = await import('../pipeline/probes.js');
    const { backend, rule = [] } = flags;
    const result = runProbes({ recipe, backend, rules: rule });
    if (flags.json) {
      const { jsonText } = await import('../reporters/json.js');
      this.print(jsonText({ schemaVersion: 1, ...result }));
    } else this.print(result.text);
    for (const line of whatIsLeft(result, rule, backend)) complain(line);
  }
}
