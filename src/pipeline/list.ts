/** `vhtrace ls`: what the store holds. */
import { listCaptures } from '../store/list-captures.js';
import type { StoreListing } from '../store/list-captures.js';
import { openStore } from '../store/open-store.js';

export type { StoreListing } from '../store/list-captures.js';

/** Reads the store at `path`. Errors: those of {@link openStore}. */
export async function runList(path: string): Promise<StoreListing> {
  const database = await openStore(path, 'read');
  try {
    return await listCaptures(database);
  } finally {
    await database.close();
  }
}
