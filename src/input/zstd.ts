/**
 * Unpacks zstd: frames in a row, with frames to be skipped between them. Source of the format:
 * RFC 8878, section 3.1.
 *
 * The bytes are cut into frames here, whoever unpacks them: Node's own stream (22.15 and later)
 * takes the end of the first frame for the end of the data and says nothing of a frame that was cut
 * off, and the package for older Nodes allocates whatever window a frame asks for, reads offsets
 * over 64 MiB wrongly and does not look at checksums.
 */
import { pipeline, Readable } from 'node:stream';
import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { VhtraceError } from '../base/errors.js';
import { ByteReader } from './byte-reader.js';
import { XxHash64 } from './xxhash64.js';

const MAGIC = 0xfd2fb528;
/** The magic number of a frame to be skipped, without its last four bits. */
const SKIPPED_MAGIC = 0x184d2a5;

const MIB = 1 << 20;
const MOST_BLOCK = 128 << 10;

/** One frame as it stands in the file. */
interface Frame {
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Its last four bytes are a checksum. */
  readonly hasChecksum: boolean;
}

/** Frame → what is packed in it. */
export interface FrameUnpacker {
  readonly unpack: (frame: Frame) => AsyncIterable<Uint8Array>;
  /** Bytes of the largest window that it unpacks. */
  readonly mostWindow: number;
}

/** Missing in the types of the oldest Node, and in that Node. */
const create = (zlib as { readonly createZstdDecompress?: () => Transform }).createZstdDecompress;

/** Node's own; the limit is the one of the zstd command. */
export const nodeUnpacker: FrameUnpacker | undefined = create && {
  unpack: ({ bytes }) => pipeline(Readable.from(bytes), create(), () => undefined),
  mostWindow: 128 * MIB,
};

/** For Nodes without it. */
export const packageUnpacker: FrameUnpacker = { unpack: unpackWithPackage, mostWindow: 64 * MIB };

/** Errors: FILE_UNREADABLE for what only zstd itself unpacks; any other error says that the data is damaged. */
export async function* unzstd(
  packed: AsyncIterable<Uint8Array>,
  { unpack, mostWindow }: FrameUnpacker = nodeUnpacker ?? packageUnpacker,
): AsyncGenerator<Uint8Array> {
  const reader = new ByteReader(packed);
  while (!(await reader.isAtEnd())) {
    const magic = await reader.take(4);
    if (magic.readUInt32LE() >>> 4 === SKIPPED_MAGIC) {
      const length = (await reader.take(4)).readUInt32LE();
      await reader.skip(length);
    } else if (magic.readUInt32LE() === MAGIC) {
      yield* unpack(await readFrame(reader, magic, mostWindow));
    } else throw new Error('this is no frame');
  }
}

async function readFrame(
  reader: ByteReader,
  magic: Uint8Array,
  mostWindow: number,
): Promise<Frame> {
  const first = await reader.take(1);
  const descriptor = first.readUInt8();
  if ((descriptor & 0x08) !== 0) throw new Error('a reserved bit is set');
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const hasChecksum = (descriptor & 0x04) !== 0;
  const window = await reader.take(isSingleSegment ? 0 : 1);
  const dictionary = await reader.take([0, 1, 2, 4][descriptor & 0x03] ?? 0);
  const sizeFlag = descriptor >> 6;
  const size = await reader.take(sizeFlag === 0 ? Number(isSingleSegment) : 1 << sizeFlag);
  if (dictionary.some((byte) => byte !== 0)) {
    throw refusal('was compressed with a dictionary of zstd', '-D DICTIONARY');
  }
  const needed = isSingleSegment ? contentSize(size) : windowSize(window.readUInt8());
  if (needed > mostWindow) {
    throw refusal(`needs a window of over ${mostWindow / MIB} MiB to unpack`, '--long=31');
  }
  const header = Buffer.concat([magic, first, window, dictionary, size]);
  return { bytes: frameBytes(reader, header, hasChecksum), hasChecksum };
}

async function* frameBytes(
  reader: ByteReader,
  header: Uint8Array,
  hasChecksum: boolean,
): AsyncGenerator<Uint8Array> {
  yield header;
  for (let isLast = false; !isLast;) {
    const head = await reader.take(3);
    const bits = head.readUIntLE(0, 3);
    isLast = (bits & 1) === 1;
    const size = bits >> 3;
    if (size > MOST_BLOCK) throw new Error('a block is too large');
    yield head;
    // A block of type 1 is one byte that repeats.
    yield* reader.pass(((bits >> 1) & 3) === 1 ? 1 : size);
  }
  if (hasChecksum) yield await reader.take(4);
}

function windowSize(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}

function contentSize(field: Buffer): number {
  // 16 bits begin where 8 bits end.
  if (field.length === 2) return field.readUInt16LE() + 256;
  return field.length === 8 ? Number(field.readBigUInt64LE()) : field.readUIntLE(0, field.length);
}

function refusal(message: string, option: string): VhtraceError {
  const hint = `zstd -dc ${option} FILE | vhtrace check -`;
  return new VhtraceError('FILE_UNREADABLE', message, hint);
}

async function* unpackWithPackage({ bytes, hasChecksum }: Frame): AsyncGenerator<Uint8Array> {
  const { Decompress } = await import('fzstd');
  const unpacked: Uint8Array[] = [];
  const decoder = new Decompress((data) => unpacked.push(data));
  const hash = new XxHash64();
  let last: Uint8Array = new Uint8Array();
  function* take(): Generator<Uint8Array> {
    for (const data of unpacked.splice(0)) {
      hash.update(data);
      yield data;
    }
  }
  for await (const piece of bytes) {
    decoder.push(piece);
    yield* take();
    last = piece;
  }
  decoder.push(new Uint8Array(), true);
  yield* take();
  if (hasChecksum && Buffer.from(last).readUInt32LE() !== Number(hash.digest() & 0xffffffffn)) {
    throw new Error('the checksum differs');
  }
}
