/** Writes the records of one capture in blocks. */
import type { CaptureRecord, Span, TraceEvent } from '../model/record.js';
import type { Bound, Database } from './database.js';
import { EventRows, rowOfEvent } from './event-rows.js';
import { EventRun, LEAST_EVENTS } from './event-run.js';
import { Interner } from './intern.js';
import type { Interned } from './intern.js';
import { RowsBuffer } from './rows-buffer.js';
import { encodeRecord, namesRows } from './record-codec.js';
import type { InternedRecord } from './record-codec.js';
import { wellFormedJson } from './well-formed.js';

/** Records of one block: enough to make a row a small cost, few enough to unpack one for a single record. */
const BLOCK_RECORDS = 1000;
/** Characters after which a block ends early; a line may have a million. */
const BLOCK_CHARS = 1 << 20;

/** A block of records of any kind, under construction. */
interface Block {
  readonly seq: number;
  readonly firstLine: number;
  lastLine: number;
  count: number;
  /** Of {@link rest}. */
  chars: number;
  /** Rows up to the first record that names rows. */
  readonly rows: RowsBuffer;
  /** That record and all that follows: records that name rows, and rows as JSON. */
  readonly rest: (InternedRecord | string)[];
}

export class RecordRows {
  private seq = 0;
  private full: (Block | EventRun)[] = [];
  private open: Block | undefined;
  /** The events that came last, as long as they go on. */
  private run: EventRun | undefined;

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
    const { seq } = this;
    this.seq++;
    if (record.kind === 'event') {
      this.addEvent(record, seq);
      return;
    }
    this.endRun();
    // What can be written at once need not wait, and is young when it becomes garbage.
    const row = namesRows(record) ? record : encodeRecord(record, NO_IDS);
    this.addRow(row, record.span, seq);
  }

  /** Writes the full blocks; more may be added meanwhile. */
  async write(): Promise<void> {
    const blocks = this.full;
    this.full = [];
    const ids = await this.interner.intern(blocks.flatMap(namingRows));
    await this.database.insert(
      'block (capture, first_seq, first_line, last_line, run, records)',
      '(?, ?, ?, ?, ?, CAST(? AS TEXT))',
      blocks.map((block): Bound[] => {
        const { seq, firstLine, lastLine } = block;
        const isRun = block instanceof EventRun;
        const rows = isRun ? block.rows : rowsOf(block, ids);
        const head = isRun ? wellFormedJson(block.head) : null;
        return [this.capture, seq, firstLine, lastLine, head, rows.array()];
      }),
    );
    await this.events.write();
  }

  /** Writes all that is left. */
  async finish(): Promise<void> {
    this.endRun();
    this.close();
    await this.write();
  }

  private addEvent(event: TraceEvent, seq: number): void {
    const known = this.events.know(event);
    const isTold = known.id > 0 || known.shape.pieces !== undefined;
    const isOfRun = isTold && event.span.last === event.span.first;
    if (!isOfRun || this.run?.takes(event) !== true) this.endRun();
    if (!isOfRun) {
      this.addRow(rowOfEvent(event, known), event.span, seq);
      return;
    }
    const run = (this.run ??= new EventRun(seq, event));
    run.add(event, known);
    if (run.count >= BLOCK_RECORDS || run.rows.length >= BLOCK_CHARS) this.endRun();
  }

  /** Few events become rows of the block that is open. */
  private endRun(): void {
    const { run } = this;
    if (run === undefined) return;
    this.run = undefined;
    if (run.count >= LEAST_EVENTS) {
      this.close();
      this.full.push(run);
      return;
    }
    for (const [i, { event, known }] of run.takeWaiting().entries()) {
      this.addRow(rowOfEvent(event, known), event.span, run.seq + i);
    }
  }

  private addRow(row: InternedRecord | string, { first, last }: Span, seq: number): void {
    const block = (this.open ??= newBlock(seq, first));
    if (block.rest.length > 0 || typeof row !== 'string') {
      block.rest.push(row);
      if (typeof row === 'string') block.chars += row.length;
    } else block.rows.add(row);
    block.lastLine = last;
    block.count++;
    const chars = block.rows.length + block.chars;
    if (block.count >= BLOCK_RECORDS || chars >= BLOCK_CHARS) this.close();
  }

  private close(): void {
    if (this.open !== undefined) this.full.push(this.open);
    this.open = undefined;
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

function namingRows(block: Block | EventRun): InternedRecord[] {
  return block instanceof EventRun ? [] : block.rest.filter((row) => typeof row !== 'string');
}

function rowsOf({ rows, rest }: Block, ids: Interned): RowsBuffer {
  for (const row of rest) rows.add(typeof row === 'string' ? row : encodeRecord(row, ids));
  return rows;
}
