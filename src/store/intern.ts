/**
 * Gives every text, frame and call stack of a reading its row, and makes the rows that are missing.
 *
 * All three tables only grow, inside one write transaction, so ids can be counted up here and no
 * row has to be read back after it was inserted.
 */
import type { Arg, Backtrace, CaptureRecord, Frame, TraceEvent } from '../model/record.js';
import type { Database } from './database.js';
import { EventShapes } from './event-shapes.js';
import { sortableHex } from './hex.js';
import { wellFormed } from './well-formed.js';

/** Row ids of what a reading holds. Asking for anything else is a bug and throws. */
export interface Interned {
  text(value: string | undefined): number;
  shape(event: TraceEvent): number;
  frame(frame: Frame): number;
  stack(backtrace: Backtrace): number;
}

/** Interns the frames and stacks of `records`, their texts, and `texts`. Writes text, frame and stack. */
export async function intern(
  database: Database,
  records: readonly CaptureRecord[],
  texts: Iterable<string>,
): Promise<Interned> {
  const frames = distinctFrames(records);
  const shapes = new EventShapes(records);
  const textIds = await internTexts(database, allTexts(shapes, frames, texts));
  const text = (value: string | undefined): number =>
    value === undefined ? 0 : known(textIds, wellFormed(value));
  for (const shape of shapes.all()) shape.id = text(shape.text);
  const frameIds = await internFrames(database, frames, text);
  const frame = (value: Frame): number => known(frameIds, value);
  const stackIds = await internStacks(database, records, frame);
  return {
    text,
    shape: (event) => shapes.find(event).id,
    frame,
    stack: (value) => known(stackIds, value),
  };
}

function known<Key>(ids: ReadonlyMap<Key, number>, key: Key): number {
  const id = ids.get(key);
  if (id === undefined) throw new Error('asked for a row of something that was not interned');
  return id;
}

function distinctFrames(records: readonly CaptureRecord[]): Set<Frame> {
  const frames = new Set<Frame>();
  for (const record of records) {
    if (record.kind === 'backtrace') for (const frame of record.frames) frames.add(frame);
    else if (record.kind === 'stop' && record.frame !== undefined) frames.add(record.frame);
  }
  return frames;
}

function* allTexts(
  shapes: EventShapes,
  frames: Iterable<Frame>,
  texts: Iterable<string>,
): Generator<string> {
  yield* texts;
  for (const shape of shapes.all()) yield shape.text;
  for (const { func, args, file, lib } of frames) {
    yield func;
    if (args !== undefined) yield argsText(args);
    if (file !== undefined) yield file;
    if (lib !== undefined) yield lib;
  }
}

function argsText(args: readonly Arg[]): string {
  return JSON.stringify(args, (_key, value: unknown) =>
    typeof value === 'string' ? wellFormed(value) : value,
  );
}

async function nextId(database: Database, table: 'text' | 'frame' | 'stack'): Promise<number> {
  const [row] = await database.all<{ id: number }>(
    `SELECT coalesce(max(id), 0) + 1 AS id FROM ${table}`,
  );
  return row?.id ?? 1;
}

async function internTexts(
  database: Database,
  values: Iterable<string>,
): Promise<Map<string, number>> {
  const texts = [...new Set(Array.from(values, wellFormed))];
  const ids = new Map<string, number>();
  const found = await database.bulk<{ value: string; id: number }>(
    `SELECT t.value, t.id FROM json_each(?) j CROSS JOIN text t ON t.value = j.value`,
    texts,
  );
  for (const { value, id } of found) ids.set(value, id);
  let id = await nextId(database, 'text');
  const missing: [number, string][] = [];
  for (const value of texts) {
    if (ids.has(value)) continue;
    missing.push([id, value]);
    ids.set(value, id++);
  }
  await database.bulk(
    'INSERT INTO text (id, value) SELECT value ->> 0, value ->> 1 FROM json_each(?)',
    missing,
  );
  return ids;
}

const FRAME_COLUMNS = 'func, address, args, file, line, kind, printed, lib';

async function internFrames(
  database: Database,
  frames: Iterable<Frame>,
  text: Interned['text'],
): Promise<Map<Frame, number>> {
  const keys = new Map<Frame, string>();
  for (const frame of frames) keys.set(frame, JSON.stringify(frameRow(frame, text)));
  const rows = [...new Set(keys.values())];
  const ids = new Map<string, number>();
  const match = FRAME_COLUMNS.split(', ').map((name, i) => `f.${name} = j.value ->> ${i}`);
  const found = await database.bulk<{ key: string; id: number }>(
    `SELECT j.value AS key, f.id FROM json_each(?) j CROSS JOIN frame f ON ${match.join(' AND ')}`,
    rows.map(parse),
  );
  for (const { key, id } of found) ids.set(key, id);
  let id = await nextId(database, 'frame');
  const missing: unknown[][] = [];
  for (const key of rows) {
    if (ids.has(key)) continue;
    missing.push([id, ...parse(key)]);
    ids.set(key, id++);
  }
  const values = Array.from({ length: 9 }, (_, i) => `value ->> ${i}`).join(', ');
  await database.bulk(
    `INSERT INTO frame (id, ${FRAME_COLUMNS}) SELECT ${values} FROM json_each(?)`,
    missing,
  );
  return new Map(Array.from(keys, ([frame, key]) => [frame, known(ids, key)]));
}

/** Values of {@link FRAME_COLUMNS}. */
function frameRow(frame: Frame, text: Interned['text']): readonly (string | number)[] {
  const address = frame.address === undefined ? '' : sortableHex(wellFormed(frame.address));
  const printed = frame.address === undefined ? '' : wellFormed(frame.address);
  return [
    text(frame.func),
    address,
    text(frame.args && argsText(frame.args)),
    text(frame.file),
    frame.line ?? -1,
    frame.kind,
    printed === address ? '' : printed,
    text(frame.lib),
  ];
}

function parse(key: string): unknown[] {
  return JSON.parse(key) as unknown[];
}

/** A row of the trie that is wanted; `id` is 0 until it has one. */
interface Node {
  id: number;
  readonly frame: number;
  readonly children: Map<number, Node>;
}

async function internStacks(
  database: Database,
  records: readonly CaptureRecord[],
  frame: Interned['frame'],
): Promise<Map<Backtrace, number>> {
  const root: Node = { id: 0, frame: 0, children: new Map() };
  const leaves = new Map<Backtrace, Node>();
  for (const record of records) {
    if (record.kind !== 'backtrace') continue;
    let node = root;
    // From the outermost caller inwards, so that stacks share what they have in common.
    for (const each of record.frames.toReversed()) node = childOf(node, frame(each));
    leaves.set(record, node);
  }
  await placeNodes(database, root);
  return new Map(Array.from(leaves, ([backtrace, node]) => [backtrace, node.id]));
}

function childOf(node: Node, frame: number): Node {
  let child = node.children.get(frame);
  if (child === undefined) {
    child = { id: 0, frame, children: new Map() };
    node.children.set(frame, child);
  }
  return child;
}

interface StackRow {
  readonly parent: number;
  readonly frame: number;
  readonly id: number;
}

/** Level by level: below a node that the store had, children may be there too; below a new one, none. */
async function placeNodes(database: Database, root: Node): Promise<void> {
  const first = await nextId(database, 'stack');
  let id = first;
  const missing: StackRow[] = [];
  let level: Node[] = [root];
  while (level.length > 0) {
    await findChildren(
      database,
      level.filter((node) => node.id < first),
    );
    const next: Node[] = [];
    for (const parent of level) {
      for (const child of parent.children.values()) {
        if (child.id === 0) {
          child.id = id++;
          missing.push({ parent: parent.id, frame: child.frame, id: child.id });
        }
        next.push(child);
      }
    }
    level = next;
  }
  await database.bulk(
    `INSERT INTO stack (id, parent, frame)
     SELECT value ->> 'id', value ->> 'parent', value ->> 'frame' FROM json_each(?)`,
    missing,
  );
}

/** Fills in the ids of those children of `parents` that the store has. */
async function findChildren(database: Database, parents: readonly Node[]): Promise<void> {
  const byId = new Map(parents.map((node) => [node.id, node]));
  const wanted = parents.flatMap((node) =>
    Array.from(node.children.keys(), (frame) => [node.id, frame]),
  );
  const found = await database.bulk<StackRow>(
    `SELECT s.parent, s.frame, s.id FROM json_each(?) j
     CROSS JOIN stack s ON s.parent = j.value ->> 0 AND s.frame = j.value ->> 1`,
    wanted,
  );
  for (const row of found) {
    const child = byId.get(row.parent)?.children.get(row.frame);
    if (child !== undefined) child.id = row.id;
  }
}
