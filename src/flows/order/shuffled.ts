/**
 * Do the lines of a trace stand where they were written? Pasted parts that overlap, buffers of several CPUs one behind the
 * other, and what a log shipper sends again break the order, and each line twice is as many calls.
 */
import { goesBack, SINCE_1970 } from '../../base/clock.js';
import { detached } from '../../base/detached.js';
import { STANDS_TWICE } from '../../model/record.js';
import type { CaptureRecord, VhostUserMessage } from '../../model/record.js';

type Stamped = Extract<CaptureRecord, { kind: 'event' | 'kernel-event' | 'syscall' | 'message' }>;

/** The time since boot of a machine that traces; what has passed since the line before is less. */
const SINCE_BOOT = 10;

/** Threads that are remembered. */
const MOST_THREADS = 1000;

/** Seconds: one number in a whole log may be that of the process, whose threads take the time before they wait to print. */
const MOST_WAIT = 0.1;

/**
 * True at a record whose time is before that of the one above: of one thread, where threads print at once (QEMU's log), or
 * tell of a call when it returns (strace); of all, where the kernel has sorted them.
 *
 * Source: Linux kernel/trace/trace.c, __find_next_entry(); QEMU scripts/tracetool/backend/log.py.
 */
export class ThreadClocks {
  readonly #times = new Map<number | 'kernel', string>();
  /** The latest one and its time: most lines are of the thread above. */
  #thread: number | 'kernel' | undefined;
  #time: string | undefined;

  goesBack(record: CaptureRecord): boolean {
    if (!isStamped(record) || record.time === undefined) return false;
    const isKernel = record.kind === 'kernel-event';
    const thread = isKernel ? 'kernel' : record.kind === 'event' ? record.tid : record.pid;
    if (thread === undefined) return false;
    if (thread !== this.#thread) this.#switchTo(thread);
    const before = this.#time;
    this.#time = record.time;
    const wait = record.kind === 'event' && this.#times.size < 2 ? MOST_WAIT : 0;
    return goesBack(before, record.time, isKernel ? SINCE_BOOT : SINCE_1970, wait);
  }

  #switchTo(thread: number | 'kernel'): void {
    if (this.#thread !== undefined && this.#time !== undefined)
      this.#times.set(this.#thread, detached(this.#time));
    this.#thread = thread;
    this.#time = this.#times.get(thread);
    if (this.#time !== undefined) return;
    this.#times.set(thread, '');
    const [oldest] = this.#times.keys();
    if (this.#times.size > MOST_THREADS && oldest !== undefined) this.#times.delete(oldest);
  }
}

/** Records that are looked at; what stands twice does so from the first line on. */
const MOST_RECORDS = 1000;
/** So many repetitions are no accident, */
const LEAST_REPEATED = 2;
/** where they are nearly half of all: two devices may be told of the same in one microsecond. */
const LEAST_SHARE = 0.45;

/** Lines that stand twice, one behind the other, with the same time: a log that is collected on two ways. */
export class RepeatedRecords {
  readonly #latest = new Map<CaptureRecord['kind'], Stamped>();
  #seen = 0;
  #repeated = 0;
  /** Line of the first one. */
  #first = 0;

  follow(record: CaptureRecord): void {
    if (this.#seen >= MOST_RECORDS) return;
    if (record.kind === 'gap' && record.why === STANDS_TWICE) {
      this.#seen += 1;
      this.#count(record.span.first);
      return;
    }
    if (!isStamped(record) || record.time === undefined) return;
    const before = this.#latest.get(record.kind);
    this.#latest.set(record.kind, record);
    this.#seen += 1;
    if (before === undefined || !isSame(before, record)) return;
    // A third one is not of a pair.
    this.#latest.delete(record.kind);
    this.#count(record.span.first);
  }

  #count(line: number): void {
    if (this.#repeated === 0) this.#first = line;
    this.#repeated += 1;
  }

  /** Line of the first repetition, where nearly all lines are repeated. */
  get line(): number | undefined {
    const isAll = this.#repeated >= LEAST_REPEATED && this.#repeated > LEAST_SHARE * this.#seen;
    return isAll ? this.#first : undefined;
  }
}

function isStamped(record: CaptureRecord): record is Stamped {
  const { kind } = record;
  return kind === 'event' || kind === 'kernel-event' || kind === 'syscall' || kind === 'message';
}

function isSame(one: Stamped, other: Stamped): boolean {
  if (one.time !== other.time || one.name !== other.name) return false;
  const isHeadedTwice = payloadOf(one) === undefined && payloadOf(other) !== undefined;
  const payload = isHeadedTwice ? payloadOf(other) : payloadOf(one);
  return one.span.first !== other.span.first && textOf(one, payload) === textOf(other);
}

/** Of a message whose payload stands on a line of its own; where each line stands twice, the second header has it. */
function payloadOf(record: Stamped): VhostUserMessage['payload'] {
  return record.kind === 'message' ? record.payload : undefined;
}

function textOf(record: Stamped, payload = payloadOf(record)): string {
  return JSON.stringify({ ...record, span: undefined, payload });
}
