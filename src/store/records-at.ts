/** A few records of a stored capture from the one that holds a line on. */
import type { CaptureRecord } from '../model/record.js';
import type { Database } from './database.js';
import { recordsOfBlock } from './blocks.js';
import type { StoredBlock } from './blocks.js';
import { createResolver } from './resolve.js';

interface Block extends StoredBlock {
  readonly first: number;
}

/** At most `count` records; none where no record begins at or before the line. */
export async function recordsFrom(
  database: Database,
  capture: number,
  line: number,
  count: number,
): Promise<CaptureRecord[]> {
  const [block] = await database.all<Block>(
    `SELECT first_seq AS first, first_line, run, records FROM block
     WHERE capture = ? AND first_line <= ? ORDER BY first_seq DESC LIMIT 1`,
    capture,
    line,
  );
  if (block === undefined) return [];
  const resolver = createResolver(database, capture);
  const all = await recordsOfBlock(block, resolver);
  const start = Math.max(
    0,
    all.findLastIndex(({ span }) => span.first <= line),
  );
  const records = all.slice(start);
  while (records.length < count) {
    const [next] = await database.all<StoredBlock>(
      'SELECT first_line, run, records FROM block WHERE capture = ? AND first_seq = ?',
      capture,
      block.first + start + records.length,
    );
    if (next === undefined) break;
    for (const record of await recordsOfBlock(next, resolver)) records.push(record);
  }
  return records.slice(0, count);
}
