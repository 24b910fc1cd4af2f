/** Writes the records of one capture in blocks. */
import type { CaptureRecord } from '../model/record.js';
import type { Bound, Database } from './database.js';
import { EventRows } from './event-rows.js';
import { Interner } from './intern.js';
import type { Interned } from './intern.js';
import { encodeRecord } from './record-codec.js';
import type { InternedRecord } from './record-codec.js';

/** Records that are interned at once. */
const BATCH_RECORDS = 4000;
/** Records of one block: enough to make a row a small cost, few enough to unpack one for a single record. */
const BLOCK_RECORDS = 1000;
/** Characters after which a block ends early; a line may have a million. */
const BLOCK_CHARS = 1 << 20;

/** A record, or the JSON text of its row, with its lines. */
interface Waiting {
  readonly rows: (string | InternedRecord)[];
  readonly firstLines: number[];
  readonly lastLines: number[];
}

export class RecordRows {
  private seq = 0;
  private waiting: Waiting = nothing();

  private constructor(
    private readonly database: Database,
    private readonly capture: number,
    private readonly interner: Interner,
    private readonly events: EventRows,
  ) {}

  /** Inside of the transaction that writes the capture. */
  static async create(database: Database, capture: number): Promise<RecordRows> {
    const interner = await Interner.create(database);
    return new RecordRows(database, capture, interner, await EventRows.create(database));
  }

  /** Records that wait for {@link write}. */
  get count(): number {
    return this.waiting.rows.length;
  }

  add(record: CaptureRecord): void {
    const { rows, firstLines, lastLines } = this.waiting;
    rows.push(record.kind === 'event' ? this.events.encode(record) : record);
    firstLines.push(record.span.first);
    lastLines.push(record.span.last);
  }

  /** Writes what was added so far; more may be added meanwhile. */
  async write(): Promise<void> {
    const { waiting } = this;
    this.waiting = nothing();
    await this.events.write();
    for (let from = 0; from < waiting.rows.length; from += BATCH_RECORDS) {
      const to = Math.min(from + BATCH_RECORDS, waiting.rows.length);
      const records = waiting.rows.slice(from, to).filter((row) => typeof row !== 'string');
      const ids = await this.interner.intern(records);
      await this.database.each(
        'INSERT INTO block (capture, first_seq, first_line, last_line, records) VALUES (?, ?, ?, ?, ?)',
        this.blocks(waiting, from, to, ids),
      );
      this.seq += to - from;
    }
  }

  private *blocks(
    { rows, firstLines, lastLines }: Waiting,
    from: number,
    to: number,
    ids: Interned,
  ): Generator<Bound[]> {
    let first = from;
    let block: string[] = [];
    let chars = 0;
    for (let i = from; i < to; i++) {
      const row = rows[i] ?? '';
      const text = typeof row === 'string' ? row : encodeRecord(row, ids);
      block.push(text);
      chars += text.length;
      if (block.length < BLOCK_RECORDS && chars < BLOCK_CHARS && i < to - 1) continue;
      const seq = this.seq + first - from;
      const lines = [firstLines[first] ?? 0, lastLines[i] ?? 0];
      yield [this.capture, seq, ...lines, `[${block.join(',')}]`];
      block = [];
      chars = 0;
      first = i + 1;
    }
  }
}

function nothing(): Waiting {
  return { rows: [], firstLines: [], lastLines: [] };
}
