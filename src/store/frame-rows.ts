/**
 * Rows of frames. What calls from one place have in common is a row of `shape`; a frame adds the values of
 * its arguments and its address. Equal frames have one row, which is found by a digest: an index of the values
 * themselves would be as large as they are.
 */
import { Recent } from '../base/recent.js';
import type { Frame } from '../model/record.js';
import type { Database } from './database.js';
import { storedArgs } from './frame-args.js';
import { wellFormedJson } from './well-formed.js';

/** Shapes that are remembered from batch to batch. */
const MOST_SHAPES = 8192;

/** A frame on its way into the store. */
interface Draft {
  readonly frame: Frame;
  /** JSON array; undefined without argument list. */
  readonly names: string | undefined;
  /** Tells its shape from others. */
  readonly key: string;
  /** JSON array of the values; empty without argument list. */
  readonly args: string;
}

type Content = readonly [shape: number, digest: number, address: number, args: string];

type TextId = (text: string | undefined) => number;

export class FrameRows {
  private readonly ids = new WeakMap<Frame, number>();
  private readonly shapes = new Recent<number>(MOST_SHAPES);
  private drafts: readonly Draft[] = [];

  constructor(
    private readonly database: Database,
    private nextFrame: number,
    private nextShape: number,
  ) {}

  /** The row of a frame; undefined before it was written. */
  find(frame: Frame): number | undefined {
    return this.ids.get(frame);
  }

  /** Begins a batch; gives the texts that {@link write} will ask for. */
  prepare(frames: Iterable<Frame>): Iterable<string> {
    this.drafts = Array.from(new Set(frames))
      .filter((frame) => !this.ids.has(frame))
      .map(draftOf);
    return this.texts();
  }

  private *texts(): Generator<string> {
    for (const { frame, names, key } of this.drafts) {
      const { address, func, file, lib } = frame;
      if (address !== undefined) yield address;
      if (this.shapes.get(key) !== undefined) continue;
      for (const text of [func, names, file, lib]) if (text !== undefined) yield text;
    }
  }

  /** Writes the frames of the batch, and their shapes. */
  async write(text: TextId): Promise<void> {
    const firstShape = this.nextShape;
    const shapes = await this.writeShapes(text);
    const { drafts } = this;
    this.drafts = [];
    const contents = drafts.map((draft) => contentOf(draft, known(shapes.get(draft.key)), text));
    const keys = contents.map((content) => content.join(' '));
    const rows = new Map(keys.map((key, i) => [key, { content: known(contents[i]), id: 0 }]));
    // No frame of a new shape was there before.
    const perhaps = [...rows.values()].filter(({ content: [shape] }) => shape < firstShape);
    const found = await this.database.bulk<{ at: number; id: number }>(
      `SELECT j.key AS at, f.id FROM json_each(?) j
       CROSS JOIN frame f ON f.shape = j.value ->> 0 AND f.digest = j.value ->> 1
       WHERE f.address = j.value ->> 2 AND f.args = j.value ->> 3`,
      perhaps.map(({ content }) => content),
    );
    for (const { at, id } of found) known(perhaps[at]).id = id;
    const missing: unknown[][] = [];
    for (const row of rows.values()) {
      if (row.id !== 0) continue;
      row.id = this.nextFrame++;
      missing.push([row.id, ...row.content]);
    }
    await this.database.bulk(
      `INSERT INTO frame (id, shape, digest, address, args)
       SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4 FROM json_each(?)`,
      missing,
    );
    for (const [i, { frame }] of drafts.entries()) {
      this.ids.set(frame, known(rows.get(known(keys[i]))).id);
    }
  }

  /** Rows of the shapes of the batch, by their key. */
  private async writeShapes(text: TextId): Promise<ReadonlyMap<string, number>> {
    const ids = new Map<string, number>();
    const unknown = new Map<string, Draft>();
    for (const draft of this.drafts) {
      const id = this.shapes.get(draft.key);
      if (id === undefined) unknown.set(draft.key, draft);
      else ids.set(draft.key, id);
    }
    const rows = Array.from(unknown.values(), (draft) => shapeRow(draft, text));
    const keys = [...unknown.keys()];
    const match = SHAPE_COLUMNS.split(', ').map((name, i) => `s.${name} = j.value ->> ${i}`);
    const found = await this.database.bulk<{ at: number; id: number }>(
      `SELECT j.key AS at, s.id FROM json_each(?) j CROSS JOIN shape s ON ${match.join(' AND ')}`,
      rows,
    );
    for (const { at, id } of found) ids.set(keys[at] ?? '', id);
    const missing: unknown[][] = [];
    for (const [i, key] of keys.entries()) {
      let id = ids.get(key);
      if (id === undefined) {
        id = this.nextShape++;
        missing.push([id, ...(rows[i] ?? [])]);
        ids.set(key, id);
      }
      this.shapes.set(key, id);
    }
    await this.database.bulk(
      `INSERT INTO shape (id, ${SHAPE_COLUMNS})
       SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6
       FROM json_each(?)`,
      missing,
    );
    return ids;
  }
}

function known<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('a row that this batch has');
  return value;
}

function draftOf(frame: Frame): Draft {
  const { kind, func, file, line, lib } = frame;
  const stored = frame.args && storedArgs(frame.args);
  const names = stored && wellFormedJson(stored.names);
  return {
    frame,
    names,
    key: JSON.stringify([kind, func, file, line, lib, names]),
    args: stored === undefined ? '' : wellFormedJson(stored.values),
  };
}

const SHAPE_COLUMNS = 'func, names, file, line, kind, lib';

/** Values of {@link SHAPE_COLUMNS}. */
function shapeRow({ frame, names }: Draft, text: TextId): readonly (string | number)[] {
  const { func, file, line, kind, lib } = frame;
  return [text(func), text(names), text(file), line ?? -1, kind, text(lib)];
}

function contentOf({ frame, args }: Draft, shape: number, text: TextId): Content {
  const digest = digestOf((frame.address ?? '') + args);
  return [shape, digest, text(frame.address), args];
}

/** The same as in migrations/003-shapes.ts: of each character 31 times what came before, plus its code. */
function digestOf(text: string): number {
  let digest = 0;
  for (let i = 0; i < text.length; i++) digest = (digest * 31 + text.charCodeAt(i)) & 0x7fff_ffff;
  return digest;
}
