import { Args } from '@oclif/core';
import type { Command } from '@oclif/core';
import { VhtraceError } from '../base/errors.js';
import type { Completed, CompletedCommand } from '../reporters/completion.js';
import { BaseCommand } from './shared/base-command.js';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

export default class Completion extends BaseCommand {
  static override summary = 'Print a script by which a shell completes command lines.';
  static override description =
    'For good: a line in ~/.bashrc or ~/.zshrc (after compinit); for fish, a file in ~/.config/fish/completions. The script holds the commands, flags, values and rules of this version.';
  static override examples = [
    'source <(<%= config.bin %> completion bash)',
    '<%= config.bin %> completion zsh > _vhtrace',
    '<%= config.bin %> completion fish > vhtrace.fish',
  ];
  static override args = {
    shell: Args.string({
      description: 'shell to write for',
      options: [...SHELLS],
      ignoreStdin: true,
    }),
  };

  async run(): Promise<void> {
    const { args } = await this.parse(Completion);
    const shell = SHELLS.find((each) => each === args.shell);
    if (shell === undefined) {
      throw new VhtraceError('USAGE', 'no SHELL given', `one of ${SHELLS.join(', ')}`);
    }
    const { completions } = await import('../reporters/completion.js');
    const { ruleInfos } = await import('../pipeline/catalogue.js');
    const rules = ruleInfos().map(({ id }) => id);
    const commands = [...this.config.commands].sort((a, b) => (a.id < b.id ? -1 : 1));
    this.print(completions[shell](commands.map((command) => describe(command, rules))));
  }
}

/** oclif gives it to every command, and does not list it. */
const HELP = {
  type: 'boolean',
  name: 'help',
  char: undefined,
  description: 'show what the command does',
  allowNo: false,
} as const;

function describe(
  { id, summary = '', flags, args }: Command.Loadable,
  rules: readonly string[],
): CompletedCommand {
  return {
    name: id,
    summary,
    flags: [...Object.values(flags), HELP].flatMap((flag) => {
      const { name, char, description = '' } = flag;
      const isSwitch = flag.type === 'boolean';
      const shown = {
        name,
        char,
        summary: description,
        takes: isSwitch ? 'nothing' : completed(flag.options, flag.helpValue, rules),
        repeats: !isSwitch && flag.multiple === true,
      } as const;
      return isSwitch && flag.allowNo ? [shown, { ...shown, name: `no-${name}` }] : [shown];
    }),
    args: Object.values(args).map(({ name, options }) => {
      if (options !== undefined) return options;
      return name === 'rule' ? rules : 'file';
    }),
  };
}

function completed(
  options: readonly string[] | undefined,
  value: string | readonly string[] | undefined,
  rules: readonly string[],
): Completed {
  if (options !== undefined) return options;
  if (value === 'RULE') return rules;
  return value === 'FILE' || value === 'PATH' ? 'file' : 'text';
}
