import type { CaptureInfo } from '../model/record.js';
import type { Database } from './database.js';

/** What refers to a capture, and the capture. */
const TABLES = [
  ['block', 'capture'],
  ['problem', 'capture'],
  ['fact_block', 'capture'],
  ['fact_place', 'capture'],
  ['event_again', 'capture'],
  ['capture', 'id'],
] as const;

/**
 * Removes a capture, where the store has it under this path. Texts, frames and stacks stay: others
 * may share them.
 */
export async function deleteCapture(
  database: Database,
  { path, sha256 }: Pick<CaptureInfo, 'path' | 'sha256'>,
): Promise<void> {
  for (const [table, column] of TABLES) {
    await database.run(
      `DELETE FROM ${table} WHERE ${column} IN (SELECT id FROM capture WHERE path = ? AND sha256 = ?)`,
      path,
      sha256,
    );
  }
}
