/**
 * A stop whose location comes on a later line, or never, with the lines in between: "Old value = 1", "New value = 2",
 * blank ones.
 *
 * Source: gdb/infrun.c, print_stop_event() (gdb 7 to 18): first why the program stopped, then where.
 */
import type { Stop } from '../../model/record.js';
import type { LooseKind, RecordSink } from '../record-sink.js';

/** A stop without its place and lines. */
export type StopHead = Omit<Stop, 'span' | 'frame'>;

const MOST_LINES_BEFORE_LOCATION = 16;

interface OpenStop {
  readonly head: StopHead;
  readonly lineNo: number;
  readonly waiting: { readonly lineNo: number; readonly kind: LooseKind }[];
  /** The program stopped: "Hardware watchpoint 3: counter" is also what `watch` says. */
  hit: boolean;
}

export class WaitingStop {
  readonly #sink: RecordSink;
  #open: OpenStop | undefined;

  constructor(sink: RecordSink) {
    this.#sink = sink;
  }

  get isOpen(): boolean {
    return this.#open !== undefined;
  }

  begin(head: StopHead, lineNo: number): void {
    this.#open = { head, lineNo, waiting: [], hit: head.reason !== 'watchpoint' };
  }

  /** `Old value = 1`: the watchpoint was hit, not only set. */
  hit(): void {
    if (this.#open !== undefined) this.#open.hit = true;
  }

  /** Its location has come; undefined where nothing waits for one. */
  take(): Pick<OpenStop, 'head' | 'lineNo'> | undefined {
    const open = this.#open;
    if (open?.hit !== true) return undefined;
    this.#open = undefined;
    return open;
  }

  /** The line may stand between the stop and its location; true where those are too many. */
  hold(lineNo: number, kind: LooseKind): boolean {
    const waiting = this.#open?.waiting ?? [];
    waiting.push({ lineNo, kind });
    return waiting.length > MOST_LINES_BEFORE_LOCATION;
  }

  /** It gets no location; true where there was a stop. */
  end(): boolean {
    const open = this.#open;
    if (open === undefined) return false;
    this.#open = undefined;
    const { head, lineNo, hit, waiting } = open;
    if (hit) this.#sink.add({ ...head, span: { first: lineNo, last: lineNo }, frame: undefined });
    else this.#sink.loose(lineNo, 'chatter');
    for (const line of waiting) this.#sink.loose(line.lineNo, line.kind);
    return hit;
  }
}
