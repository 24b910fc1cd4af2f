/**
 * A stop whose location comes on a later line, or never, with the lines in between: "Old value = 1", "New value = 2",
 * blank ones, "[Switching to Thread 0x7ffff74335c0 (LWP 24305)]" where a signal came to another thread.
 *
 * Source: gdb/infrun.c, print_stop_event() (gdb 7 to 18): first why the program stopped, then where; handle_signal_stop(), which
 * tells of a signal before normal_stop() tells of the thread.
 */
import type { Stop, ThreadNotice } from '../../model/record.js';
import type { LooseKind, RecordSink } from '../record-sink.js';

/** A stop without its place and lines. */
export type StopHead = Omit<Stop, 'span' | 'frame'>;

const MOST_LINES_BEFORE_LOCATION = 16;

interface LooseLine {
  readonly lineNo: number;
  readonly kind: LooseKind;
}

interface OpenStop {
  head: StopHead;
  readonly lineNo: number;
  readonly waiting: (LooseLine | ThreadNotice)[];
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

  /** The stop is of the thread that gdb switches to; false where it does not switch for it. */
  switchTo(notice: ThreadNotice): boolean {
    const open = this.#open;
    if (open?.head.reason !== 'signal' || notice.thread.num !== undefined) return false;
    open.waiting.push(notice);
    open.head = { ...open.head, thread: { ...notice.thread, ...open.head.thread } };
    return true;
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
    for (const line of waiting) {
      if ('span' in line) this.#sink.add(line);
      else this.#sink.loose(line.lineNo, line.kind);
    }
    return hit;
  }
}
