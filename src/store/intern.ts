/**
 * Gives every text, frame and call stack of a capture its row, and makes the rows that are missing.
 *
 * All three tables only grow, inside one write transaction, so ids can be counted up here and no
 * row has to be read back after it was inserted. A capture comes in batches: what was seen lately is
 * remembered, what was forgotten is found in the store again.
 */
import { Recent } from '../base/recent.js';
import type { Arg, Backtrace, CaptureRecord, Frame, TraceEvent } from '../model/record.js';
import type { Database } from './database.js';
import { EventShapes } from './event-shapes.js';
import type { Shape } from './event-shapes.js';
import { sortableHex } from './hex.js';
import { StackTrie } from './stack-trie.js';
import { wellFormed } from './well-formed.js';

/** Row ids of what a batch holds. Asking for anything else is a bug and throws. */
export interface Interned {
  text(value: string | undefined): number;
  shape(event: TraceEvent): number;
  frame(frame: Frame): number;
  stack(backtrace: Backtrace): number;
}

/** Texts that are remembered from batch to batch. */
const MOST_TEXTS = 8192;

/** Interns the batches of one capture. Create it inside of the transaction that writes the capture. */
export class Interner {
  private readonly texts = new Recent<string, number>(MOST_TEXTS);
  private readonly frames = new WeakMap<Frame, number>();
  private readonly shapes = new EventShapes();

  private constructor(
    private readonly database: Database,
    private nextText: number,
    private nextFrame: number,
    private readonly stacks: StackTrie,
  ) {}

  static async create(database: Database): Promise<Interner> {
    const [text, frame, stack] = [
      await nextId(database, 'text'),
      await nextId(database, 'frame'),
      await nextId(database, 'stack'),
    ];
    return new Interner(database, text, frame, new StackTrie(database, stack));
  }

  /** Interns the frames and stacks of `records`, their texts, and `texts`. Writes text, frame and stack. */
  async intern(records: readonly CaptureRecord[], texts: Iterable<string> = []): Promise<Interned> {
    const frames = this.newFrames(records);
    const shapes = this.newShapes(records);
    const textIds = await this.internTexts(allTexts(shapes, frames, texts));
    const text = (value: string | undefined): number =>
      value === undefined ? 0 : known(textIds.get(wellFormed(value)));
    for (const shape of shapes) shape.id = text(shape.text);
    await this.internFrames(frames, text);
    const frame = (value: Frame): number => known(this.frames.get(value));
    const stacks = await this.stacks.place(records, frame);
    return {
      text,
      shape: (event) => this.shapes.find(event).id,
      frame,
      stack: (value) => known(stacks.get(value)),
    };
  }

  private newFrames(records: readonly CaptureRecord[]): Set<Frame> {
    const frames = new Set<Frame>();
    const note = (frame: Frame): void => {
      if (!this.frames.has(frame)) frames.add(frame);
    };
    for (const record of records) {
      if (record.kind === 'backtrace') record.frames.forEach(note);
      else if (record.kind === 'stop' && record.frame !== undefined) note(record.frame);
    }
    return frames;
  }

  private newShapes(records: readonly CaptureRecord[]): Set<Shape> {
    const shapes = new Set<Shape>();
    for (const record of records) {
      if (record.kind !== 'event') continue;
      const shape = this.shapes.find(record);
      if (shape.id === 0) shapes.add(shape);
    }
    return shapes;
  }

  private async internTexts(values: Iterable<string>): Promise<ReadonlyMap<string, number>> {
    const ids = new Map<string, number>();
    const forgotten = new Set<string>();
    for (const value of new Set(Array.from(values, wellFormed))) {
      const id = this.texts.get(value);
      if (id === undefined) forgotten.add(value);
      else ids.set(value, id);
    }
    const found = await this.database.bulk<{ value: string; id: number }>(
      `SELECT t.value, t.id FROM json_each(?) j CROSS JOIN text t ON t.value = j.value`,
      forgotten,
    );
    for (const { value, id } of found) ids.set(value, id);
    const missing: [number, string][] = [];
    for (const value of forgotten) {
      let id = ids.get(value);
      if (id === undefined) {
        id = this.nextText++;
        missing.push([id, value]);
        ids.set(value, id);
      }
      this.texts.set(value, id);
    }
    await this.database.bulk(
      'INSERT INTO text (id, value) SELECT value ->> 0, value ->> 1 FROM json_each(?)',
      missing,
    );
    return ids;
  }

  private async internFrames(frames: ReadonlySet<Frame>, text: Interned['text']): Promise<void> {
    const keys = new Map<Frame, string>();
    for (const frame of frames) keys.set(frame, JSON.stringify(frameRow(frame, text)));
    const rows = [...new Set(keys.values())];
    const ids = new Map<string, number>();
    const match = FRAME_COLUMNS.split(', ').map((name, i) => `f.${name} = j.value ->> ${i}`);
    const found = await this.database.bulk<{ key: string; id: number }>(
      `SELECT j.value AS key, f.id FROM json_each(?) j CROSS JOIN frame f ON ${match.join(' AND ')}`,
      rows.map(parse),
    );
    for (const { key, id } of found) ids.set(key, id);
    const missing: unknown[][] = [];
    for (const key of rows) {
      if (ids.has(key)) continue;
      const id = this.nextFrame++;
      missing.push([id, ...parse(key)]);
      ids.set(key, id);
    }
    const values = Array.from({ length: 9 }, (_, i) => `value ->> ${i}`).join(', ');
    await this.database.bulk(
      `INSERT INTO frame (id, ${FRAME_COLUMNS}) SELECT ${values} FROM json_each(?)`,
      missing,
    );
    for (const [frame, key] of keys) this.frames.set(frame, known(ids.get(key)));
  }
}

function known(id: number | undefined): number {
  if (id === undefined) throw new Error('asked for a row of something that was not interned');
  return id;
}

function* allTexts(
  shapes: Iterable<Shape>,
  frames: Iterable<Frame>,
  texts: Iterable<string>,
): Generator<string> {
  yield* texts;
  for (const shape of shapes) yield shape.text;
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

const FRAME_COLUMNS = 'func, address, args, file, line, kind, printed, lib';

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
