/**
 * Gives every text, frame and call stack of a capture its row, and makes the rows that are missing.
 *
 * Their tables only grow, inside one write transaction, so ids can be counted up here and no
 * row has to be read back after it was inserted. A capture comes in batches: what was seen lately is
 * remembered, what was forgotten is found in the store again.
 */
import { detached } from '../base/detached.js';
import { Recent } from '../base/recent.js';
import type { Backtrace, CaptureRecord, Frame, ThreadRef } from '../model/record.js';
import type { Database } from './database.js';
import { FrameRows } from './frame-rows.js';
import { StackTrie } from './stack-trie.js';
import { wellFormed, wellFormedJson } from './well-formed.js';

/** Row ids of what a batch holds. Asking for anything else is a bug and throws. */
export interface Interned {
  /** The row of its JSON text. */
  thread(thread: ThreadRef): number;
  frame(frame: Frame): number;
  stack(backtrace: Backtrace): number;
}

/** Texts that are remembered from batch to batch. */
const MOST_TEXTS = 8192;

/** Interns the batches of one capture. Create it inside of the transaction that writes the capture. */
export class Interner {
  private readonly texts = new Recent<number>(MOST_TEXTS);

  private constructor(
    private readonly database: Database,
    private nextText: number,
    private readonly frames: FrameRows,
    private readonly stacks: StackTrie,
  ) {}

  static async create(database: Database): Promise<Interner> {
    const [frame, shape] = [await nextId(database, 'frame'), await nextId(database, 'shape')];
    const frames = new FrameRows(database, frame, shape);
    const stacks = new StackTrie(database, await nextId(database, 'stack'));
    return new Interner(database, await nextId(database, 'text'), frames, stacks);
  }

  /** Interns the frames and stacks of `records` and their texts. Writes text, frame and stack. */
  async intern(records: readonly CaptureRecord[]): Promise<Interned> {
    const frameTexts = this.frames.prepare(records);
    const threads = threadsOf(records);
    const textIds = await this.internTexts(allTexts(frameTexts, new Set(threads.values())));
    const text = (value: string | undefined): number =>
      value === undefined ? 0 : known(textIds.get(value) ?? textIds.get(wellFormed(value)));
    await this.frames.write(text);
    const frame = (value: Frame): number => known(this.frames.find(value));
    const stacks = await this.stacks.place(records, frame);
    return {
      thread: (ref) => text(threads.get(ref)),
      frame,
      stack: (value) => known(stacks.get(value)),
    };
  }

  private async internTexts(values: Iterable<string>): Promise<ReadonlyMap<string, number>> {
    const ids = new Map<string, number>();
    const forgotten = new Set<string>();
    for (const given of new Set(values)) {
      const value = wellFormed(given);
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
      this.texts.set(detached(value), id);
    }
    await this.database.bulk(
      'INSERT INTO text (id, value) SELECT value ->> 0, value ->> 1 FROM json_each(?)',
      missing,
    );
    return ids;
  }
}

/** The threads of stops and notices as JSON. */
function threadsOf(records: readonly CaptureRecord[]): ReadonlyMap<ThreadRef, string> {
  const threads = new Map<ThreadRef, string>();
  for (const record of records) {
    if (record.kind !== 'stop' && record.kind !== 'thread') continue;
    const { thread } = record;
    if (thread !== undefined && !threads.has(thread)) threads.set(thread, wellFormedJson(thread));
  }
  return threads;
}

function known(id: number | undefined): number {
  if (id === undefined) throw new Error('asked for a row of something that was not interned');
  return id;
}

function* allTexts(...texts: readonly Iterable<string>[]): Generator<string> {
  for (const some of texts) yield* some;
}

async function nextId(
  database: Database,
  table: 'text' | 'shape' | 'frame' | 'stack',
): Promise<number> {
  const [row] = await database.all<{ id: number }>(
    `SELECT coalesce(max(id), 0) + 1 AS id FROM ${table}`,
  );
  return row?.id ?? 1;
}
