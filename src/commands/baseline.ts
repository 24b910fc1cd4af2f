import { Args, Flags } from '@oclif/core';
import { VhtraceError } from '../base/errors.js';
import { isDay } from '../model/baseline.js';
import { BaseCommand } from './shared/base-command.js';
import { checkFlags, settingsFrom, today } from './shared/check-flags.js';
import { files, json } from './shared/flags.js';

const DEFAULT_PATH = 'vhtrace-baseline.json';

export default class BaselineCommand extends BaseCommand {
  static override summary = 'Keep known findings in a file, so that only new ones fail.';
  static override description = `write adds every violation of the captures to the file, entries that are there keep their reason until they expire; check tells which entries match nothing or have expired, and exits with 1 where there are some; prune takes those out.

Entries are known by rule and fingerprint, which hold neither addresses nor lines. check --baseline PATH shows what they match, and does not fail for it.`;
  static override examples = [
    '<%= config.bin %> baseline write captures/*.txt --reason "QEMU 10.1, fixed in 10.2" --expires 2027-03-31',
    '<%= config.bin %> check captures/*.txt --baseline vhtrace-baseline.json',
    '<%= config.bin %> baseline prune captures/*.txt',
  ];
  static override args = {
    action: Args.string({
      description: 'what to do with the file',
      required: true,
      options: ['write', 'check', 'prune'],
    }),
    file: files,
  };
  static override flags = {
    json,
    reason: Flags.string({ description: 'why the findings are accepted (write)' }),
    expires: Flags.string({
      description: 'last day on which new entries count (write)',
      helpValue: 'YYYY-MM-DD',
    }),
    ...checkFlags,
  };

  async run(): Promise<void> {
    const { args, flags, raw } = await this.parse(BaselineCommand);
    this.tellUnusedStore(args.file, raw);
    const { settings } = await settingsFrom(flags);
    const path = settings.baseline ?? DEFAULT_PATH;
    const isWriting = args.action === 'write';
    if (isWriting && !flags.reason) {
      throw new VhtraceError(
        'USAGE',
        'baseline write needs --reason',
        'why the findings are accepted',
      );
    }
    if (flags.expires !== undefined && !isDay(flags.expires)) {
      throw new VhtraceError('USAGE', `--expires ${flags.expires} is no day`, 'as in 2027-03-31');
    }
    const { runCheck } = await import('../pipeline/check.js');
    const { pruneBaseline, writeBaseline } = await import('../pipeline/baseline.js');
    const { renderBaseline } = await import('../reporters/baseline-text.js');
    const { report, failures, twins, problems } = await runCheck({
      ...settings,
      baseline: isWriting ? undefined : path,
      paths: args.file ?? [],
      database: flags.db,
      today: today(),
    });
    this.complainAbout(failures);
    this.tellTwins(twins);
    this.complainAboutIdle(report.captures, problems);
    // What was not judged may be what an entry is about: nothing is taken out for its sake.
    if (failures.length > 0 || report.captures.every(({ facts }) => facts === 0)) {
      process.exitCode = 2;
      return;
    }
    const { reason = '', expires } = flags;
    const { baseline: summary = { path, known: 0, unused: [], expired: [] } } = isWriting
      ? await writeBaseline(report, { path, reason, expires, today: today() })
      : report;
    if (args.action === 'prune') await pruneBaseline(path, summary);
    if (flags.json) {
      const { jsonText } = await import('../reporters/json.js');
      this.print(jsonText({ schemaVersion: 1, ...summary }));
    } else this.print(renderBaseline(summary));
    const stale = summary.unused.length + summary.expired.length;
    if (args.action === 'check' && stale > 0) process.exitCode = 1;
  }
}
