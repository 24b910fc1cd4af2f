/** Row ids → texts, frames and stacks: the inverse of interning. */
import type { Frame, ThreadRef } from '../model/record.js';
import type { Database } from './database.js';
import { eventShapeOf } from './event-shapes.js';
import type { EventShape } from './event-shapes.js';
import { found } from './found.js';
import { loadedArgs } from './frame-args.js';
import type { EncodedRecord, Resolver } from './record-codec.js';

/** A resolver that has to be told what it will be asked. */
export interface PreparedResolver extends Resolver {
  /** Fetches what `rows` refer to, as far as it is not known yet. Reads text, event_shape, event_again, shape, frame and stack. */
  prepare(rows: readonly EncodedRecord[]): Promise<void>;
  /** The same for rows of event_shape, or negative of event_again, alone. */
  prepareEvents(ids: Iterable<number>): Promise<void>;
}

interface StackRow {
  readonly id: number;
  readonly parent: number;
  readonly frame: number;
}

/** For the records of one capture. Keeps what it fetched, so that equal ids give the same object. */
export function createResolver(database: Database, capture: number): PreparedResolver {
  const threads = new Map<number, ThreadRef>();
  const events = new Map<number, EventShape>();
  const shapes = new Map<number, Shape>();
  const frames = new Map<number, Frame>();
  const nodes = new Map<number, StackRow>();
  const stacks = new Map<number, readonly Frame[]>();
  const frame = (id: number): Frame => found(frames, id);

  async function prepare(rows: readonly EncodedRecord[]): Promise<void> {
    for (const node of await fetchStacks(database, unknown(stackIds(rows), nodes))) {
      nodes.set(node.id, node);
    }
    const wanted = [...frameIds(rows), ...Array.from(nodes.values(), (node) => node.frame)];
    const fetched = await fetchFrames(database, unknown(wanted, frames));
    const unseen = unknown(
      fetched.map(({ shape }) => shape),
      shapes,
    );
    for (const row of await fetchShapes(database, unseen)) shapes.set(row.id, shapeOf(row));
    for (const row of fetched) frames.set(row.id, frameOf(row, found(shapes, row.shape)));
    for (const { id, value } of await fetchTexts(database, unknown(threadIds(rows), threads))) {
      threads.set(id, JSON.parse(value) as ThreadRef);
    }
    await prepareEvents(eventIds(rows));
  }

  async function prepareEvents(ids: Iterable<number>): Promise<void> {
    for (const event of await fetchEvents(database, capture, unknown(ids, events))) {
      events.set(event.id, eventShapeOf(event.value, event.args));
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

  return {
    prepare,
    prepareEvents,
    shape: (id) => found(events, id),
    thread: (id) => found(threads, id),
    frame,
    stack,
  };
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

function* threadIds(rows: readonly EncodedRecord[]): Generator<number> {
  for (const row of rows) {
    if (row[0] === 'stop' && typeof row[5] === 'number') yield row[5];
    else if (row[0] === 'thread' && typeof row[4] === 'number') yield row[4];
  }
}

function* eventIds(rows: readonly EncodedRecord[]): Generator<number> {
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

function fetchEvents(
  database: Database,
  capture: number,
  ids: Iterable<number>,
): Promise<{ id: number; value: string; args: string | null }[]> {
  return database.bulk(
    `SELECT j.value ->> 1 AS id, s.value, a.args
     FROM json_each(?) j
     LEFT JOIN event_again a ON a.capture = j.value ->> 0 AND a.id = -(j.value ->> 1)
     CROSS JOIN event_shape s ON s.id = coalesce(a.shape, j.value ->> 1)`,
    Array.from(ids, (id) => [capture, id]),
  );
}

/** What frames from one place have in common. */
interface ShapeRow {
  readonly id: number;
  readonly kind: Frame['kind'];
  readonly func: string;
  readonly names: string | null;
  readonly file: string | null;
  readonly line: number;
  readonly lib: string | null;
}

interface FrameRow {
  readonly id: number;
  readonly shape: number;
  readonly address: string | null;
  readonly args: string;
}

type Shape = Omit<Frame, 'address' | 'args'> & { readonly names: readonly string[] | undefined };

function fetchFrames(database: Database, ids: Iterable<number>): Promise<FrameRow[]> {
  return database.bulk(
    `SELECT f.id, f.shape, address.value AS address, f.args
     FROM json_each(?) j CROSS JOIN frame f ON f.id = j.value
     CROSS JOIN text address ON address.id = f.address`,
    ids,
  );
}

function fetchShapes(database: Database, ids: Iterable<number>): Promise<ShapeRow[]> {
  return database.bulk(
    `SELECT s.id, s.kind, func.value AS func, names.value AS names, file.value AS file, s.line,
            lib.value AS lib
     FROM json_each(?) j CROSS JOIN shape s ON s.id = j.value
     CROSS JOIN text func ON func.id = s.func CROSS JOIN text names ON names.id = s.names
     CROSS JOIN text file ON file.id = s.file CROSS JOIN text lib ON lib.id = s.lib`,
    ids,
  );
}

function shapeOf({ kind, func, names, file, line, lib }: ShapeRow): Shape {
  return {
    kind,
    func,
    names: names === null ? undefined : (JSON.parse(names) as string[]),
    file: file ?? undefined,
    line: line === -1 ? undefined : line,
    lib: lib ?? undefined,
  };
}

function frameOf(row: FrameRow, { names, kind, func, file, line, lib }: Shape): Frame {
  const values = row.args === '' ? [] : (JSON.parse(row.args) as (string | null)[]);
  return {
    kind,
    address: row.address ?? undefined,
    func,
    args: names && loadedArgs({ names, values }),
    file,
    line,
    lib,
  };
}
