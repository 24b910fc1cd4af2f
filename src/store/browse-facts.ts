/** Facts of a store by windows, for the interactive view: no query gives many more than it was asked for. */
import type { Fact } from '../model/fact.js';
import type { FormatId, Span } from '../model/record.js';
import type { Database } from './database.js';
import { inWords } from './explain.js';
import { decodeFact, placeOfRow, shapeOfRow } from './fact-codec.js';
import type { EncodedFact, FactPlace, FactShape, PlaceRow, ShapeRow } from './fact-codec.js';
import { found } from './found.js';

export interface StoredHead {
  readonly id: number;
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly lines: number;
  readonly formats: readonly FormatId[];
  readonly facts: number;
  readonly ordered: boolean;
  readonly hasProse: boolean;
}

/** Captures in the order of ingest. Errors: STORE_UNUSABLE. */
export async function captureHeads(database: Database): Promise<StoredHead[]> {
  const rows = await inWords(database.path, () =>
    database.all<
      Omit<StoredHead, 'formats' | 'ordered' | 'hasProse'> & {
        formats: string;
        ordered: number;
        prose: number;
      }
    >(
      'SELECT id, path, sha256, bytes, lines, formats, facts, ordered, prose FROM capture ORDER BY id',
    ),
  );
  return rows.map(({ formats, ordered, prose, ...row }) => ({
    ...row,
    formats: JSON.parse(formats) as FormatId[],
    ordered: ordered !== 0,
    hasProse: prose > 0,
  }));
}

/** Lines with trouble, and lines that nothing claims and no person wrote. */
export async function unreadSpans(
  database: Database,
  { id, hasProse }: StoredHead,
): Promise<readonly Span[]> {
  const problems = await database.all<Span>(
    'SELECT first_line AS first, last_line AS last FROM problem WHERE capture = ?',
    id,
  );
  if (!hasProse) return problems;
  const unclaimed = await database.all<Span>(
    `SELECT r.value ->> 1 AS first, r.value ->> 2 AS last
     FROM block b, json_each(b.records) r
     WHERE b.capture = ? AND instr(b.records, '["prose",') > 0
       AND r.value ->> 0 = 'prose' AND r.value ->> 3 = 0`,
    id,
  );
  return [...problems, ...unclaimed];
}

/** The facts of one capture, by their blocks. */
export class StoredFacts {
  private readonly shapes = new Map<number, FactShape>();
  private readonly places = new Map<number, FactPlace>();

  constructor(
    private readonly database: Database,
    private readonly capture: number,
  ) {}

  /** The facts `from` up to `to`, excluded, in order. */
  async window(from: number, to: number): Promise<Fact[]> {
    const blocks = await this.blocks(
      `first_seq < ? AND first_seq >= ${AT_OR_BEFORE}`,
      to,
      this.capture,
      from,
    );
    return (await this.decode(blocks)).filter(({ seq }) => seq >= from && seq < to);
  }

  /** The facts with these numbers, which rise. */
  async at(seqs: readonly number[]): Promise<Fact[]> {
    const wanted = new Set(seqs);
    const blocks = await this.blocks(
      `first_seq IN (SELECT ${AT_OR_BEFORE_EACH} FROM json_each(?) j)`,
      this.capture,
      JSON.stringify(seqs),
    );
    return (await this.decode(blocks)).filter(({ seq }) => wanted.has(seq));
  }

  /** The first fact at a line, or else at the nearest line above it that shows one. */
  async atLine(line: number): Promise<number | undefined> {
    const above = `SELECT max(last_line) FROM fact_block WHERE capture = ? AND last_line <= ?`;
    const blocks = await this.blocks(
      `(first_line <= ? AND last_line > ?) OR last_line = (${above})`,
      line,
      line,
      this.capture,
      line,
    );
    let found: Fact | undefined;
    for (const fact of await this.decode(blocks)) {
      if (fact.line <= line && fact.line > (found?.line ?? -1)) found = fact;
    }
    return found?.seq;
  }

  /** How many facts are of each kind, thread and device, of the facts `from` up to `to`, excluded. */
  async groups(from: number, to: number): Promise<FactGroup[]> {
    // In SQLite's thread: the caller's has better things to do.
    const rows = await this.database.all<{ shape: number; place: number; facts: number }>(
      `SELECT f.value ->> 1 AS shape, f.value ->> 2 AS place, count(*) AS facts
       FROM fact_block b, json_each(b.facts) f
       WHERE b.capture = ? AND b.first_seq >= ? AND b.first_seq < ? GROUP BY 1, 2`,
      this.capture,
      from,
      to,
    );
    await this.fetch(rows.map(({ shape, place }) => [0, shape, place]));
    return rows.map(({ shape, place, facts }) => {
      const { kind } = found(this.shapes, shape);
      const { thread, device } = found(this.places, place);
      return { kind, thread, device, facts };
    });
  }

  /** Where blocks begin: {@link groups} of whole blocks are exact. */
  async starts(): Promise<number[]> {
    const rows = await this.database.all<{ seq: number }>(
      'SELECT first_seq AS seq FROM fact_block WHERE capture = ? ORDER BY first_seq',
      this.capture,
    );
    return rows.map(({ seq }) => seq);
  }

  private blocks(condition: string, ...params: readonly (string | number)[]): Promise<Block[]> {
    return this.database.all<Block>(
      `SELECT first_seq AS first, facts FROM fact_block
       WHERE capture = ? AND (${condition}) ORDER BY first_seq`,
      this.capture,
      ...params,
    );
  }

  private async decode(blocks: readonly Block[]): Promise<Fact[]> {
    const facts: Fact[] = [];
    for (const block of blocks) {
      const rows = JSON.parse(block.facts) as EncodedFact[];
      await this.fetch(rows);
      rows.forEach((row, i) => {
        const [shape, place] = [found(this.shapes, row[1]), found(this.places, row[2])];
        facts.push(decodeFact(block.first + i, row, shape, place));
      });
    }
    return facts;
  }

  /** Fetches the shapes and places that these rows name, as far as they are not known yet. */
  private async fetch(rows: readonly EncodedFact[]): Promise<void> {
    const shapes = new Set<number>();
    const places = new Set<number>();
    for (const [, shape, place] of rows) {
      if (!this.shapes.has(shape)) shapes.add(shape);
      if (!this.places.has(place)) places.add(place);
    }
    for (const { id, row } of await this.database.bulk<{ id: number; row: string }>(
      `SELECT s.id, json_array(s.kind, s.func, s.role, s.backend, s.enable) AS row
       FROM json_each(?) j CROSS JOIN fact_shape s ON s.id = j.value`,
      shapes,
    )) {
      this.shapes.set(id, shapeOfRow(JSON.parse(row) as ShapeRow));
    }
    for (const { id, row } of await this.database.bulk<{ id: number; row: string }>(
      `SELECT p.id, json_array(p.session, p.thread, p.device, p.incarnation, p.endpoint) AS row
       FROM json_each(?) j
       CROSS JOIN fact_place p ON p.capture = j.value ->> 0 AND p.id = j.value ->> 1`,
      Array.from(places, (place) => [this.capture, place]),
    )) {
      this.places.set(id, placeOfRow(JSON.parse(row) as PlaceRow));
    }
  }
}

interface Block {
  /** Number of its first fact. */
  readonly first: number;
  readonly facts: string;
}

/** Where the block begins that holds a fact: capture and number of the fact are bound. */
const AT_OR_BEFORE = '(SELECT max(first_seq) FROM fact_block WHERE capture = ? AND first_seq <= ?)';
const AT_OR_BEFORE_EACH =
  '(SELECT max(first_seq) FROM fact_block WHERE capture = ? AND first_seq <= j.value)';

/** A combination of what facts repeat, with their count. */
export interface FactGroup extends Pick<Fact, 'kind' | 'thread' | 'device'> {
  readonly facts: number;
}
