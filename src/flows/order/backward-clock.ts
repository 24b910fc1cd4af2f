/**
 * Does a capture begin with its last line? Log collectors (Kibana, Loki, CloudWatch) export what was searched for with
 * the newest line first.
 */
import { BackwardTimes } from '../../base/backward-times.js';
import type { CaptureRecord } from '../../model/record.js';

/** Looks at the records one by one. */
export class BackwardClock {
  private readonly times = new BackwardTimes();

  /** True once the times that were seen so far run backwards. */
  follow(record: CaptureRecord): boolean {
    if (this.times.isFull) return false;
    const time = timeOf(record);
    return time !== undefined && this.times.follow(time);
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
