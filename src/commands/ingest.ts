import { VhtraceError } from '../base/errors.js';
import { BaseCommand } from './shared/base-command.js';
import { db, files, json, traceEvents } from './shared/flags.js';

export default class Ingest extends BaseCommand {
  static override summary = 'Read captures and keep them in a store.';
  static override description =
    'Each capture is stored whole or not at all; the same bytes are stored once, as they were read the first time, whatever --trace-events says later. A file that cannot be read does not stop the others.';
  static override examples = [
    '<%= config.bin %> ingest gdb.txt trace.log',
    'gzip -dc gdb.txt.gz | <%= config.bin %> ingest -',
    '<%= config.bin %> ingest gdb.txt --db runs.db --json',
  ];
  static override args = { file: files };
  static override flags = { db, json, 'trace-events': traceEvents };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Ingest);
    const paths = args.file ?? [];
    if (paths.length === 0) {
      throw new VhtraceError(
        'USAGE',
        'no FILE given',
        "vhtrace ingest FILE..., or '-' for standard input",
      );
    }
    const { runIngest } = await import('../pipeline/ingest.js');
    const { database, captures, failures } = await runIngest(
      paths,
      flags.db,
      flags['trace-events'],
    );
    this.complainAbout(failures);
    if (flags.json) {
      const { jsonText } = await import('../reporters/json.js');
      this.print(jsonText({ schemaVersion: 1, database, captures }));
    } else {
      const { renderIngested } = await import('../reporters/store-tables.js');
      this.print(renderIngested(captures, database));
    }
    process.exitCode = failures.length > 0 ? 2 : 0;
  }
}
