import { Flags } from '@oclif/core';
import { VhtraceError } from '../base/errors.js';
import type { IngestResult } from '../pipeline/ingest.js';
import { BaseCommand } from './shared/base-command.js';
import { complain } from './shared/complain.js';
import { db, files, json, traceEvents } from './shared/flags.js';
import { keepHeapLean } from './shared/lean-heap.js';
import { ReadingProgress } from './shared/reading-progress.js';
import { listenForStop } from './shared/stop-signal.js';
import { showProgress } from './shared/terminal.js';

export default class Ingest extends BaseCommand {
  static override summary = 'Read captures and keep them in a store.';
  static override description = `Each capture is stored whole or not at all; the same bytes are stored once, as they were read the first time, whatever --trace-events says later. A file that cannot be read does not stop the others. Ctrl-C leaves the captures that were stored before it (exit code 130).

With --follow, one plain file is read while another program writes it. Whenever it has been quiet for a second, and when Ctrl-C ends it (exit code 130), the store gets what the file holds, in place of what it held before. A file that is truncated or replaced begins another capture.`;
  static override examples = [
    '<%= config.bin %> ingest gdb.txt trace.log.xz',
    "<%= config.bin %> ingest 'logs/**/*.gz' --db runs.db --json",
    '<%= config.bin %> ingest --follow gdb.txt',
  ];
  static override args = { file: files };
  static override flags = {
    db,
    json,
    'trace-events': traceEvents,
    follow: Flags.boolean({ description: 'keep up with one file that grows, until Ctrl-C' }),
  };

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
    keepHeapLean();
    if (flags.follow) await this.#follow(paths, flags);
    else {
      const stop = listenForStop();
      const progress = new ReadingProgress();
      const { runIngest } = await import('../pipeline/ingest.js');
      const result = await runIngest(paths, flags.db, flags['trace-events'], {
        stop: stop.signal,
        onWait: waiting(flags.db),
        onProgress: (path, bytes, total) => {
          progress.show(path, bytes, total);
        },
      });
      progress.end();
      await this.#conclude(result, flags.json, stop.exitCode());
    }
  }

  async #follow(
    names: readonly string[],
    flags: {
      readonly db: string;
      readonly json: boolean;
      readonly 'trace-events'?: readonly string[] | undefined;
    },
  ): Promise<void> {
    const stop = listenForStop();
    const { runFollow } = await import('../pipeline/follow.js');
    const result = await runFollow({
      names,
      database: flags.db,
      traceEvents: flags['trace-events'] ?? [],
      stop: stop.signal,
      onWait: waiting(flags.db),
      onSaved: ({ path, lines, events, facts }) => {
        showProgress(`${path}: ${lines} lines, ${events} events, ${facts} facts kept; Ctrl-C ends`);
      },
      onRestart: (path, why) => {
        showProgress('');
        complain(`was ${why}: its capture is kept, another one begins`, path);
      },
    });
    showProgress('');
    await this.#conclude(result, flags.json, stop.exitCode());
  }

  async #conclude(
    { database, captures, failures }: IngestResult,
    asJson: boolean,
    exitCode = 0,
  ): Promise<void> {
    this.complainAbout(failures);
    if (asJson) {
      const { jsonText } = await import('../reporters/json.js');
      this.print(jsonText({ schemaVersion: 1, database, captures }));
    } else {
      const { renderIngested } = await import('../reporters/store-tables.js');
      this.print(renderIngested(captures, database, database === USUAL_STORE));
    }
    process.exitCode = exitCode !== 0 ? exitCode : failures.length > 0 ? 2 : 0;
  }
}

/** Where commands look that are given no --db. */
const USUAL_STORE = process.env.VHTRACE_DB ?? 'vhtrace.db';

/** Says once why nothing goes on. */
function waiting(store: string): () => void {
  return () => {
    showProgress('');
    complain(`waiting for another vhtrace that writes to ${store}`);
  };
}
