/**
 * Trace events as the store keeps them: a log has millions, so they wait for nothing. Their shapes are numbered
 * here and written with the block.
 */
import type { TraceEvent } from '../model/record.js';
import type { Database } from './database.js';
import { EventShapes } from './event-shapes.js';
import type { Shape } from './event-shapes.js';
import { wellFormedJson } from './well-formed.js';

/** Shapes of other captures that are used again; a store has dozens, if nobody makes up events. */
const MOST_SHAPES = 10_000;

/** What the store keeps of an event, but for its lines, its thread and its time. */
export interface StoredEvent {
  readonly name: string;
  readonly text: string;
  readonly shape: Shape;
  /** JSON array of the values. */
  readonly values: string;
  /** Row of `event_again`; 0 before it comes again. */
  id: number;
}

export class EventRows {
  private readonly shapes = new EventShapes();
  /** By the frozen object of arguments that equal events share. */
  private readonly known = new WeakMap<object, StoredEvent>();
  private newShapes: [id: number, value: string][] = [];
  private newAgain: [capture: number, id: number, shape: number, args: string][] = [];
  private again = 0;

  private constructor(
    private readonly database: Database,
    private readonly capture: number,
    private readonly ids: Map<string, number>,
    private nextId: number,
  ) {}

  /** Inside of the transaction that writes the capture. */
  static async create(database: Database, capture: number): Promise<EventRows> {
    const [last] = await database.all<{ id: number }>(
      'SELECT coalesce(max(id), 0) AS id FROM event_shape',
    );
    const rows = await database.all<{ id: number; value: string }>(
      'SELECT id, value FROM event_shape LIMIT ?',
      MOST_SHAPES,
    );
    const ids = new Map(rows.map(({ id, value }) => [value, id]));
    return new EventRows(database, capture, ids, (last?.id ?? 0) + 1);
  }

  /** What the event is stored as. Call once for each. */
  know(event: TraceEvent): StoredEvent {
    const { args } = event;
    return args !== undefined && Object.isFrozen(args) ? this.seen(args, event) : this.read(event);
  }

  /** Writes what is new. */
  async write(): Promise<void> {
    const { newShapes, newAgain } = this;
    this.newShapes = [];
    this.newAgain = [];
    await this.database.bulk(
      'INSERT INTO event_shape (id, value) SELECT value ->> 0, value ->> 1 FROM json_each(?)',
      newShapes,
    );
    await this.database.bulk(
      `INSERT INTO event_again (capture, id, shape, args)
       SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?)`,
      newAgain,
    );
  }

  private seen(args: object, event: TraceEvent): StoredEvent {
    const known = this.known.get(args);
    if (known?.text !== event.text || known.name !== event.name) {
      const found = this.read(event);
      this.known.set(args, found);
      return found;
    }
    if (known.id === 0 && known.shape.pieces !== undefined) {
      known.id = ++this.again;
      this.newAgain.push([this.capture, known.id, known.shape.id, known.values]);
    }
    return known;
  }

  private read(event: TraceEvent): StoredEvent {
    const { name, args, text } = event;
    const shape = this.shapes.find(event);
    if (shape.id === 0) shape.id = this.idOf(shape.text);
    const values = args === undefined ? 'null' : wellFormedJson(Object.values(args));
    return { name, text, shape, values, id: 0 };
  }

  private idOf(text: string): number {
    let id = this.ids.get(text);
    if (id === undefined) {
      id = this.nextId++;
      this.ids.set(text, id);
      this.newShapes.push([id, text]);
    }
    return id;
  }
}

/** The row of an event that is stored by itself, see `EncodedRecord`. */
export function rowOfEvent(event: TraceEvent, { shape, values, id }: StoredEvent): string {
  const { span, tid = null, time, text, pid } = event;
  const { first } = span;
  const last = span.last === first ? 'null' : span.last;
  const when = time === undefined ? 'null' : wellFormedJson(time);
  const process = pid === undefined ? '' : `,${wellFormedJson(pid)}`;
  if (id > 0) {
    const end = process === '' ? '' : `,null,null${process}`;
    return `["event",${first},${last},-${id},${tid},${when}${end}]`;
  }
  const own = shape.pieces === undefined ? wellFormedJson(text) : 'null';
  return `["event",${first},${last},${shape.id},${tid},${when},${own},${values}${process}]`;
}
