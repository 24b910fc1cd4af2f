/** A few records of a stored capture from the one that holds a line on. */
import type { CaptureRecord } from '../model/record.js';
import type { Database } from './database.js';
import type { EncodedRecord } from './record-codec.js';
import { decodeRecord } from './record-codec.js';
import { createResolver } from './resolve.js';

interface Block {
  readonly first: number;
  readonly records: string;
}

/** At most `count` records; none where no record begins at or before the line. */
export async function recordsFrom(
  database: Database,
  capture: number,
  line: number,
  count: number,
): Promise<CaptureRecord[]> {
  const [block] = await database.all<Block>(
    `SELECT first_seq AS first, records FROM block
     WHERE capture = ? AND first_line <= ? ORDER BY first_seq DESC LIMIT 1`,
    capture,
    line,
  );
  if (block === undefined) return [];
  const all = JSON.parse(block.records) as EncodedRecord[];
  const start = Math.max(
    0,
    all.findLastIndex(([, first]) => first <= line),
  );
  const rows = all.slice(start, start + count);
  if (rows.length < count) {
    const [next] = await database.all<Block>(
      'SELECT first_seq AS first, records FROM block WHERE capture = ? AND first_seq = ?',
      capture,
      block.first + all.length,
    );
    if (next !== undefined) {
      rows.push(...(JSON.parse(next.records) as EncodedRecord[]).slice(0, count - rows.length));
    }
  }
  const resolver = createResolver(database, capture);
  await resolver.prepare(rows);
  return rows.map((row) => decodeRecord(row, resolver));
}
