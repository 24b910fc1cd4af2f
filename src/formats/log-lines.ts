/**
 * Which lines of a capture are those of the log in it. The others are of what it is wrapped into (the structure of an
 * export, the rest of a line that mail has broken): readers are given the log's own lines with numbers as if the others
 * were not there, so that they see what stands directly below what, and records get the capture's numbers back.
 */
import type { CaptureRecord, PathCall, Reach, Span } from '../model/record.js';

export class LogLines {
  /** Of each run of lines of the wrapping: the number of the log's line above, and how many there are up to its end. */
  readonly #above: number[] = [];
  readonly #skipped: number[] = [];
  #count = 0;

  /** Of the newest line of the capture, in the log. */
  numberOf(line: number): number {
    return line - this.#count;
  }

  /** A line behind all that have a number is none of the log. */
  skip(line: number): void {
    const above = this.numberOf(line) - 1;
    const last = this.#above.length - 1;
    this.#count += 1;
    if (this.#above[last] === above) this.#skipped[last] = this.#count;
    else {
      this.#above.push(above);
      this.#skipped.push(this.#count);
    }
  }

  /** Lines of the wrapping, by the order of their runs; undefined behind the last one. */
  run(index: number): Span | undefined {
    const above = this.#above[index];
    const skipped = this.#skipped[index];
    if (above === undefined || skipped === undefined) return undefined;
    return { first: above + (this.#skipped[index - 1] ?? 0) + 1, last: above + skipped };
  }

  /** The line of the capture. */
  lineOf(number: number): number {
    if (this.#count === 0) return number;
    let low = 0;
    let high = this.#above.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#above[middle] ?? 0) < number) low = middle + 1;
      else high = middle;
    }
    return number + (this.#skipped[low - 1] ?? 0);
  }

  spanOf({ first, last }: Span): Span {
    const begin = this.lineOf(first);
    return { first: begin, last: last < first ? begin - 1 : this.lineOf(last) };
  }

  /** The record with the lines of the capture. */
  inCapture(record: CaptureRecord): CaptureRecord {
    if (this.#count === 0) return record;
    const span = this.spanOf(record.span);
    switch (record.kind) {
      case 'backtrace':
        return { ...record, span, lines: record.lines.map((line) => this.lineOf(line)) };
      case 'call-path':
        return { ...record, span, calls: record.calls.map((call) => this.#callOf(call)) };
      case 'gap':
        return record.reach === undefined
          ? { ...record, span }
          : { ...record, span, reach: this.#reachOf(record.reach) };
      default:
        return { ...record, span };
    }
  }

  #callOf(call: PathCall): PathCall {
    return { ...call, line: this.lineOf(call.line) };
  }

  #reachOf({ from, to }: Reach): Reach {
    const begin = this.lineOf(from);
    return to === undefined ? { from: begin } : { from: begin, to: this.lineOf(to) };
  }
}
