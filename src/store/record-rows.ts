/** Writes the records of one capture in blocks. */
import type { CaptureRecord } from '../model/record.js';
import type { Bound, Database } from './database.js';
import { EventRows } from './event-rows.js';
import { Interner } from './intern.js';
import type { Interned } from './intern.js';
import { JoinedRows } from './joined-rows.js';
import { encodeRecord } from './record-codec.js';
import type { InternedRecord } from './record-codec.js';

/** Records of one block: enough to make a row a small cost, few enough to unpack one for a single record. */
const BLOCK_RECORDS = 1000;
/** Characters after which a block ends early; a line may have a million. */
const BLOCK_CHARS = 1 << 20;

/** A block under construction. */
interface Block {
  readonly seq: number;
  readonly firstLine: number;
  lastLine: number;
  count: number;
  chars: number;
  /** JSON of the rows so far, up to the first record that is to be interned. */
  readonly rows: JoinedRows;
  /** That record and all that follows. */
  readonly rest: (string | InternedRecord)[];
}

export class RecordRows {
  private seq = 0;
  private full: Block[] = [];
  private open: Block | undefined;

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

  /** Blocks that wait for {@link write}. */
  get waiting(): number {
    return this.full.length;
  }

  add(record: CaptureRecord): void {
    const { first, last } = record.span;
    const block = (this.open ??= newBlock(this.seq, first));
    const row = record.kind === 'event' ? this.events.encode(record) : record;
    if (typeof row === 'string' && block.rest.length === 0) block.rows.add(row);
    else block.rest.push(row);
    block.chars += charsOf(row);
    block.lastLine = last;
    block.count++;
    this.seq++;
    if (block.count >= BLOCK_RECORDS || block.chars >= BLOCK_CHARS) this.close();
  }

  /** Writes the full blocks; more may be added meanwhile. */
  async write(): Promise<void> {
    const blocks = this.full;
    this.full = [];
    await this.events.write();
    const records = blocks.flatMap(({ rest }) => rest.filter((row) => typeof row !== 'string'));
    const ids = await this.interner.intern(records);
    await this.database.each(
      `INSERT INTO block (capture, first_seq, first_line, last_line, records)
       VALUES (?, ?, ?, ?, CAST(? AS TEXT))`,
      rowsOf(this.capture, blocks, ids),
    );
  }

  /** Writes all that is left. */
  async finish(): Promise<void> {
    this.close();
    await this.write();
  }

  private close(): void {
    if (this.open !== undefined) this.full.push(this.open);
    this.open = undefined;
  }
}

function newBlock(seq: number, firstLine: number): Block {
  const lines = { firstLine, lastLine: firstLine };
  return { seq, ...lines, count: 0, chars: 0, rows: new JoinedRows(), rest: [] };
}

function charsOf(row: string | InternedRecord): number {
  if (typeof row === 'string') return row.length;
  return row.kind === 'command' ? row.text.length : 0;
}

function* rowsOf(capture: number, blocks: readonly Block[], ids: Interned): Generator<Bound[]> {
  for (const { seq, firstLine, lastLine, rows, rest } of blocks) {
    for (const row of rest) rows.add(typeof row === 'string' ? row : encodeRecord(row, ids));
    yield [capture, seq, firstLine, lastLine, rows.array()];
  }
}
