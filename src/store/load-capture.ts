/** Reads captures back from the store, as they were read from their files. */
import type { CaptureInfo, CaptureRecord, FormatId, Problem, Reading } from '../model/record.js';
import type { Database } from './database.js';
import { recordsOfBlock } from './blocks.js';
import type { StoredBlock } from './blocks.js';
import { inWords } from './explain.js';
import { createResolver } from './resolve.js';

/** A capture as the store gives it back. */
export interface LoadedCapture {
  readonly info: CaptureInfo;
  readonly reading: Reading;
}

interface CaptureRow {
  readonly id: number;
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly lines: number;
  readonly blank: number;
  readonly formats: string;
}

/** Loads every capture, in the order in which they were ingested. Errors: STORE_UNUSABLE. */
export async function loadCaptures(database: Database): Promise<LoadedCapture[]> {
  const captures: LoadedCapture[] = [];
  for await (const capture of eachCapture(database)) captures.push(capture);
  return captures;
}

/** The same one by one: together they may not fit into memory. */
export async function* eachCapture(database: Database): AsyncGenerator<LoadedCapture> {
  const rows = await inWords(database.path, () =>
    database.all<CaptureRow>(
      'SELECT id, path, sha256, bytes, lines, blank, formats FROM capture ORDER BY id',
    ),
  );
  for (const row of rows) yield await inWords(database.path, () => loadCapture(database, row));
}

async function loadCapture(database: Database, row: CaptureRow): Promise<LoadedCapture> {
  const { id, path, sha256, bytes, lines, blank } = row;
  const reading: Reading = {
    lines,
    blank,
    formats: JSON.parse(row.formats) as FormatId[],
    records: await loadRecords(database, id),
    problems: await loadProblems(database, id),
  };
  return { info: { path, sha256, bytes }, reading };
}

async function loadRecords(database: Database, capture: number): Promise<CaptureRecord[]> {
  const records: CaptureRecord[] = [];
  const resolver = createResolver(database, capture);
  // Block by block: the JSON of a whole capture would be another copy of it in memory.
  for (let seq = 0; ; seq = records.length) {
    const [block] = await database.all<StoredBlock>(
      'SELECT first_line, run, records FROM block WHERE capture = ? AND first_seq = ?',
      capture,
      seq,
    );
    if (block === undefined) return records;
    for (const record of await recordsOfBlock(block, resolver)) records.push(record);
  }
}

async function loadProblems(database: Database, capture: number): Promise<Problem[]> {
  const rows = await database.all<Omit<Problem, 'span'> & { first: number; last: number }>(
    `SELECT code, message, first_line AS first, last_line AS last
     FROM problem WHERE capture = ? ORDER BY seq`,
    capture,
  );
  return rows.map(({ code, message, first, last }) => ({ code, message, span: { first, last } }));
}
