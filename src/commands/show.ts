import { Args, Flags } from '@oclif/core';
import { BaseCommand } from './shared/base-command.js';
import { db, files, json, traceEvents } from './shared/flags.js';

export default class Show extends BaseCommand {
  static override summary = 'Show one finding, flow node or record with the lines it came from.';
  static override description = `ID is one of
  12ab34cd       findings by fingerprint, or its first digits (at least 4), as "check --json" prints it
  LS-ALL-RINGS   violations and open questions of a rule
  '#12'          a node of the flow, as "flows --json" numbers it
  gdb.txt:120    the record that holds a line; instead of the path the first digits of its sha256, or nothing where there is one capture`;
  static override examples = [
    '<%= config.bin %> show LS-ALL-RINGS bad.txt',
    '<%= config.bin %> show :122 gdb.txt',
    "<%= config.bin %> show '#12' gdb.txt --json",
  ];
  static override args = {
    id: Args.string({ description: 'what to show', ignoreStdin: true, required: true }),
    file: files,
  };
  static override flags = {
    db,
    json,
    'assume-ordered': Flags.boolean({
      description: 'backtraces in notes stand in the order in which they happened',
    }),
    'trace-events': traceEvents,
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Show);
    const { runShow } = await import('../pipeline/show.js');
    const { shown, failures } = await runShow({
      id: args.id,
      paths: args.file ?? [],
      database: flags.db,
      traceEvents: flags['trace-events'] ?? [],
      assumeOrdered: flags['assume-ordered'],
    });
    this.complainAbout(failures);
    if (flags.json) {
      const { jsonText } = await import('../reporters/json.js');
      this.print(jsonText({ schemaVersion: 1, shown }));
    } else {
      const { renderShown } = await import('../reporters/show-text.js');
      this.print(renderShown(shown));
    }
    if (failures.length > 0) process.exitCode = 2;
  }
}
