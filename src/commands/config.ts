import { BaseCommand } from './shared/base-command.js';
import { checkFlags, failFlags, settingsFrom } from './shared/check-flags.js';
import { json } from './shared/flags.js';

const { db: _db, ...judging } = checkFlags;

export default class Config extends BaseCommand {
  static override summary = 'Show the settings of check, and where each comes from.';
  static override description =
    'Settings come from vhtrace.config.json or .yaml, or the key "vhtrace" of a package.json, in this folder or the nearest one above; flags of the command line win.';
  static override examples = [
    '<%= config.bin %> config',
    '<%= config.bin %> config --strict --json',
  ];
  static override flags = {
    json,
    ...failFlags,
    ...judging,
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Config);
    const { settings, origins, file } = await settingsFrom(flags);
    if (flags.json) {
      const { jsonText } = await import('../reporters/json.js');
      this.print(jsonText({ schemaVersion: 1, file: file ?? null, settings, origins }));
      return;
    }
    const { renderSettings } = await import('../reporters/settings-table.js');
    this.print(renderSettings(settings, origins, file));
  }
}
