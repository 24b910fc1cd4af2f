import { Flags } from '@oclif/core';
import { VhtraceError } from '../base/errors.js';
import { BaseCommand } from './shared/base-command.js';
import { judgeFlags, settingsFrom } from './shared/check-flags.js';
import { describeError } from './shared/complain.js';
import { files } from './shared/flags.js';
import { hasColor } from './shared/terminal.js';
import { hasUnicode, openKeyboard, refuseWithoutTerminal } from './shared/keyboard.js';

export default class Tui extends BaseCommand {
  static override summary = 'Look through captures interactively.';
  static override description =
    'Full screen: the facts of the captures with the states of the devices beside them, the findings, the call flow, and the lines behind all of it. Without FILE, the captures of the store. The key ? shows all keys.';
  static override examples = [
    '<%= config.bin %> tui gdb.txt',
    'zcat gdb.txt.gz | <%= config.bin %> tui -',
    '<%= config.bin %> tui gdb.txt --source-root ~/src/qemu',
    '<%= config.bin %> tui --db runs.db',
  ];
  static override args = { file: files };
  static override flags = {
    'source-root': Flags.string({
      description: 'source tree of QEMU, in which the key o opens the frame under the cursor',
      helpValue: 'DIR',
    }),
    ascii: Flags.boolean({ description: 'draw with ASCII characters only' }),
    ...judgeFlags,
  };

  async run(): Promise<void> {
    const { args, flags, raw } = await this.parse(Tui);
    this.tellUnusedStore(args.file, raw);
    refuseWithoutTerminal();
    const { settings } = await settingsFrom(flags);
    const keyboard = openKeyboard();
    const { openBrowser } = await import('../pipeline/browse.js');
    const { browser, failures, twins } = await openBrowser({
      ...settings,
      paths: args.file ?? [],
      database: flags.db,
    });
    try {
      if (browser.captures.length === 0) throw nothingToShow(failures);
      // React's other build checks itself, which costs half of the time of a frame.
      process.env.NODE_ENV ??= 'production';
      const { Screen } = await import('../tui/terminal.js');
      const { runTui } = await import('../tui/run-tui.js');
      const { createStyle } = await import('../tui/style.js');
      const { VISUAL, EDITOR, TMUX } = process.env;
      process.exitCode = await runTui({
        browser,
        screen: new Screen(keyboard, process.stdout, process),
        host: process,
        style: createStyle({ color: hasColor(), unicode: !flags.ascii && hasUnicode() }),
        editor: [VISUAL, EDITOR].find(Boolean) ?? 'vi',
        sourceRoot: flags['source-root'],
        inTmux: Boolean(TMUX),
        greeting: failures[0] && `${failures[0].path}: ${describeError(failures[0].error)}`,
      });
      this.complainAbout(failures);
      this.tellTwins(twins);
    } finally {
      await browser.close();
      keyboard.destroy();
    }
  }
}

function nothingToShow(failures: readonly { path: string; error: Error }[]): Error {
  const [first] = failures;
  return first === undefined
    ? new VhtraceError('USAGE', 'there is no capture to show', 'give a FILE, or ingest one')
    : new VhtraceError('USAGE', `${first.path}: ${describeError(first.error)}`);
}
