/** Puts one capture into the store, whole or not at all. */
import type { Fact } from '../model/fact.js';
import type { CaptureInfo, CaptureRecord, Problem, Reading } from '../model/record.js';
import type { CaptureCounts } from '../model/report.js';
import type { Bound, Database } from './database.js';
import { deleteCapture } from './delete-capture.js';
import { inWords } from './explain.js';
import { sortableHex } from './hex.js';
import { intern } from './intern.js';
import type { Interned } from './intern.js';
import { encodeBlock, encodeRecord } from './record-codec.js';
import type { EncodedRecord } from './record-codec.js';
import { wellFormed } from './well-formed.js';

/** Everything the store keeps of a capture. */
export interface CaptureToSave {
  readonly info: CaptureInfo;
  readonly reading: Reading;
  readonly facts: readonly Fact[];
  readonly ordered: boolean;
  readonly counts: CaptureCounts;
}

/**
 * Writes a capture in one transaction.
 *
 * Returns false, and writes nothing, where the store has a capture of the same bytes.
 * Errors: STORE_UNUSABLE; the store is then as it was.
 */
export function saveCapture(database: Database, capture: CaptureToSave): Promise<boolean> {
  return inWords(database.path, () => database.transaction(() => insert(database, capture)));
}

/**
 * Writes a capture in the place of older snapshots of the same file, `older` by their sha256, in one
 * transaction: nobody sees both, or neither.
 *
 * Returns and errors as {@link saveCapture}. A snapshot of the same bytes is left as it is.
 */
export function replaceCapture(
  database: Database,
  capture: CaptureToSave,
  older: Iterable<string>,
): Promise<boolean> {
  const { sha256, path } = capture.info;
  return inWords(database.path, () =>
    database.transaction(async () => {
      for (const old of older) {
        if (old !== sha256) await deleteCapture(database, { path: wellFormed(path), sha256: old });
      }
      return await insert(database, capture);
    }),
  );
}

async function insert(database: Database, capture: CaptureToSave): Promise<boolean> {
  const { info, reading, facts } = capture;
  const known = await database.all('SELECT id FROM capture WHERE sha256 = ?', info.sha256);
  if (known.length > 0) return false;
  const id = await insertCapture(database, capture);
  const ids = await intern(database, reading.records, textsOf(facts));
  await insertBlocks(database, id, reading.records, ids);
  await insertFacts(database, id, facts, ids);
  await insertProblems(database, id, reading.problems);
  return true;
}

async function insertCapture(database: Database, capture: CaptureToSave): Promise<number> {
  const { info, reading, counts } = capture;
  const [row] = await database.all<{ id: number }>(
    `INSERT INTO capture (sha256, path, bytes, lines, blank, formats, ordered, sessions, threads,
       backtraces, frames, events, facts, prose, problems)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
    info.sha256,
    wellFormed(info.path),
    info.bytes,
    reading.lines,
    reading.blank,
    JSON.stringify(reading.formats),
    capture.ordered ? 1 : 0,
    counts.sessions,
    counts.threads,
    counts.backtraces,
    counts.frames,
    counts.events,
    counts.facts,
    counts.prose,
    counts.problems,
  );
  if (row === undefined) throw new Error('INSERT ... RETURNING gave no row');
  return row.id;
}

function* textsOf(facts: readonly Fact[]): Generator<string> {
  for (const { thread, kind, func } of facts) {
    if (thread !== undefined) yield thread;
    yield kind;
    yield func;
  }
}

/** Records of one block: enough to make a row a small cost, few enough to unpack one for a single record. */
const BLOCK_RECORDS = 1000;
/** Characters of text after which a block ends early; a line may have a million. */
const BLOCK_CHARS = 1 << 20;

async function insertBlocks(
  database: Database,
  capture: number,
  records: readonly CaptureRecord[],
  ids: Interned,
): Promise<void> {
  await database.each(
    'INSERT INTO block (capture, first_seq, first_line, last_line, records) VALUES (?, ?, ?, ?, ?)',
    blockRows(capture, records, ids),
  );
}

function* blockRows(
  capture: number,
  records: readonly CaptureRecord[],
  ids: Interned,
): Generator<Bound[]> {
  let rows: EncodedRecord[] = [];
  let chars = 0;
  let firstSeq = 0;
  for (const [seq, record] of records.entries()) {
    rows.push(encodeRecord(record, ids));
    if (record.kind === 'event' || record.kind === 'command') chars += record.text.length;
    if (rows.length < BLOCK_RECORDS && chars < BLOCK_CHARS && seq < records.length - 1) continue;
    const firstLine = records[firstSeq]?.span.first ?? 0;
    yield [capture, firstSeq, firstLine, record.span.last, encodeBlock(rows)];
    rows = [];
    chars = 0;
    firstSeq = seq + 1;
  }
}

function* factRows(capture: number, facts: readonly Fact[], ids: Interned): Generator<unknown[]> {
  for (const fact of facts) {
    yield [
      capture,
      fact.seq,
      fact.line,
      fact.session,
      ids.text(fact.thread),
      ids.text(fact.kind),
      ids.text(fact.func),
      fact.role,
      fact.activation,
      fact.device === undefined ? undefined : sortableHex(fact.device),
      fact.incarnation,
      fact.backend,
      fact.vring,
      fact.enable,
      fact.value === undefined ? undefined : wellFormed(fact.value),
      fact.endpoint === undefined ? undefined : wellFormed(fact.endpoint),
      fact.result === undefined ? undefined : wellFormed(fact.result),
    ];
  }
}

async function insertFacts(
  database: Database,
  capture: number,
  facts: readonly Fact[],
  ids: Interned,
): Promise<void> {
  await database.bulk(
    `INSERT INTO fact (capture, seq, line, session, thread, kind, func, role, activation, device,
       incarnation, backend, vring, enable, value, endpoint, result)
     SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5,
            value ->> 6, value ->> 7, value ->> 8, value ->> 9, value ->> 10, value ->> 11,
            value ->> 12, value ->> 13, value ->> 14, value ->> 15, value ->> 16
     FROM json_each(?)`,
    factRows(capture, facts, ids),
  );
}

async function insertProblems(
  database: Database,
  capture: number,
  problems: readonly Problem[],
): Promise<void> {
  await database.bulk(
    `INSERT INTO problem (capture, seq, code, message, first_line, last_line)
     SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5
     FROM json_each(?)`,
    problems.map(({ code, message, span }, seq) => [
      capture,
      seq,
      code,
      wellFormed(message),
      span.first,
      span.last,
    ]),
  );
}
