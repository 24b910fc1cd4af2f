/** Bytes → text, chunk by chunk: the same as a TextDecoder, faster where a chunk is plain ASCII. */
import { isAscii } from 'node:buffer';

export class ChunkDecoder {
  /** Drops the byte order mark. */
  private readonly decoder: InstanceType<typeof TextDecoder>;
  /** The next chunk begins with a character of its own. */
  private isBetween = false;

  constructor(private readonly encoding: string) {
    this.decoder = new TextDecoder(encoding);
  }

  decode(chunk: Uint8Array): string {
    if (this.isBetween && isAscii(chunk)) return textOf(chunk);
    // At the beginning a byte order mark may come, whatever the chunk holds of it.
    const text = this.decoder.decode(chunk, { stream: true });
    this.isBetween = this.encoding === 'utf-8' && text !== '' && (chunk.at(-1) ?? 0x80) < 0x80;
    return text;
  }

  /** What is left of a character that was cut. */
  finish(): string {
    return this.decoder.decode();
  }
}

function textOf({ buffer, byteOffset, length }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, length).toString('latin1');
}
