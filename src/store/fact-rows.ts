/**
 * Writes the facts of one capture in blocks.
 *
 * Facts come in their order, but for those of calls in the kernel, which come when the call returns: their
 * place is kept, also in a block that was written.
 */
import { detachedMembers } from '../base/detached.js';
import { Recent } from '../base/recent.js';
import type { Fact } from '../model/fact.js';
import type { Database } from './database.js';
import { encodeFact, placeRow, shapeOfRow, shapeRow } from './fact-codec.js';
import type { FactPlace, FactShape, ShapeRow } from './fact-codec.js';

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

export class FactRows {
  /** JSON of the facts from `first` on. */
  private rows: string[] = [];
  private lines: number[] = [];
  private first = 0;
  private late: { readonly seq: number; readonly line: number; readonly row: string }[] = [];

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

  /** Writes full blocks of what was added so far; more may be added meanwhile. */
  async write(): Promise<void> {
    await this.writeBlocks(BLOCK_FACTS);
  }

  async finish(): Promise<void> {
    await this.writeBlocks(1);
    await this.database.bulk(
      `INSERT INTO fact_shape (id, kind, func, role, backend, enable)
       SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5
       FROM json_each(?)`,
      this.newShapes,
    );
  }

  add(fact: Fact): void {
    const row = encodeFact(fact, this.shapeOf(fact), this.placeOf(fact));
    const { rows, lines } = this;
    const at = fact.seq - this.first;
    if (at < 0) {
      this.late.push({ seq: fact.seq, line: fact.line, row });
      return;
    }
    while (rows.length < at) {
      rows.push(TO_COME);
      lines.push(fact.line);
    }
    rows[at] = row;
    lines[at] = fact.line;
  }

  /** Writes the facts in blocks, as long as there are `least`, and those that came late. */
  private async writeBlocks(least: number): Promise<void> {
    const { late } = this;
    this.late = [];
    const blocks = this.takeBlocks(least);
    await this.writePlaces();
    await this.database.each(
      'INSERT INTO fact_block (capture, first_seq, first_line, last_line, facts) VALUES (?, ?, ?, ?, ?)',
      blocks,
    );
    // Their place is in a block that was written.
    await this.database.each(
      `UPDATE fact_block SET facts = json_replace(facts, '$[' || (?1 - first_seq) || ']', json(?2)),
         first_line = min(first_line, ?3), last_line = max(last_line, ?3)
       WHERE capture = ?4
         AND first_seq = (SELECT max(first_seq) FROM fact_block WHERE capture = ?4 AND first_seq <= ?1)`,
      late.map(({ seq, row, line }) => [seq, row, line, this.capture]),
    );
  }

  private takeBlocks(least: number): (string | number)[][] {
    const blocks: (string | number)[][] = [];
    let from = 0;
    for (; this.rows.length - from >= least; from += BLOCK_FACTS) {
      const to = Math.min(from + BLOCK_FACTS, this.rows.length);
      let [low, high] = [Infinity, 0];
      for (let i = from; i < to; i++) {
        const line = this.lines[i] ?? 0;
        low = Math.min(low, line);
        high = Math.max(high, line);
      }
      const text = `[${this.rows.slice(from, to).join(',')}]`;
      blocks.push([this.capture, this.first + from, low, high, text]);
    }
    this.rows = this.rows.slice(from);
    this.lines = this.lines.slice(from);
    this.first += from;
    return blocks;
  }

  private async writePlaces(): Promise<void> {
    const { newPlaces } = this;
    this.newPlaces = [];
    await this.database.bulk(
      `INSERT INTO fact_place (capture, id, session, thread, device, incarnation, endpoint)
       SELECT ${this.capture}, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5
       FROM json_each(?)`,
      newPlaces,
    );
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
      this.newPlaces.push([id, ...row]);
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
