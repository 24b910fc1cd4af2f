/**
 * Single lines of a capture, long after it was read.
 *
 * The file is looked through once, which proves that its bytes are those that were read and notes where
 * every thousandth line begins; after that only the lines that are wanted are read. What is packed has
 * no such places and is read up to the lines each time, with some lines around kept.
 */
import { createReadStream, statSync } from 'node:fs';
import type { BigIntStats } from 'node:fs';
import { openBytes } from './open-bytes.js';
import { openCapture } from './open-capture.js';
import { endsLinesWithCr, sniffBytes, SNIFF_BYTES } from './sniff-bytes.js';
import { splitLines } from './split-lines.js';

/** Lines by number, 1-based. */
export type Lines = ReadonlyMap<number, string>;

/** Lines from one noted place to the next. */
const STRIDE = 1000;
/** Lines kept around those wanted of a packed file. */
const KEPT_AROUND = 2000;

export class LineSource {
  private kept: Lines = new Map();

  private constructor(
    private readonly path: string,
    private readonly stamp: string,
    /** Byte at which the lines 1, 1 + STRIDE ... begin; undefined where bytes are not text in UTF-8. */
    private readonly places: readonly number[] | undefined,
  ) {}

  /** Undefined where the file cannot be read as text, or its bytes are others than those with this sha256. */
  static async open(path: string, sha256: string): Promise<LineSource | undefined> {
    try {
      const stamp = stampOf(path);
      const places = new Places();
      const info = await openCapture(
        path,
        () => undefined,
        (name) => places.follow(openBytes(name)),
      );
      const isSame = info.sha256 === sha256 && stampOf(path) === stamp;
      return isSame ? new LineSource(path, stamp, places.found) : undefined;
    } catch {
      // Without the file the capture is quoted from its records.
      return undefined;
    }
  }

  /** The lines `first` to `last`; undefined where the file has changed since. */
  async read(first: number, last: number): Promise<Lines | undefined> {
    try {
      if (stampOf(this.path) !== this.stamp) return undefined;
      if (this.places !== undefined) return await this.readAt(this.places, first, last);
      if (!this.kept.has(first) || !this.kept.has(last)) await this.keep(first, last);
      return this.kept;
    } catch {
      return undefined;
    }
  }

  private async readAt(places: readonly number[], first: number, last: number): Promise<Lines> {
    const place = Math.min(Math.floor((first - 1) / STRIDE), places.length - 1);
    const lines = new Map<number, string>();
    let number = place * STRIDE;
    const splitter = splitLines((line) => {
      if (++number >= first && number <= last) lines.set(number, line);
    });
    // Decoders drop the byte order mark.
    const decoder = new TextDecoder();
    const bytes = createReadStream(this.path, { start: places[place] ?? 0 });
    for await (const chunk of bytes as AsyncIterable<Uint8Array>) {
      splitter.push(decoder.decode(chunk, { stream: true }));
      if (number >= last) break;
    }
    if (number < last) splitter.finish();
    return lines;
  }

  private async keep(first: number, last: number): Promise<void> {
    const lines = new Map<number, string>();
    let number = 0;
    await openCapture(this.path, (line) => {
      number++;
      if (number >= first - KEPT_AROUND && number <= last + KEPT_AROUND) lines.set(number, line);
    });
    this.kept = lines;
  }
}

const NEWLINE = 0x0a;

/** Notes where lines begin while the bytes go by. */
class Places {
  private isText = false;
  private readonly starts = [0];

  get found(): readonly number[] | undefined {
    return this.isText ? this.starts : undefined;
  }

  async *follow(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    let offset = 0;
    let lines = 0;
    for await (const chunk of source) {
      if (offset === 0) {
        const head = Buffer.from(chunk).subarray(0, SNIFF_BYTES);
        const sniffed = sniffBytes(head);
        const isText = sniffed.kind === 'text' && sniffed.encoding === 'utf-8';
        this.isText = isText && !endsLinesWithCr(head);
      }
      for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, at + 1)) {
        if (++lines % STRIDE === 0) this.starts.push(offset + at + 1);
      }
      offset += chunk.length;
      yield chunk;
    }
  }
}

/** Changes whenever the file is written to or replaced. */
function stampOf(path: string): string {
  const { ino, size, mtimeNs }: BigIntStats = statSync(path, { bigint: true });
  return `${ino} ${size} ${mtimeNs}`;
}
