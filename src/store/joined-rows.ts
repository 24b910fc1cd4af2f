/**
 * JSON texts of rows, joined soon after they were made: thousands of small texts that wait for their block
 * cost the garbage collector more than all else that is done for them.
 */
const JOINED = 64;

export class JoinedRows {
  /** Rows so far. */
  count = 0;
  private parts: string[] = [];
  private recent: string[] = [];

  add(row: string): void {
    this.count++;
    this.recent.push(row);
    if (this.recent.length >= JOINED) this.join();
  }

  /** The rows with commas between them; '' for none. */
  text(): string {
    if (this.recent.length > 0) this.join();
    return this.parts.join(',');
  }

  private join(): void {
    this.parts.push(this.recent.join(','));
    this.recent = [];
  }
}
