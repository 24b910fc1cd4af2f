/**
 * JSON texts of rows, put together soon after they were made and outside of the heap: thousands of small texts
 * that wait for their block cost the garbage collector more than all else that is done for them.
 */

/** Rows that are put together at once. */
const JOINED = 64;
/** Bytes to begin with; twice as many when they are full. */
const BYTES = 1 << 16;

export class JoinedRows {
  /** Rows so far. */
  count = 0;
  private recent: string[] = [];
  private buffer = Buffer.allocUnsafe(BYTES);
  private end = 0;

  add(row: string): void {
    this.count++;
    this.recent.push(row);
    if (this.recent.length >= JOINED) this.join();
  }

  /** UTF-8 of a JSON array of the rows. */
  array(): Buffer {
    if (this.recent.length > 0) this.join();
    this.end += this.buffer.write(']', this.end);
    return this.buffer.subarray(0, this.end);
  }

  private join(): void {
    const text = (this.end === 0 ? '[' : ',') + this.recent.join(',');
    this.recent = [];
    // And for the end of the array.
    const most = this.end + 3 * text.length + 1;
    if (most > this.buffer.length) this.grow(most);
    this.end += this.buffer.write(text, this.end);
  }

  private grow(least: number): void {
    const larger = Buffer.allocUnsafe(Math.max(least, 2 * this.buffer.length));
    this.buffer.copy(larger, 0, 0, this.end);
    this.buffer = larger;
  }
}
