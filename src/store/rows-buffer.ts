/**
 * A JSON array, row by row as bytes: a capture has millions of rows, and each text that is made for one, or waits
 * for the block to be full, costs the garbage collector more than it costs to write the row.
 */
import { wellFormedJson } from './well-formed.js';

/** Bytes of a block to begin with; twice as many when they are full. */
const BYTES = 1 << 16;
/** What is always free: enough for all of a row but its texts. */
const ROOM = 256;

const [QUOTE, COMMA, ZERO, BACKSLASH, BRACKET, END] = [0x22, 0x2c, 0x30, 0x5c, 0x5b, 0x5d];

export class RowsBuffer {
  /** Rows so far. */
  count = 0;
  private bytes: Buffer;
  private end = 0;

  /** `least`: what is to be expected, for arrays that are no block. */
  constructor(least = BYTES) {
    this.bytes = Buffer.allocUnsafe(least + ROOM);
  }

  /** Bytes so far. */
  get length(): number {
    return this.end;
  }

  /** A row that is JSON already. */
  add(json: string): void {
    this.begin();
    this.text(json);
  }

  /** The next row begins, an array of what is written up to {@link close}; `json`: how. */
  open(json = ''): void {
    this.begin();
    this.bytes[this.end++] = BRACKET;
    this.json(json);
  }

  close(): void {
    this.bytes[this.end++] = END;
  }

  comma(): void {
    this.bytes[this.end++] = COMMA;
  }

  /** JSON of a few ASCII characters. */
  json(json: string): void {
    for (let i = 0; i < json.length; i++) this.bytes[this.end++] = json.charCodeAt(i);
  }

  /** A whole number, not negative. */
  number(value: number): void {
    if (value > 0x7fff_ffff) {
      this.text(String(value));
      return;
    }
    let digits = 1;
    for (let most = 10; value >= most; most *= 10) digits++;
    let at = (this.end += digits);
    let rest = value;
    do {
      const next = (rest / 10) | 0;
      this.bytes[--at] = ZERO + rest - next * 10;
      rest = next;
    } while (rest > 0);
  }

  /** A text as JSON. */
  string(value: string): void {
    if (!this.plain(value)) this.text(wellFormedJson(value));
  }

  /** A comma and a value that is JSON already, of any length. */
  value(json: string): void {
    this.reserve(0);
    this.comma();
    this.text(json);
  }

  /** A row of which more is known later: 0 for now. Gives its place. */
  hole(): number {
    this.begin();
    this.bytes[this.end++] = ZERO;
    return this.end - 1;
  }

  /** UTF-8 of the array, with rows in place of holes; `fills`: arrays of the one row that stands there. */
  array(fills: readonly { readonly hole: number; readonly row: Buffer }[] = []): Buffer {
    if (this.count === 0) this.bytes[this.end++] = BRACKET;
    this.bytes[this.end++] = END;
    const parts: Buffer[] = [];
    let from = 0;
    for (const { hole, row } of [...fills].sort((a, b) => a.hole - b.hole)) {
      parts.push(this.bytes.subarray(from, hole), row.subarray(1, -1));
      from = hole + 1;
    }
    const rest = this.bytes.subarray(from, this.end);
    return parts.length === 0 ? rest : Buffer.concat([...parts, rest]);
  }

  private begin(): void {
    this.reserve(0);
    this.bytes[this.end++] = this.count === 0 ? BRACKET : COMMA;
    this.count++;
  }

  /** False, with nothing written, where a character is not one byte that JSON takes as it is. */
  private plain(text: string): boolean {
    this.reserve(text.length);
    const { bytes } = this;
    let at = this.end;
    bytes[at++] = QUOTE;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code < 0x20 || code > 0x7e || code === QUOTE || code === BACKSLASH) return false;
      bytes[at++] = code;
    }
    bytes[at++] = QUOTE;
    this.end = at;
    return true;
  }

  private text(text: string): void {
    this.reserve(3 * text.length);
    this.end += this.bytes.write(text, this.end);
  }

  private reserve(bytes: number): void {
    const least = this.end + bytes + ROOM;
    if (least <= this.bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(least, 2 * this.bytes.length));
    this.bytes.copy(larger, 0, 0, this.end);
    this.bytes = larger;
  }
}
