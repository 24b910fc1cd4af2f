/** Puts captures into the store, each whole or not at all. */
import type { Fact } from '../model/fact.js';
import type { CaptureInfo, CaptureRecord, Problem, Reading } from '../model/record.js';
import type { CaptureCounts } from '../model/report.js';
import type { Database } from './database.js';
import { deleteCapture } from './delete-capture.js';
import { inWords } from './explain.js';
import { FactRows } from './fact-rows.js';
import { RecordRows } from './record-rows.js';
import { wellFormed } from './well-formed.js';

/** What the store keeps of a capture besides its records. */
export interface CaptureHead {
  readonly info: CaptureInfo;
  readonly reading: Pick<Reading, 'lines' | 'blank' | 'formats' | 'problems'>;
  /** Those that were not written before. */
  readonly facts: readonly Fact[];
  readonly ordered: boolean;
  readonly counts: CaptureCounts;
}

/** Everything the store keeps of a capture. */
export interface CaptureToSave extends CaptureHead {
  readonly reading: Reading;
}

/**
 * Writes a capture in one transaction.
 *
 * Returns false, and writes nothing, where the store has a capture of the same bytes.
 * Errors: STORE_UNUSABLE; the store is then as it was.
 */
export function saveCapture(database: Database, capture: CaptureToSave): Promise<boolean> {
  return replaceCapture(database, capture, []);
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
      if (await isStored(database, sha256)) return false;
      const insertion = await Insertion.begin(database);
      insertion.add(capture.reading.records, capture.facts);
      await insertion.finish(capture);
      return true;
    }),
  );
}

/** Blocks that are written at once. */
const BATCH_BLOCKS = 8;
/** Records that wait until the store is locked: a slow program on the other end of a pipe locks out nobody. */
const FIRST_RECORDS = 16_000;

/**
 * Writes a capture while it is being read, in one transaction that begins once there is much to write.
 * The database's thread works on one batch while the caller reads the next.
 *
 * Errors of all methods: STORE_UNUSABLE. After one of them, and where reading fails, call {@link abandon}.
 */
export class CaptureWriter {
  /** What came before there was a place for it. */
  private first: { readonly records: CaptureRecord[]; readonly facts: Fact[] } = {
    records: [],
    facts: [],
  };
  private running: Promise<void> = Promise.resolve();
  private target: { readonly database: Database; readonly insertion: Insertion } | undefined;

  /** `open` gives the store; it is asked when the first records are written. */
  constructor(
    private readonly open: () => Promise<Database>,
    /** Ends the waiting for another program that writes. */
    private readonly stop?: AbortSignal,
  ) {}

  async add(records: readonly CaptureRecord[], facts: readonly Fact[]): Promise<void> {
    if (this.target === undefined) {
      for (const record of records) this.first.records.push(record);
      for (const fact of facts) this.first.facts.push(fact);
      if (this.first.records.length >= FIRST_RECORDS) await this.begin();
      return;
    }
    const { database, insertion } = this.target;
    insertion.add(records, facts);
    if (insertion.waiting < BATCH_BLOCKS) return;
    await this.running;
    this.running = inWords(database.path, () => insertion.write());
    // It is awaited with the next batch.
    this.running.catch(() => undefined);
  }

  /** Ends the transaction. False, with nothing written, where the store has a capture of the same bytes. */
  async finish(capture: CaptureHead): Promise<boolean> {
    await this.running;
    const { database, insertion } = this.target ?? (await this.begin());
    insertion.add([], capture.facts);
    return await inWords(database.path, async () => {
      const isNew = !(await isStored(database, capture.info.sha256));
      if (isNew) await insertion.finish(capture);
      await (isNew ? database.commit() : database.rollback());
      this.target = undefined;
      return isNew;
    });
  }

  /** Leaves the store as it was. */
  async abandon(): Promise<void> {
    await this.running.catch(() => undefined);
    await this.target?.database.rollback();
    this.target = undefined;
  }

  private async begin(): Promise<{ database: Database; insertion: Insertion }> {
    const database = await this.open();
    return await inWords(database.path, async () => {
      await database.beginInTurn(this.stop);
      try {
        const insertion = await Insertion.begin(database);
        insertion.add(this.first.records, this.first.facts);
        this.first = { records: [], facts: [] };
        return (this.target = { database, insertion });
      } catch (error) {
        await database.rollback();
        throw error;
      }
    });
  }
}

async function isStored(database: Database, sha256: string): Promise<boolean> {
  const known = await database.all('SELECT id FROM capture WHERE sha256 = ?', sha256);
  return known.length > 0;
}

/** The rows of one capture, inside of a transaction. */
class Insertion {
  private constructor(
    private readonly database: Database,
    private readonly id: number,
    private readonly records: RecordRows,
    private readonly facts: FactRows,
  ) {}

  static async begin(database: Database): Promise<Insertion> {
    const [row] = await database.all<{ id: number }>(
      'SELECT coalesce(max(id), 0) + 1 AS id FROM capture',
    );
    const id = row?.id ?? 1;
    const records = await RecordRows.create(database, id);
    return new Insertion(database, id, records, await FactRows.create(database, id));
  }

  /** Blocks of records that wait for {@link write}. */
  get waiting(): number {
    return this.records.waiting;
  }

  add(records: readonly CaptureRecord[], facts: readonly Fact[]): void {
    for (const record of records) this.records.add(record);
    for (const fact of facts) this.facts.add(fact);
  }

  /** Writes what was added; more may be added meanwhile. */
  async write(): Promise<void> {
    await this.records.write();
    await this.facts.write();
  }

  async finish(capture: CaptureHead): Promise<void> {
    await insertCapture(this.database, this.id, capture);
    await this.records.finish();
    await this.facts.finish();
    await insertProblems(this.database, this.id, capture.reading.problems);
  }
}

async function insertCapture(database: Database, id: number, capture: CaptureHead): Promise<void> {
  const { info, reading, counts } = capture;
  await database.run(
    `INSERT INTO capture (id, sha256, path, bytes, lines, blank, formats, ordered, sessions, threads,
       backtraces, frames, events, facts, prose, problems)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    id,
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
