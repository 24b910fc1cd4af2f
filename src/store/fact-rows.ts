/**
 * Writes the facts of one capture in blocks.
 *
 * Facts come in their order, but for those of calls in the kernel, which come when the call returns: their
 * place is kept, also in a block that was written.
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
/** Holds the place of a fact that is still to come. */
const TO_COME = '0';
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
}

function newBlock(first: number): Block {
  return { first, rows: new RowsBuffer(), firstLine: Infinity, lastLine: 0 };
}

export class FactRows {
  /** Facts in blocks that were written. */
  private written = 0;
  private full: Block[] = [];
  private open: Block = newBlock(0);
  private late: { readonly seq: number; readonly line: number; readonly row: RowsBuffer }[] = [];

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

  /** Writes the full blocks, and facts whose place is in a block that was written; more may be added meanwhile. */
  async write(): Promise<void> {
    const { full, late, newPlaces } = this;
    this.full = [];
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
      full.map(({ first, rows, firstLine, lastLine }): Bound[] => [
        this.capture,
        first,
        firstLine,
        lastLine,
        rows.array(),
      ]),
    );
    this.written += full.reduce((sum, { rows }) => sum + rows.count, 0);
    for (const fact of late) if (fact.seq >= this.written) this.late.push(fact);
    await this.database.each(
      `UPDATE fact_block SET facts = json_replace(facts, '$[' || (?1 - first_seq) || ']', CAST(?2 AS TEXT) -> 0),
         first_line = min(first_line, ?3), last_line = max(last_line, ?3)
       WHERE capture = ?4
         AND first_seq = (SELECT max(first_seq) FROM fact_block WHERE capture = ?4 AND first_seq <= ?1)`,
      late
        .filter(({ seq }) => seq < this.written)
        .map(({ seq, row, line }) => [seq, row.array(), line, this.capture]),
    );
  }

  /** Writes all that is left. */
  async finish(): Promise<void> {
    if (this.open.rows.count > 0) this.close();
    await this.write();
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
    const missing = seq - this.open.first - this.open.rows.count;
    if (missing < 0) {
      const row = new RowsBuffer(0);
      addFact(fact, shape, place, row);
      this.late.push({ seq, line, row });
      return;
    }
    for (let i = 0; i < missing; i++) {
      this.open.rows.add(TO_COME);
      this.extend(line);
    }
    addFact(fact, shape, place, this.open.rows);
    this.extend(line);
  }

  /** A row was added to the block. */
  private extend(line: number): void {
    const { open } = this;
    if (line < open.firstLine) open.firstLine = line;
    if (line > open.lastLine) open.lastLine = line;
    if (open.rows.count >= BLOCK_FACTS) this.close();
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

function remember(shapes: Map<string, Known<FactShape>[]>, shape: Known<FactShape>): void {
  const known = shapes.get(shape.what.func);
  if (known === undefined) shapes.set(shape.what.func, [shape]);
  else known.push(shape);
}
