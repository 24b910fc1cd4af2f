/**
 * The times that a collector of logs puts around each line, where they run backwards: it was asked for the newest first.
 *
 * Source: logcli of Loki and Grafana's download of logs (`"timestamp"`), whose default that is; Kibana, CloudWatch and Splunk
 *         by their tables. A stamp that the program itself printed is the record's own, see flows/order/order.ts.
 */
import { BackwardTimes } from '../../base/backward-times.js';

/** Times in what stands around a line: ISO, of syslog, and seconds since 1970 or parts of them. */
const CLOCKS: readonly RegExp[] = [
  /\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?/,
  /\b[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d{1,9})?/,
  // "Nov 22, 2026 @ 03:00:00.123" of Kibana
  /\b[A-Z][a-z]{2} \d{1,2}, \d{4} @ \d\d:\d\d:\d\d(?:\.\d{1,9})?/,
  /\b1\d{9}(?:\.\d{1,9}|\d{3}|\d{6}|\d{9})?\b/,
];

/** No more stands around a line. */
const LONGEST_MARGIN = 4096;

export class OuterClock {
  readonly #clocks = CLOCKS.map((form) => ({ form, times: new BackwardTimes() }));
  #isTold = false;

  /** True once, at the line at which it is known that the times run backwards. */
  follow(around: string): boolean {
    if (this.#isTold) return false;
    const text = around.slice(0, LONGEST_MARGIN);
    for (const { form, times } of this.#clocks) {
      const time = times.isFull ? undefined : form.exec(text)?.[0];
      if (time !== undefined && times.follow(time)) this.#isTold = true;
    }
    return this.#isTold;
  }

  /** The same behind the last line, of clocks that do not tell lines of one second apart. */
  finish(): boolean {
    // What looks like a clock and is none, as the number of an entry, may run anyhow.
    const times = this.#clocks.map((clock) => clock.times);
    return (
      !this.#isTold && times.some((one) => one.onlyRunBack) && !times.some((one) => one.goesAhead)
    );
  }
}
