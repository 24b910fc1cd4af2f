import { Flags } from '@oclif/core';
import type { CheckResult } from '../pipeline/check.js';
import { BaseCommand } from './shared/base-command.js';
import { checkFlags, failFlags, settingsFrom, today } from './shared/check-flags.js';
import { complain } from './shared/complain.js';
import { files, json } from './shared/flags.js';
import {
  addStepSummary,
  parseOutput,
  refuseOverlap,
  repositoryRoots,
  writeReport,
} from './shared/outputs.js';
import { columns, hasColor } from './shared/terminal.js';

/** Named here, so that help loads no reporter; a test holds the list to them. */
// In this order, because help breaks the list in the middle of a word otherwise.
const formats = [
  'pretty',
  'json',
  'code-scanning',
  'markdown',
  'github',
  'gitlab',
  'junit',
  'sarif',
] as const;

export default class Check extends BaseCommand {
  static override summary = 'Replay captures and judge them.';
  static override description = `With FILEs no store is needed and none is left behind; without, everything in the store is checked.

Exit codes: 0 checked, nothing at or above --fail-on; 1 violations; 2 something could not be read; 3 nothing was checked in a capture, or not what --require names, or --strict and something is inconclusive.`;
  static override examples = [
    '<%= config.bin %> check gdb.txt',
    '<%= config.bin %> check notes.txt --assume-ordered',
    '<%= config.bin %> check captures/*.txt --strict --fail-on warning --json',
    '<%= config.bin %> check captures/*.txt --output sarif=vhtrace.sarif --output junit=vhtrace.xml',
    "<%= config.bin %> check 'captures/**' --jobs 8",
    '<%= config.bin %> check --db runs.db',
  ];
  static override args = { file: files };
  static override flags = {
    json,
    format: Flags.option({ options: formats })({
      description: 'how to print the report',
      default: 'pretty',
    }),
    output: Flags.string({
      description: 'write the report in this format to a file, too; may be given several times',
      helpValue: 'FORMAT=PATH',
      multiple: true,
      multipleNonGreedy: true,
    }),
    all: Flags.boolean({ description: 'show every verdict, also passed and not exercised' }),
    jobs: Flags.integer({
      description: 'files that are checked in parallel; chosen by their size, without',
      helpValue: 'N',
      min: 1,
      max: 256,
    }),
    ...failFlags,
    ...checkFlags,
  };

  async run(): Promise<void> {
    const { args, flags, raw } = await this.parse(Check);
    this.tellUnusedStore(args.file, raw);
    const outputs = (flags.output ?? []).map((text) => parseOutput(text, formats));
    const { settings } = await settingsFrom(flags);
    await refuseOverlap(
      outputs.map(({ path }) => path),
      [...(args.file ?? [flags.db]), ...settings.traceEvents, settings.baseline],
    );
    const { runCheck } = await import('../pipeline/check.js');
    const { reporters } = await import('../reporters/index.js');
    const result = await runCheck({
      ...settings,
      paths: args.file ?? [],
      database: flags.db,
      today: today(),
      jobs: flags.jobs,
    });
    this.complainAbout(result.failures);
    this.tellTwins(result.twins);
    this.complainAboutIdle(result.report.captures, result.problems);
    for (const rule of result.unmet) complain(`${rule} is required, and ${whyUnmet(rule, result)}`);
    const options = {
      ...result,
      all: flags.all,
      color: hasColor(),
      width: columns(),
      failOn: settings.failOn,
      cwd: process.cwd(),
      roots: repositoryRoots(),
      version: this.config.version,
    };
    const format = flags.json ? 'json' : flags.format;
    // Where nothing could be read there is no result, and why has been said.
    const isUnread = result.report.captures.length === 0 && result.failures.length > 0;
    if (format !== 'pretty' || !isUnread) this.print(reporters[format](result.report, options));
    for (const { format: name, path } of outputs) {
      await writeReport(path, reporters[name](result.report, { ...options, color: false }));
    }
    if (format === 'github') await addStepSummary(reporters.markdown(result.report, options));
    process.exitCode = result.exitCode;
  }
}

function whyUnmet(rule: string, { rules, report }: CheckResult): string {
  if (!rules.some(({ id }) => id === rule)) return 'is switched off';
  const missing = report.coverage.find((coverage) => coverage.rule === rule)?.missing ?? [];
  if (missing.length === 0) return 'had nothing to judge';
  return `is inconclusive: missing ${missing.join('; ')}`;
}
