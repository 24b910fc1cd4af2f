/** The records of a block, whichever way it holds them. */
import type { CaptureRecord } from '../model/record.js';
import { recordsOfRun, shapesOfRun } from './event-run.js';
import type { RunHead, RunRow } from './event-run.js';
import { decodeRecord } from './record-codec.js';
import type { EncodedRecord } from './record-codec.js';
import type { PreparedResolver } from './resolve.js';

/** Columns of `block`. */
export interface StoredBlock {
  readonly first_line: number;
  /** JSON of a {@link RunHead}; null for records of any kind. */
  readonly run: string | null;
  /** JSON array of rows. */
  readonly records: string;
}

/** `resolver`: of the same capture. */
export async function recordsOfBlock(
  { first_line, run, records }: StoredBlock,
  resolver: PreparedResolver,
): Promise<CaptureRecord[]> {
  if (run !== null) {
    const rows = JSON.parse(records) as RunRow[];
    await resolver.prepareEvents(shapesOfRun(rows));
    return recordsOfRun(JSON.parse(run) as RunHead, first_line, rows, resolver);
  }
  const rows = JSON.parse(records) as EncodedRecord[];
  await resolver.prepare(rows);
  return rows.map((row) => decodeRecord(row, resolver));
}
