/**
 * Trace events line after line, as a block of their own: what they have in common is said once, in `block.run`, so
 * that a row is what the event is and when it was seen. A log has millions.
 */
import type { TraceEvent } from '../model/record.js';
import type { StoredEvent } from './event-rows.js';
import { decodeEvent } from './record-codec.js';
import type { Resolver } from './record-codec.js';
import { RowsBuffer } from './rows-buffer.js';

/** Fewer events are no block: it costs about as much as they save. */
export const LEAST_EVENTS = 64;

/** What the events of a block have in common, as JSON. What is undefined is left out. */
export interface RunHead {
  readonly tid?: number;
  readonly pid?: number | string;
}

/** An event of a run, after JSON. Its line is that of the block, and one more with each row. */
export type RunRow = [
  /** Row of `event_shape`; negative: of `event_again`. */
  shape: number,
  /** Left out, as what is null behind it, where there is nothing to say. */
  time?: string | null,
  /** Null where it is that of the head. */
  tid?: number | null,
  /** Null for an event that comes again. */
  values?: string[] | null,
];

/** An event, and how it is stored. */
interface Told {
  readonly event: TraceEvent;
  readonly known: StoredEvent;
}

export class EventRun {
  count = 0;
  readonly head: RunHead;
  /** Those that do not wait. */
  readonly rows = new RowsBuffer(0);
  /** Those that wait until there are enough of them; empty afterwards. */
  private waiting: Told[] = [];

  /** `seq`: number of the first event in the capture. */
  constructor(
    readonly seq: number,
    private readonly first: TraceEvent,
  ) {
    const { tid, pid } = first;
    this.head = {
      ...(tid !== undefined && { tid }),
      ...(pid !== undefined && { pid }),
    };
  }

  get firstLine(): number {
    return this.first.span.first;
  }

  get lastLine(): number {
    return this.firstLine + this.count - 1;
  }

  /** The head and a row say all of the event of one line, and it is the next. */
  takes({ span, tid, pid }: TraceEvent): boolean {
    const { first } = this;
    if (span.first !== this.firstLine + this.count || pid !== first.pid) return false;
    return (tid === undefined) === (first.tid === undefined);
  }

  add(event: TraceEvent, known: StoredEvent): void {
    this.count++;
    if (this.count > LEAST_EVENTS) {
      this.write(event, known);
      return;
    }
    this.waiting.push({ event, known });
    if (this.count < LEAST_EVENTS) return;
    for (const told of this.takeWaiting()) this.write(told.event, told.known);
  }

  /** The events, where they are too few for a block. */
  takeWaiting(): readonly Told[] {
    const told = this.waiting;
    this.waiting = [];
    return told;
  }

  private write({ tid, time }: TraceEvent, known: StoredEvent): void {
    const { rows, head } = this;
    const ownTid = tid === head.tid ? undefined : tid;
    const isAgain = known.id > 0;
    rows.open(isAgain ? '-' : '');
    rows.number(isAgain ? known.id : known.shape.id);
    if (time !== undefined) {
      rows.comma();
      rows.string(time);
    } else if (ownTid !== undefined || !isAgain) rows.json(',null');
    if (ownTid !== undefined) {
      rows.comma();
      rows.number(ownTid);
    } else if (!isAgain) rows.json(',null');
    if (!isAgain) rows.value(known.values);
    rows.close();
  }
}

/** Rows of `event_shape`, or negative of `event_again`, that the rows name. */
export function* shapesOfRun(rows: readonly RunRow[]): Generator<number> {
  for (const [shape] of rows) yield shape;
}

export function recordsOfRun(
  { tid, pid }: RunHead,
  firstLine: number,
  rows: readonly RunRow[],
  resolve: Resolver,
): TraceEvent[] {
  return rows.map(([shape, time, ownTid, values], i) => {
    const event = decodeEvent(resolve.shape(shape), values);
    const decoded = {
      kind: 'event' as const,
      span: { first: firstLine + i, last: firstLine + i },
      name: event.name,
      args: event.args,
      text: event.text,
      tid: ownTid ?? tid,
      time: time ?? undefined,
    };
    return pid === undefined ? decoded : { ...decoded, pid };
  });
}
