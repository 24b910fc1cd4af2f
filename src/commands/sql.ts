import { Args, Flags } from '@oclif/core';
import { VhtraceError } from '../base/errors.js';
import { BaseCommand } from './shared/base-command.js';
import { db } from './shared/flags.js';
import { openOutput } from './shared/outputs.js';

export default class Sql extends BaseCommand {
  static override summary = 'Ask a store in SQL.';
  static override description =
    'Runs one SELECT. The store is opened read-only, and SQLite refuses everything else: writes, ATTACH, PRAGMA and extensions. The views whose names begin with v_ are documented and stay; tables may change with a version. Integers beyond 2^53, infinities (Inf) and blobs are printed as text.';
  static override examples = [
    '<%= config.bin %> sql "SELECT path, facts FROM v_capture"',
    `<%= config.bin %> sql "SELECT line, device, value FROM v_fact WHERE kind = 'op_set_features'" --format csv`,
    '<%= config.bin %> sql -f facts.sql --json',
    '<%= config.bin %> sql --views',
  ];
  static override args = {
    query: Args.string({ description: "one SELECT, or '-' for standard input", ignoreStdin: true }),
  };
  static override flags = {
    db,
    file: Flags.string({
      char: 'f',
      description: "file with the SELECT, or '-' for standard input",
      helpValue: 'FILE',
    }),
    json: Flags.boolean({
      description: 'the same as --format json: an array with an object a row',
    }),
    format: Flags.option({ options: ['table', 'csv', 'json'] as const })({
      description: 'how to print the rows',
      default: 'table',
    }),
    views: Flags.boolean({ description: 'list the documented views and their columns' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Sql);
    const { describeViews, readText, runSql } = await import('../pipeline/sql.js');
    const { renderViews, rowPrinters } = await import('../reporters/rows.js');
    const format = flags.json ? 'json' : flags.format;
    if (flags.views) {
      const views = await describeViews();
      if (format === 'json') {
        const { jsonText } = await import('../reporters/json.js');
        this.print(jsonText({ schemaVersion: 1, views }));
      } else {
        this.print(renderViews(views));
      }
      return;
    }
    if (args.query !== undefined && flags.file !== undefined) {
      const hint = 'give the SELECT or the file with it';
      throw new VhtraceError('USAGE', 'there are a SELECT and a --file', hint);
    }
    const file = args.query === '-' ? '-' : flags.file;
    const query = file === undefined ? args.query : await readText(file);
    if (!query?.trim()) {
      throw new VhtraceError('USAGE', 'no SELECT given', 'vhtrace sql --views lists what there is');
    }
    // The query ends then, and with it what SQLite keeps beside the store.
    const reader = new AbortController();
    const output = openOutput(undefined, () => {
      reader.abort();
    });
    const printer = rowPrinters[format]((text) => {
      output.write(text);
    });
    const settle = async (): Promise<void> => {
      await output.settle();
      reader.signal.throwIfAborted();
    };
    try {
      await runSql(flags.db, query, printer, settle);
    } catch (error) {
      if (!reader.signal.aborted) throw error;
    }
    output.close();
  }
}
