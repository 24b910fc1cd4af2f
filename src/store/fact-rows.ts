/**
 * Writes the facts of one capture in blocks.
 *
 * Facts come in their order, but for those of calls in the kernel, which come when the call returns: their
 * place is kept. A block waits for them, but not for long: some calls never return.
 */
import { detachedMembers } from '../base/detached.js';
import { Recent } from '../base/recent.js';
import type { Fact } from '../model/fact.js';
import type { Bound, Database } from './database.js';
import { addFact, placeRow, shapeOfRow, shapeRow } from './fact-codec.js';
import type { FactPlace, FactShape, ShapeRow } from './fact-codec.js';
import { RowsBuffer } from './rows-buffer.js';

/** Facts of one block: enough to make a row a small cost, few enough to unpack one for a single fact. */
const BLOCK_FACTS = 1000;
/** Full blocks that wait for facts to come; each call in the kernel delays a few at most. */
const MOST_WAITING = 16;
/** Places that are remembered; one that comes back later gets another row. */
const MOST_PLACES = 8192;
/** Of them those that are compared before they are looked up. */
const NEAR_PLACES = 8;

interface Known<What> {
  readonly id: number;
  readonly what: What;
}

interface Block {
  /** Number of its first fact. */
  readonly first: number;
  readonly rows: RowsBuffer;
  firstLine: number;
  lastLine: number;
  /** Places of facts that are still to come, by their number. */
  readonly holes: Map<number, number>;
  /** Those that came, and their places. */
  readonly fills: { readonly hole: number; readonly row: Buffer }[];
}

function newBlock(first: number): Block {
  const lines = { firstLine: Infinity, lastLine: 0 };
  return { first, rows: new RowsBuffer(), ...lines, holes: new Map(), fills: [] };
}

export class FactRows {
  private full: Block[] = [];
  private open: Block = newBlock(0);
  /** Facts whose place is in a block that was written. */
  private late: { readonly seq: number; readonly line: number; readonly row: Buffer }[] = [];

  private newShapes: [id: number, ...ShapeRow][] = [];
  private newPlaces: unknown[] = [];
  private readonly places = new Recent<number>(MOST_PLACES);
  private readonly near: Known<FactPlace>[] = [];
  private nextNear = 0;
  private nextPlace = 1;

  private constructor(
    private readonly database: Database,
    private readonly capture: number,
    /** By function. */
    private readonly shapes: Map<string, Known<FactShape>[]>,
    private nextShape: number,
  ) {}

  /** Inside of the transaction that writes the capture. */
  static async create(database: Database, capture: number): Promise<FactRows> {
    const rows = await database.all<{ id: number; shape: string }>(
      'SELECT id, json_array(kind, func, role, backend, enable) AS shape FROM fact_shape',
    );
    const shapes = new Map<string, Known<FactShape>[]>();
    let next = 1;
    for (const { id, shape } of rows) {
      remember(shapes, { id, what: shapeOfRow(JSON.parse(shape) as ShapeRow) });
      next = Math.max(next, id + 1);
    }
    return new FactRows(database, capture, shapes, next);
  }

  /** Writes full blocks, and facts whose place is in a block that was written; more may be added meanwhile. */
  write(): Promise<void> {
    const excess = this.full.length - MOST_WAITING;
    const isReady = ({ holes }: Block, i: number): boolean => holes.size === 0 || i < excess;
    const ready = this.full.filter(isReady);
    this.full = this.full.filter((block, i) => !isReady(block, i));
    return this.writeBlocks(ready);
  }

  private async writeBlocks(blocks: readonly Block[]): Promise<void> {
    const { late, newPlaces } = this;
    this.late = [];
    this.newPlaces = [];
    await this.database.bulk(
      `INSERT INTO fact_place (capture, id, session, thread, device, incarnation, endpoint)
       SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6
       FROM json_each(?)`,
      newPlaces,
    );
    await this.database.insert(
      'fact_block (capture, first_seq, first_line, last_line, facts)',
      '(?, ?, ?, ?, CAST(? AS TEXT))',
      blocks.map(({ first, rows, firstLine, lastLine, fills }): Bound[] => [
        this.capture,
        first,
        firstLine,
        lastLine,
        rows.array(fills),
      ]),
    );
    await this.database.each(
      `UPDATE fact_block SET facts = json_replace(facts, '$[' || (?1 - first_seq) || ']', CAST(?2 AS TEXT) -> 0),
         first_line = min(first_line, ?3), last_line = max(last_line, ?3)
       WHERE capture = ?4
         AND first_seq = (SELECT max(first_seq) FROM fact_block WHERE capture = ?4 AND first_seq <= ?1)`,
      late.map(({ seq, row, line }) => [seq, row, line, this.capture]),
    );
  }

  /** Writes all that is left. */
  async finish(): Promise<void> {
    if (this.open.rows.count > 0) this.close();
    const { full } = this;
    this.full = [];
    await this.writeBlocks(full);
    await this.database.bulk(
      `INSERT INTO fact_shape (id, kind, func, role, backend, enable)
       SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5
       FROM json_each(?)`,
      this.newShapes,
    );
  }

  add(fact: Fact): void {
    const { seq, line } = fact;
    const [shape, place] = [this.shapeOf(fact), this.placeOf(fact)];
    let next = this.open.first + this.open.rows.count;
    if (seq < next) {
      const row = new RowsBuffer(0);
      addFact(fact, shape, place, row);
      this.fill(seq, line, row.array());
      return;
    }
    for (; next < seq; next++) {
      this.open.holes.set(next, this.open.rows.hole());
      this.extend(line);
    }
    addFact(fact, shape, place, this.open.rows);
    this.extend(line);
  }

  /** A fact came that is behind the others. */
  private fill(seq: number, line: number, row: Buffer): void {
    const block = [this.open, ...this.full].find(({ holes }) => holes.has(seq));
    const hole = block?.holes.get(seq);
    if (block === undefined || hole === undefined) {
      this.late.push({ seq, line, row });
      return;
    }
    block.holes.delete(seq);
    block.fills.push({ hole, row });
    cover(block, line);
  }

  /** A row was added to the block. */
  private extend(line: number): void {
    cover(this.open, line);
    if (this.open.rows.count >= BLOCK_FACTS) this.close();
  }

  private close(): void {
    this.full.push(this.open);
    this.open = newBlock(this.open.first + this.open.rows.count);
  }

  private shapeOf(fact: Fact): number {
    for (const { what, id } of this.shapes.get(fact.func) ?? []) {
      if (
        what.kind === fact.kind &&
        what.role === fact.role &&
        what.backend === fact.backend &&
        what.enable === fact.enable
      ) {
        return id;
      }
    }
    const { kind, func, role, backend, enable } = fact;
    const what = detachedMembers({ kind, func, role, backend, enable });
    const id = this.nextShape++;
    remember(this.shapes, { id, what });
    this.newShapes.push([id, ...shapeRow(what)]);
    return id;
  }

  private placeOf(fact: Fact): number {
    for (const { what, id } of this.near) {
      if (
        what.session === fact.session &&
        what.device === fact.device &&
        what.thread === fact.thread &&
        what.incarnation === fact.incarnation &&
        what.endpoint === fact.endpoint
      ) {
        return id;
      }
    }
    const { session, thread, device, incarnation, endpoint } = fact;
    const what = detachedMembers({ session, thread, device, incarnation, endpoint });
    const row = placeRow(what);
    const key = JSON.stringify(row);
    let id = this.places.get(key);
    if (id === undefined) {
      id = this.nextPlace++;
      this.places.set(key, id);
      this.newPlaces.push([this.capture, id, ...row]);
    }
    this.near[this.nextNear] = { id, what };
    this.nextNear = (this.nextNear + 1) % NEAR_PLACES;
    return id;
  }
}

function cover(block: Block, line: number): void {
  if (line < block.firstLine) block.firstLine = line;
  if (line > block.lastLine) block.lastLine = line;
}

function remember(shapes: Map<string, Known<FactShape>[]>, shape: Known<FactShape>): void {
  const known = shapes.get(shape.what.func);
  if (known === undefined) shapes.set(shape.what.func, [shape]);
  else known.push(shape);
}
