/**
 * What `-e write` and `-e read` print below a call: all bytes that went over, also where -s cut the strings.
 *
 * Producer: strace's src/util.c, dumpstr() and dumpiov_upto().
 *
 *      * 12 bytes in buffer 0
 *      | 00000  05 00 00 00 01 00 00 00  00 00 00 00              ............     |
 */
import type { Span } from '../../model/record.js';
import type { CallLine } from './strace-line.js';

/** Sixteen bytes and the gap in their middle; the characters that they stand for come behind. */
const HEX_COLUMNS = 49;

/** No message is longer. */
const MOST_BYTES = 8192;

/** Of the largest message that is read. */
export const MOST_DUMP_LINES = 1024;

export class Dump {
  readonly #bytes: number[] = [];
  /** Where the buffer that is printed began. */
  #start = 0;
  #isWhole = true;

  add(text: string): void {
    if (text.startsWith(' * ')) {
      this.#start = this.#bytes.length;
      return;
    }
    const [head = '', offset = ''] = /^ \| ([0-9a-f]{5}) {2}/.exec(text) ?? [];
    const hex = text.slice(head.length, head.length + HEX_COLUMNS).match(/[0-9a-f]{2}/g) ?? [];
    const goesOn = Number.parseInt(offset, 16) === this.#bytes.length - this.#start;
    if (!goesOn || this.#bytes.length > MOST_BYTES) this.#isWhole = false;
    else this.#bytes.push(...hex.map((byte) => Number.parseInt(byte, 16)));
  }

  /** The bytes, if they are as many as the call says and begin as its strings do. */
  bytesOf(printed: Uint8Array, result: string | undefined): Uint8Array | undefined {
    const isAll = this.#isWhole && this.#bytes.length === Number(result);
    if (!isAll || printed.some((byte, at) => byte !== this.#bytes[at])) return undefined;
    return Uint8Array.from(this.#bytes);
  }
}

/** A call whose strings were cut: the bytes may be dumped below it. */
export interface Dumped {
  readonly line: CallLine;
  readonly span: Span;
  readonly dump: Dump;
  /** Lines below the call so far. */
  readonly below: number[];
}
