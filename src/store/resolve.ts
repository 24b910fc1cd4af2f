/** Row ids → texts, frames and stacks: the inverse of interning. */
import type { Arg, Frame } from '../model/record.js';
import type { Database } from './database.js';
import type { EncodedRecord, Resolver } from './record-codec.js';

/** A resolver that has to be told what it will be asked. */
export interface PreparedResolver extends Resolver {
  /** Fetches what `rows` refer to, as far as it is not known yet. Reads text, frame and stack. */
  prepare(rows: readonly EncodedRecord[]): Promise<void>;
}

interface StackRow {
  readonly id: number;
  readonly parent: number;
  readonly frame: number;
}

/** Keeps what it fetched, so that equal ids give the same object. */
export function createResolver(database: Database): PreparedResolver {
  const shapes = new Map<number, readonly string[]>();
  const frames = new Map<number, Frame>();
  const nodes = new Map<number, StackRow>();
  const stacks = new Map<number, readonly Frame[]>();
  const frame = (id: number): Frame => found(frames, id);

  async function prepare(rows: readonly EncodedRecord[]): Promise<void> {
    for (const node of await fetchStacks(database, unknown(stackIds(rows), nodes))) {
      nodes.set(node.id, node);
    }
    const wanted = [...frameIds(rows), ...Array.from(nodes.values(), (node) => node.frame)];
    for (const { id, ...row } of await fetchFrames(database, unknown(wanted, frames))) {
      frames.set(id, frameOf(row));
    }
    for (const { id, value } of await fetchTexts(database, unknown(shapeIds(rows), shapes))) {
      shapes.set(id, JSON.parse(value) as string[]);
    }
  }

  function stack(id: number): readonly Frame[] {
    let result = stacks.get(id);
    if (result === undefined) {
      const walked: Frame[] = [];
      for (let at = id; at !== 0;) {
        const node = found(nodes, at);
        walked.push(frame(node.frame));
        at = node.parent;
      }
      result = walked;
      stacks.set(id, result);
    }
    return result;
  }

  return { prepare, shape: (id) => found(shapes, id), frame, stack };
}

function found<Value>(known: ReadonlyMap<number, Value>, id: number): Value {
  const value = known.get(id);
  if (value === undefined) throw new Error(`the store refers to a row that is not there: ${id}`);
  return value;
}

function unknown(ids: Iterable<number>, known: ReadonlyMap<number, unknown>): Set<number> {
  const result = new Set<number>();
  for (const id of ids) if (id !== 0 && !known.has(id)) result.add(id);
  return result;
}

function* stackIds(rows: readonly EncodedRecord[]): Generator<number> {
  for (const row of rows) if (row[0] === 'backtrace') yield row[3];
}

function* frameIds(rows: readonly EncodedRecord[]): Generator<number> {
  for (const row of rows) if (row[0] === 'stop' && row[6] !== null) yield row[6];
}

function* shapeIds(rows: readonly EncodedRecord[]): Generator<number> {
  for (const row of rows) if (row[0] === 'event') yield row[3];
}

function fetchStacks(database: Database, ids: Iterable<number>): Promise<StackRow[]> {
  return database.bulk(
    `WITH RECURSIVE up (id, parent, frame) AS (
       SELECT s.id, s.parent, s.frame FROM json_each(?) j CROSS JOIN stack s ON s.id = j.value
       UNION
       SELECT s.id, s.parent, s.frame FROM up CROSS JOIN stack s ON s.id = up.parent
       WHERE up.parent <> 0
     )
     SELECT id, parent, frame FROM up`,
    ids,
  );
}

function fetchTexts(
  database: Database,
  ids: Iterable<number>,
): Promise<{ id: number; value: string }[]> {
  return database.bulk(
    'SELECT t.id, t.value FROM json_each(?) j CROSS JOIN text t ON t.id = j.value',
    ids,
  );
}

interface FrameRow {
  readonly kind: Frame['kind'];
  readonly address: string;
  readonly printed: string;
  readonly func: string;
  readonly args: string | null;
  readonly file: string | null;
  readonly line: number;
  readonly lib: string | null;
}

function fetchFrames(
  database: Database,
  ids: Iterable<number>,
): Promise<(FrameRow & { readonly id: number })[]> {
  return database.bulk(
    `SELECT f.id, f.kind, f.address, f.printed, func.value AS func, args.value AS args,
            file.value AS file, f.line, lib.value AS lib
     FROM json_each(?) j CROSS JOIN frame f ON f.id = j.value
     CROSS JOIN text func ON func.id = f.func CROSS JOIN text args ON args.id = f.args
     CROSS JOIN text file ON file.id = f.file CROSS JOIN text lib ON lib.id = f.lib`,
    ids,
  );
}

function frameOf(row: FrameRow): Frame {
  const address = row.printed === '' ? row.address : row.printed;
  return {
    kind: row.kind,
    address: address === '' ? undefined : address,
    func: row.func,
    args: row.args === null ? undefined : argsOf(row.args),
    file: row.file ?? undefined,
    line: row.line === -1 ? undefined : row.line,
    lib: row.lib ?? undefined,
  };
}

function argsOf(json: string): Arg[] {
  const args = JSON.parse(json) as Partial<Arg>[];
  return args.map(({ name = '', value, entry }) => ({ name, value, entry }));
}
