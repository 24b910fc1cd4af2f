/**
 * Does a capture begin with its last line? Log collectors (Kibana, Loki, CloudWatch) export what was searched for with
 * the newest line first.
 */
import type { CaptureRecord } from '../model/record.js';

/** Times that are looked at; what runs backwards does so from the first line on. */
const MOST_TIMES = 1000;

/**
 * So many steps back, and few ahead, are no accident: threads that print at once go back now and then, files one behind
 * the other once each, and what was measured since the line before (strace -r) goes up as often as down.
 */
const LEAST_BACK = 8;
const BACK_PER_AHEAD = 4;

/** Looks at the records one by one. */
export class BackwardClock {
  private last = '';
  private seen = 0;
  private back = 0;
  private ahead = 0;

  /** True once the times that were seen so far run backwards. */
  follow(record: CaptureRecord): boolean {
    if (this.seen >= MOST_TIMES) return false;
    const time = timeOf(record);
    if (time === undefined) return false;
    this.seen += 1;
    const order = compare(this.last, time);
    this.last = time;
    if (order > 0) this.back += 1;
    if (order < 0) this.ahead += 1;
    return this.back >= LEAST_BACK && this.back > BACK_PER_AHEAD * this.ahead;
  }
}

function timeOf(record: CaptureRecord): string | undefined {
  switch (record.kind) {
    case 'event':
    case 'kernel-event':
    case 'syscall':
    case 'message':
      return record.time;
    default:
      return undefined;
  }
}

const NUMBER = /^\d+(?:[.,]\d+)?$/;

/** Below 0 where `a` is before `b`; 0 where they cannot be compared. */
function compare(a: string, b: string): number {
  if (NUMBER.test(a) && NUMBER.test(b)) return seconds(a) - seconds(b);
  // Of one clock and one zone, texts of one length sort by time, but for the names of months.
  if (a.length !== b.length) return 0;
  return a < b ? -1 : Number(a > b);
}

function seconds(text: string): number {
  return Number(text.replace(',', '.'));
}
