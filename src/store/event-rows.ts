/**
 * Trace events as rows of a block, at once: a log has millions, so they wait for nothing. Their shapes are
 * numbered here and written with the block.
 */
import type { TraceEvent } from '../model/record.js';
import type { Database } from './database.js';
import { EventShapes } from './event-shapes.js';
import type { Shape } from './event-shapes.js';
import { wellFormedJson } from './well-formed.js';

/** Shapes of other captures that are used again; a store has dozens, if nobody makes up events. */
const MOST_SHAPES = 10_000;

/** How the row of an event ends whose `args` were seen before. */
interface KnownEnd {
  readonly text: string;
  readonly shape: Shape;
  readonly end: string;
}

export class EventRows {
  private readonly shapes = new EventShapes();
  /** By the frozen object of arguments that equal events share. */
  private readonly known = new WeakMap<object, KnownEnd>();
  private fresh: [id: number, value: string][] = [];

  private constructor(
    private readonly database: Database,
    private readonly ids: Map<string, number>,
    private nextId: number,
  ) {}

  /** Inside of the transaction that writes the capture. */
  static async create(database: Database): Promise<EventRows> {
    const [last] = await database.all<{ id: number }>(
      'SELECT coalesce(max(id), 0) AS id FROM event_shape',
    );
    const rows = await database.all<{ id: number; value: string }>(
      'SELECT id, value FROM event_shape LIMIT ?',
      MOST_SHAPES,
    );
    const ids = new Map(rows.map(({ id, value }) => [value, id]));
    return new EventRows(database, ids, (last?.id ?? 0) + 1);
  }

  /** JSON text of the row, see `EncodedRecord`. */
  encode(event: TraceEvent): string {
    const { span, tid, time, args, pid } = event;
    const { shape, end } =
      args !== undefined && Object.isFrozen(args) ? this.seen(args, event) : this.shapeOf(event);
    const last = span.last === span.first ? 'null' : span.last;
    const when = time === undefined ? 'null' : wellFormedJson(time);
    const process = pid === undefined ? '' : `,${pid}`;
    return `["event",${span.first},${last},${shape.id},${tid ?? null},${when}${end}${process}]`;
  }

  /** Writes the shapes that are new. */
  async write(): Promise<void> {
    const { fresh } = this;
    this.fresh = [];
    await this.database.bulk(
      'INSERT INTO event_shape (id, value) SELECT value ->> 0, value ->> 1 FROM json_each(?)',
      fresh,
    );
  }

  private seen(args: object, event: TraceEvent): KnownEnd {
    const known = this.known.get(args);
    if (known?.text === event.text && known.shape.name === event.name) return known;
    const found = this.shapeOf(event);
    this.known.set(args, found);
    return found;
  }

  private shapeOf(event: TraceEvent): KnownEnd {
    const { args, text } = event;
    const shape = this.shapes.find(event);
    if (shape.id === 0) this.number(shape);
    const own = shape.pieces === undefined ? wellFormedJson(text) : 'null';
    const values = args === undefined ? 'null' : wellFormedJson(Object.values(args));
    return { text, shape, end: `,${own},${values}` };
  }

  private number(shape: Shape): void {
    let id = this.ids.get(shape.text);
    if (id === undefined) {
      id = this.nextId++;
      this.ids.set(shape.text, id);
      this.fresh.push([id, shape.text]);
    }
    shape.id = id;
  }
}
