import { BaseCommand } from './shared/base-command.js';
import { db, json } from './shared/flags.js';

export default class Ls extends BaseCommand {
  static override summary = 'List the captures, sessions and devices of a store.';
  static override examples = ['<%= config.bin %> ls', '<%= config.bin %> ls --db runs.db --json'];
  static override flags = { db, json };

  async run(): Promise<void> {
    const { flags } = await this.parse(Ls);
    const { runList } = await import('../pipeline/list.js');
    const listing = await runList(flags.db);
    if (flags.json) {
      const { jsonText } = await import('../reporters/json.js');
      const { captures, sessions, devices } = listing;
      this.print(jsonText({ schemaVersion: 1, database: flags.db, captures, sessions, devices }));
      return;
    }
    const { renderListing } = await import('../reporters/store-tables.js');
    this.print(renderListing(listing));
  }
}
