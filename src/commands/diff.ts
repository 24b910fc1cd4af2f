import { Args, Flags } from '@oclif/core';
import { BaseCommand } from './shared/base-command.js';
import { json, traceEvents } from './shared/flags.js';
import { hasColor } from './shared/terminal.js';

export default class Diff extends BaseCommand {
  static override summary = 'Compare two captures by steps of the protocol.';
  static override description = `A is the good run, B the other one. What both watched is compared; pointers, sizes, threads, times, source lines and the number of sync rounds are no differences.

Exit codes: 0 no difference; 1 they differ; 2 something could not be read; 3 nothing can be compared.`;
  static override examples = [
    '<%= config.bin %> diff good.txt bad.txt',
    '<%= config.bin %> diff qemu-9.1.gdb.txt qemu-10.0.gdb.txt',
    'zcat bad.gz | <%= config.bin %> diff good.txt -',
  ];
  static override args = {
    a: Args.string({
      description: "capture to compare with, or '-'",
      required: true,
      ignoreStdin: true,
    }),
    b: Args.string({
      description: "capture that is compared, or '-'",
      required: true,
      ignoreStdin: true,
    }),
  };
  static override flags = {
    json,
    unified: Flags.integer({
      char: 'U',
      description: 'equal steps to show around a difference',
      helpValue: 'N',
      default: 3,
      min: 0,
    }),
    exact: Flags.boolean({ description: 'compare also values and the number of rounds' }),
    'assume-ordered': Flags.boolean({
      description: 'backtraces in notes stand in the order in which they happened',
    }),
    'trace-events': traceEvents,
    backend: Flags.option({ options: ['kernel', 'user', 'vdpa'] as const })({
      description: 'backend of the devices that do not show theirs',
    }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Diff);
    const { runDiff } = await import('../pipeline/diff.js');
    const { renderDiff } = await import('../reporters/diff.js');
    const result = await runDiff({
      a: args.a,
      b: args.b,
      assumeOrdered: flags['assume-ordered'],
      traceEvents: flags['trace-events'] ?? [],
      backend: flags.backend,
      exact: flags.exact,
      context: flags.unified,
    });
    if (result.report === undefined) {
      this.complainAbout(result.failures);
      process.exitCode = 2;
      return;
    }
    const { report } = result;
    const { jsonText } = await import('../reporters/json.js');
    this.print(flags.json ? jsonText(report) : renderDiff(report, { color: hasColor() }));
    process.exitCode = report.exitCode;
  }
}
