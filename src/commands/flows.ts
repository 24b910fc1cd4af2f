import { Flags } from '@oclif/core';
import { BaseCommand } from './shared/base-command.js';
import { db, files, json, traceEvents } from './shared/flags.js';
import { hasColor } from './shared/terminal.js';

export default class Flows extends BaseCommand {
  static override summary = 'Show the call flow of captures.';
  static override description =
    'Backtraces and trace events become one tree: the phases of each migration, the calls in them with decoded arguments, and the lines of the capture that show them.';
  static override examples = [
    '<%= config.bin %> flows gdb.txt',
    '<%= config.bin %> flows gdb.txt --unfold',
    '<%= config.bin %> flows gdb.txt --format html > flow.html',
    '<%= config.bin %> flows gdb.txt --format collapsed | flamegraph.pl > flow.svg',
  ];
  static override args = { file: files };
  static override flags = {
    db,
    json,
    format: Flags.option({
      options: ['tree', 'json', 'mermaid', 'dot', 'collapsed', 'chrome', 'html'] as const,
    })({ description: 'how to print the flow', default: 'tree' }),
    unfold: Flags.boolean({ description: 'show every frame, also those that no rule knows' }),
    'assume-ordered': Flags.boolean({
      description: 'backtraces in notes stand in the order in which they happened',
    }),
    'trace-events': traceEvents,
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Flows);
    const { runFlows } = await import('../pipeline/flows.js');
    const result = await runFlows({
      paths: args.file ?? [],
      database: flags.db,
      traceEvents: flags['trace-events'] ?? [],
      assumeOrdered: flags['assume-ordered'],
    });
    this.complainAbout(result.failures);
    const { flowReporters } = await import('../reporters/flow-formats.js');
    const render = flowReporters[flags.json ? 'json' : flags.format];
    this.print(render(result, { color: hasColor(), unfold: flags.unfold }));
    if (result.failures.length > 0) process.exitCode = 2;
  }
}
