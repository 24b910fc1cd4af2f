import { Args } from '@oclif/core';
import { BaseCommand } from './shared/base-command.js';
import { judgeFlags, settingsFrom } from './shared/check-flags.js';
import { files, json } from './shared/flags.js';

export default class Show extends BaseCommand {
  static override summary = 'Show one finding, flow node or record with the lines it came from.';
  static override description = `ID is one of
  12ab34cd       findings by fingerprint, or its first hex digits (at least 4), as "check --json" prints it with the same flags
  LS-ALL-RINGS   everything that a rule says: violations, what it could not decide and what is missing, passes
  LS             the same of those of a family of rules that have something to judge; --only takes it, too
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
    json,
    ...judgeFlags,
  };

  async run(): Promise<void> {
    const { args, flags, raw } = await this.parse(Show);
    this.tellUnusedStore(args.file, raw);
    const { settings } = await settingsFrom(flags);
    const { runShow } = await import('../pipeline/show.js');
    const { shown, failures, twins } = await runShow({
      id: args.id,
      ...settings,
      paths: args.file ?? [],
      database: flags.db,
    });
    this.complainAbout(failures);
    this.tellTwins(twins);
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
