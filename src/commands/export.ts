import { once } from 'node:events';
import { Args, Flags } from '@oclif/core';
import { VhtraceError } from '../base/errors.js';
import type { OtlpResult, OtlpTarget, ParquetResult } from '../pipeline/export.js';
import { BaseCommand } from './shared/base-command.js';
import { judgeFlags, settingsFrom } from './shared/check-flags.js';
import { files, json } from './shared/flags.js';
import { refuseOverlap } from './shared/outputs.js';

export default class Export extends BaseCommand {
  static override summary = 'Write captures as Parquet for SQL engines, or as OTLP traces.';
  static override description = `parquet writes facts, frames, findings, devices, migrations and captures into a folder that DuckDB, Trino, Spark and ClickHouse read as it is: one file a capture and dataset, named by the capture's sha256, so that exporting a capture again replaces it.

otlp makes each migration a trace, phases and calls its spans and violations their events. It goes to a collector (--endpoint), a file (--out) or standard output. Captures without a clock get times that show the order only, marked by vhtrace.clock=synthetic.

With FILEs no store is needed; without, everything in the store is exported.`;
  static override examples = [
    "<%= config.bin %> export parquet 'captures/**' --out lake --label host=a --partition-by qemu,host",
    '<%= config.bin %> export parquet --db runs.db --out lake',
    '<%= config.bin %> export otlp trace.log --endpoint http://localhost:4318',
    '<%= config.bin %> export otlp gdb.txt --out traces.jsonl',
  ];
  static override args = {
    what: Args.string({
      description: 'what to write',
      required: true,
      options: ['parquet', 'otlp'],
    }),
    file: files,
  };
  static override flags = {
    json,
    out: Flags.string({
      description: 'folder of the lake (parquet), or file with a TracesData a line (otlp)',
      helpValue: 'PATH',
    }),
    'partition-by': Flags.string({
      description: 'folders of the lake, outermost first: qemu, backend or labels (parquet)',
      helpValue: 'KEY,...',
    }),
    endpoint: Flags.string({
      description: 'OTLP/HTTP address of a collector; /v1/traces is added (otlp)',
      helpValue: 'URL',
      exclusive: ['out'],
    }),
    header: Flags.string({
      description: 'header of each request, for a token; may be given several times (otlp)',
      helpValue: 'NAME=VALUE',
      dependsOn: ['endpoint'],
      multiple: true,
      multipleNonGreedy: true,
    }),
    'start-time': Flags.string({
      description: 'when captures without a date begin (otlp)',
      helpValue: 'ISO-TIME',
      default: '2000-01-01T00:00:00Z',
    }),
    label: Flags.string({
      description: 'something to find the captures by, as in host=a; may be given several times',
      helpValue: 'KEY=VALUE',
      multiple: true,
      multipleNonGreedy: true,
    }),
    ...judgeFlags,
  };

  async run(): Promise<void> {
    const { args, flags, raw } = await this.parse(Export);
    this.tellUnusedStore(args.file, raw);
    refuseStrangers(args.what, flags);
    const { settings } = await settingsFrom(flags);
    const request = {
      ...settings,
      paths: args.file ?? [],
      database: flags.db,
      labels: flags.label ?? [],
      version: this.config.version,
    };
    const { exportOtlp, exportParquet } = await import('../pipeline/export.js');
    if (args.what === 'parquet') {
      const { out: folder = '', 'partition-by': partitionBy } = flags;
      await this.finish(flags, await exportParquet({ ...request, folder, partitionBy }));
      return;
    }
    await refuseOverlap([flags.out], [...(args.file ?? [flags.db]), ...settings.traceEvents]);
    const start = startOf(flags['start-time']);
    const result = await exportOtlp({ ...request, start }, targetOf(flags));
    if (flags.out === undefined && flags.endpoint === undefined) {
      this.complainAbout(result.failures);
      this.tellTwins(result.twins);
      if (result.failures.length > 0) process.exitCode = 2;
    } else await this.finish(flags, result);
  }

  /** Says what was written; 2 where a file could not be read. */
  private async finish(
    flags: { json: boolean; out?: string | undefined; endpoint?: string | undefined },
    { failures, twins, ...result }: ParquetResult | OtlpResult,
  ): Promise<void> {
    this.complainAbout(failures);
    this.tellTwins(twins);
    if (failures.length > 0) process.exitCode = 2;
    const to = flags.endpoint ?? flags.out ?? '';
    if (flags.json) {
      const { jsonText } = await import('../reporters/json.js');
      const unread = failures.map(({ path, error: { code, message } }) => ({
        path,
        code,
        message,
      }));
      this.print(jsonText({ schemaVersion: 1, to, ...result, failures: unread }));
      return;
    }
    const { renderExported } = await import('../reporters/exported.js');
    this.print(renderExported(to, result));
  }
}

interface Given {
  readonly json: boolean;
  readonly out?: string | undefined;
  readonly 'partition-by'?: string | undefined;
  readonly endpoint?: string | undefined;
  readonly header?: readonly string[] | undefined;
}

/** A flag of the one kind of export says nothing to the other. */
function refuseStrangers(what: string, flags: Given): void {
  const isParquet = what === 'parquet';
  const strangers = isParquet ? (['endpoint', 'header'] as const) : (['partition-by'] as const);
  const stranger = strangers.find((name) => flags[name] !== undefined);
  if (stranger !== undefined) {
    throw new VhtraceError('USAGE', `export ${what} has no --${stranger}`, 'vhtrace export --help');
  }
  if (isParquet && flags.out === undefined) {
    throw new VhtraceError('USAGE', 'export parquet needs --out', 'the folder to write into');
  }
  if (flags.json && flags.out === undefined && flags.endpoint === undefined) {
    const hint = 'without them standard output is the traces, which are JSON';
    throw new VhtraceError('USAGE', 'export otlp --json needs --out or --endpoint', hint);
  }
}

function targetOf({ out, endpoint, header }: Given): OtlpTarget {
  if (endpoint !== undefined) return { endpoint, headers: headersOf(header ?? []) };
  return out === undefined ? { take: writeLine } : { file: out };
}

function headersOf(texts: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    texts.map((text) => {
      const [, name, value] = /^([\w-]+)=([\x20-\x7e]+)$/.exec(text) ?? [];
      if (name !== undefined && value !== undefined) return [name, value] as const;
      // What was given may be a secret.
      throw new VhtraceError('USAGE', '--header takes NAME=VALUE', 'letters, digits, - and _');
    }),
  );
}

/** Nanoseconds since 1970. */
function startOf(text: string): bigint {
  const milliseconds = Date.parse(text);
  if (milliseconds > 0) return BigInt(milliseconds) * 1_000_000n;
  const hint = 'as in 2026-11-26T00:00:00Z, after 1970';
  throw new VhtraceError('USAGE', `--start-time ${text} is no time`, hint);
}

/** Waits where the reader is slower. */
async function writeLine(line: string): Promise<void> {
  if (process.stdout.write(`${line}\n`)) return;
  try {
    await once(process.stdout, 'drain');
  } catch (error) {
    // Whoever read it (`| head`) has seen enough.
    if (error instanceof Error && 'code' in error && error.code === 'EPIPE') process.exit();
    throw error;
  }
}
