import { Flags } from '@oclif/core';
import type { FailOn } from '../pipeline/exit-code.js';
import { BaseCommand } from './shared/base-command.js';
import { complain } from './shared/complain.js';
import { addStepSummary, parseOutput, repositoryRoot, writeReport } from './shared/outputs.js';
import { db, files, json, traceEvents } from './shared/flags.js';
import { columns, hasColor } from './shared/terminal.js';

const formats = ['pretty', 'json', 'sarif', 'junit', 'github', 'gitlab', 'markdown'] as const;

export default class Check extends BaseCommand {
  static override summary = 'Replay captures and judge them.';
  static override description = `With FILEs no store is needed and none is left behind; without, everything in the store is checked.

Exit codes: 0 checked, nothing at or above --fail-on; 1 violations; 2 something could not be read; 3 nothing was checked, or --strict and something is undecided.`;
  static override examples = [
    '<%= config.bin %> check gdb.txt',
    '<%= config.bin %> check notes.txt --assume-ordered',
    '<%= config.bin %> check captures/*.txt --strict --fail-on warning --json',
    '<%= config.bin %> check captures/*.txt --output sarif=vhtrace.sarif --output junit=vhtrace.xml',
    '<%= config.bin %> check --db runs.db',
  ];
  static override args = { file: files };
  static override flags = {
    db,
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
    'assume-ordered': Flags.boolean({
      description: 'backtraces in notes stand in the order in which they happened',
    }),
    'trace-events': traceEvents,
    'qemu-version': Flags.string({
      description: 'version of the QEMU that made the captures, where they do not show it',
      helpValue: 'X.Y',
    }),
    backend: Flags.option({ options: ['kernel', 'user', 'vdpa'] as const })({
      description: 'backend of the devices that do not show theirs',
    }),
    strict: Flags.boolean({ description: 'exit with 3 when something could not be decided' }),
    'fail-on': Flags.option({ options: ['error', 'warning', 'note', 'never'] as const })({
      description: 'least severity that makes the exit code 1',
      default: 'error' satisfies FailOn,
    }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Check);
    const outputs = (flags.output ?? []).map((text) => parseOutput(text, formats));
    const { runCheck } = await import('../pipeline/check.js');
    const { reporters } = await import('../reporters/index.js');
    const result = await runCheck({
      paths: args.file ?? [],
      database: flags.db,
      assumeOrdered: flags['assume-ordered'],
      strict: flags.strict,
      traceEvents: flags['trace-events'] ?? [],
      failOn: flags['fail-on'],
      qemuVersion: flags['qemu-version'],
      backend: flags.backend,
    });
    this.complainAbout(result.failures);
    for (const { path, facts } of result.report.captures) {
      if (facts === 0) complain('no vhost or migration call in it, nothing to check', path);
    }
    const options = {
      ...result,
      all: flags.all,
      color: hasColor(),
      width: columns(),
      failOn: flags['fail-on'],
      cwd: process.cwd(),
      root: repositoryRoot(),
      version: this.config.version,
    };
    const format = flags.json ? 'json' : flags.format;
    this.print(reporters[format](result.report, options));
    for (const { format: name, path } of outputs) {
      await writeReport(path, reporters[name](result.report, { ...options, color: false }));
    }
    if (format === 'github') await addStepSummary(reporters.markdown(result.report, options));
    process.exitCode = result.exitCode;
  }
}
