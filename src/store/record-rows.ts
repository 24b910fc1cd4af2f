/** Writes the records of one capture in blocks. */
import type { CaptureRecord } from '../model/record.js';
import type { Bound, Database } from './database.js';
import { EventRows } from './event-rows.js';
import { Interner } from './intern.js';
import type { Interned } from './intern.js';
import { RowsBuffer } from './rows-buffer.js';
import { encodeRecord, namesRows } from './record-codec.js';

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
  /** Of texts in {@link rest}. */
  chars: number;
  /** Rows up to the first record that names rows. */
  readonly rows: RowsBuffer;
  /** That record and all that follows. */
  readonly rest: CaptureRecord[];
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
    return new RecordRows(database, capture, interner, await EventRows.create(database, capture));
  }

  /** Blocks that wait for {@link write}. */
  get waiting(): number {
    return this.full.length;
  }

  add(record: CaptureRecord): void {
    const { first, last } = record.span;
    const block = (this.open ??= newBlock(this.seq, first));
    // What can be written at once need not wait, and is young when it becomes garbage.
    if (block.rest.length === 0 && !namesRows(record)) this.addRow(record, block.rows, NO_IDS);
    else {
      block.rest.push(record);
      if (record.kind === 'event' || record.kind === 'command') block.chars += record.text.length;
    }
    block.lastLine = last;
    block.count++;
    this.seq++;
    const chars = block.rows.length + block.chars;
    if (block.count >= BLOCK_RECORDS || chars >= BLOCK_CHARS) this.close();
  }

  /** Writes the full blocks; more may be added meanwhile. */
  async write(): Promise<void> {
    const blocks = this.full;
    this.full = [];
    const ids = await this.interner.intern(blocks.flatMap(({ rest }) => rest));
    await this.database.insert(
      'block (capture, first_seq, first_line, last_line, records)',
      '(?, ?, ?, ?, CAST(? AS TEXT))',
      blocks.map((block) => this.rowOf(block, ids)),
    );
    await this.events.write();
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

  private rowOf({ seq, firstLine, lastLine, rows, rest }: Block, ids: Interned): Bound[] {
    for (const record of rest) this.addRow(record, rows, ids);
    return [this.capture, seq, firstLine, lastLine, rows.array()];
  }

  private addRow(record: CaptureRecord, rows: RowsBuffer, ids: Interned): void {
    if (record.kind === 'event') this.events.add(record, rows);
    else rows.add(encodeRecord(record, ids));
  }
}

const NO_IDS: Interned = { thread: noRow, frame: noRow, stack: noRow };

function noRow(): never {
  throw new Error('a record that names no row asks for one');
}

function newBlock(seq: number, firstLine: number): Block {
  const lines = { firstLine, lastLine: firstLine };
  return { seq, ...lines, count: 0, chars: 0, rows: new RowsBuffer(), rest: [] };
}
