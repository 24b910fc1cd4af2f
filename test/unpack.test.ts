/** Compressed input: all of it is read, damage is seen, and no file takes more memory than it may. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openCapture } from '../src/input/open-capture.js';
import { sniffBytes } from '../src/input/sniff-bytes.js';
import type { Packing } from '../src/input/sniff-bytes.js';
import { unpack } from '../src/input/unpack.js';
import { XxHash64 } from '../src/input/xxhash64.js';
import { nodeUnpacker, packageUnpacker, unzstd } from '../src/input/zstd.js';
import { besideRepository } from './helpers/read-text.js';

const text = '#0  main () at main.c:1\n'.repeat(500);

/** What `zstd -c` and `xz -c` make of the text; `none` is what they make of nothing. */
const packed: Readonly<Record<Packing, { readonly some: Buffer; readonly none: Buffer }>> = {
  gzip: { some: gzipSync(text), none: gzipSync('') },
  zstd: {
    some: hex(
      '28b52ffd64e02ded000098233020206d61696e2028292061742e633a310a0200c56e27d72c1425feaf12e8',
    ),
    none: hex('28b52ffd240001000099e9d851'),
  },
  xz: {
    some: hex(
      'fd377a585a000004e6d6b4460200210116000000742fe5a3e02edf00465d00118c0038eb403b0df550fd65689d26' +
        '7e208be85b82b127822494b5ce54125daec3faa86cc13660eebfc8cc63629fe7835ef13a437996525897c17ac113' +
        '468d165ad264ccab0000000082f23db552db2cfd000162e05d0000002c6ada97b1c467fb020000000004595a',
    ),
    none: hex('fd377a585a000004e6d6b446000000001cdf44211fb6f37d010000000004595a'),
  },
};
const packings = Object.keys(packed) as Packing[];

function hex(digits: string): Buffer {
  return Buffer.from(digits, 'hex');
}

async function* chunksOf(bytes: Uint8Array, size = bytes.length || 1): AsyncGenerator<Uint8Array> {
  await Promise.resolve();
  for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size);
}

async function textOf(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** Lines of a capture with these bytes. */
async function countLines(bytes: Uint8Array): Promise<number> {
  let lines = 0;
  await openCapture(
    '-',
    () => lines++,
    () => chunksOf(bytes),
  );
  return lines;
}

describe.each(packings)('%s', (by) => {
  const { some, none } = packed[by];

  test('is known by its first bytes', () => {
    expect(sniffBytes(some)).toEqual({ kind: 'packed', by });
    expect(sniffBytes(none)).toEqual({ kind: 'packed', by });
  });

  test('is unpacked, wherever it is cut into chunks', async () => {
    for (const size of [1, 2, 7, some.length]) {
      expect(await textOf(unpack(by, chunksOf(some, size)))).toBe(text);
    }
  });

  test('is read to the end where several follow each other', async () => {
    const row = Buffer.concat([none, some, none, some, some]);
    for (const size of [1, row.length]) {
      expect(await textOf(unpack(by, chunksOf(row, size)))).toBe(text.repeat(3));
    }
    expect(await countLines(row)).toBe(1500);
    expect(await countLines(none)).toBe(0);
  });

  test('that is cut off anywhere is an error', async () => {
    const row = Buffer.concat([some, some]);
    for (let length = 7; length < row.length; length++) {
      if (length === some.length) continue;
      const cut = unpack(by, chunksOf(row.subarray(0, length)));
      await expect(textOf(cut), `${length} bytes`).rejects.toMatchObject({
        code: 'FILE_UNREADABLE',
        message: `its ${by} data is damaged or cut off`,
      });
    }
  });

  test('that is damaged anywhere gives an error, never another text', async () => {
    for (let at = 4; at < some.length; at++) {
      for (const bit of [0x01, 0x04, 0x80]) {
        const damaged = Buffer.from(some);
        damaged.writeUInt8(damaged.readUInt8(at) ^ bit, at);
        const result = await textOf(unpack(by, chunksOf(damaged))).catch((error: unknown) => error);
        // Some bits mean nothing, such as the time of a gzip file.
        if (result !== text) expect(result).toMatchObject({ code: 'FILE_UNREADABLE' });
      }
    }
  });

  test('does not hide an error of the file', async () => {
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield* chunksOf(some.subarray(0, 20));
      throw Object.assign(new Error('EIO: i/o error'), { code: 'EIO' });
    }
    await expect(openCapture('a', () => undefined, failing)).rejects.toMatchObject({
      code: 'FILE_UNREADABLE',
      message: expect.stringContaining('EIO') as string,
    });
  });

  test('is refused inside another one, and the next file is read', async () => {
    for (const inner of [gzipSync(some), gzipSync(gzipSync(text))]) {
      await expect(countLines(inner)).rejects.toMatchObject({ code: 'FILE_BINARY' });
      expect(await countLines(some)).toBe(500);
    }
  });

  test('gives back what it took when its reader leaves early', async () => {
    const push = (): void => {
      throw new TypeError('a bug');
    };
    await expect(openCapture('-', push, () => chunksOf(some))).rejects.toThrow(TypeError);
    expect(await countLines(some)).toBe(500);
  });
});

describe.each([
  ['the package', packageUnpacker],
  ["Node's own", nodeUnpacker],
])('zstd with %s', (_name, unpacker) => {
  // Only Node 22.15 and later have their own.
  test.skipIf(unpacker === undefined)('frames', async () => {
    const { some, none } = packed.zstd;
    const plain = frame(0x00, [0x58], block(Buffer.from('plain '), 0), block(Buffer.of(33), 1, 3));
    const row = Buffer.concat([
      skipped(0),
      some,
      none,
      plain,
      skipped(15),
      plain,
      some,
      skipped(7),
    ]);
    for (const size of [1, 5, row.length]) {
      expect(await textOf(unzstd(chunksOf(row, size), unpacker))).toBe(
        `${text}plain !!!plain !!!${text}`,
      );
    }
  });

  test.skipIf(unpacker === undefined)('many small frames in one chunk', async () => {
    const row = Buffer.concat(Array<Buffer>(5000).fill(frame(0x20, [1], block(Buffer.of(97)))));
    expect(await textOf(unzstd(chunksOf(row), unpacker))).toBe('a'.repeat(5000));
  });

  test.skipIf(unpacker === undefined)('a checksum that differs', async () => {
    const wrong = Buffer.from(packed.zstd.some);
    wrong.writeUInt8(wrong.readUInt8(wrong.length - 1) ^ 1, wrong.length - 1);
    await expect(textOf(unzstd(chunksOf(wrong), unpacker))).rejects.toThrow(/checksum/);
  });

  test.skipIf(unpacker === undefined)('a window that is too large', async () => {
    const most = unpacker?.mostWindow ?? 0;
    const exponent = Math.log2(most) - 10;
    const fits = frame(0x00, [exponent << 3], block(Buffer.from('fits')));
    expect(await textOf(unzstd(chunksOf(fits), unpacker))).toBe('fits');
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(BigInt(most) + 1n);
    for (const large of [
      frame(0x00, [(exponent << 3) | 1], block(Buffer.from('too large'))),
      frame(0x00, [0xff], block(Buffer.from('the largest'))),
      frame(0xe0, [...size], block(Buffer.from('in one segment'))),
    ]) {
      await expect(textOf(unzstd(chunksOf(large), unpacker))).rejects.toMatchObject({
        code: 'FILE_UNREADABLE',
        message: `needs a window of over ${most / 2 ** 20} MiB to unpack`,
      });
    }
  });
});

test('zstd with a dictionary is refused; number 0 is none', async () => {
  const withId = (id: number): Buffer => frame(0x01, [0x58, id], block(Buffer.from('text')));
  expect(await textOf(unpack('zstd', chunksOf(withId(0))))).toBe('text');
  await expect(textOf(unpack('zstd', chunksOf(withId(7))))).rejects.toMatchObject({
    message: 'was compressed with a dictionary of zstd',
  });
});

test('xz that needs more memory, or options that are not read, is refused as such', async () => {
  // The header of the block says what it needs; xz -c --lzma2=dict=128MiB, and --check=sha256.
  const dictionary = hex(
    'fd377a585a000004e6d6b446020021011e0000009b075166e02edf00465d00118c0038eb',
  );
  const check = hex('fd377a585a00000ae1fb0ca10200210116000000742fe5a3e02edf00465d00118c0038eb');
  await expect(textOf(unpack('xz', chunksOf(dictionary)))).rejects.toMatchObject({
    message: 'needs a dictionary of over 64 MiB to unpack',
  });
  await expect(textOf(unpack('xz', chunksOf(check)))).rejects.toMatchObject({
    message: 'was compressed with options of xz that are not read here',
  });
});

const shared = besideRepository('shared/captures/big');

// Too large for the repository: 85 MB of text.
test.skipIf(shared === undefined)('a real capture of xz', async () => {
  const name = readdirSync(shared ?? '').find((file) => /^gdb.*\.xz$/.test(file)) ?? '';
  let lines = 0;
  let bytes = 0;
  await openCapture(join(shared ?? '', name), (line) => {
    lines++;
    bytes += line.length + 1;
  });
  expect([lines, bytes]).toEqual([881_745, 85_323_122]);
});

describe('XXH64', () => {
  // What the reference implementation gives for the bytes 0, 1, 2, ...
  test.each([
    [0, 0xef46db3751d8e999n],
    [1, 0xe934a84adb052768n],
    [4, 0xffced8604453cc1en],
    [31, 0xc346d2b59b4d8ee1n],
    [32, 0xcbf59c5116ff32b4n],
    [63, 0xe26aa9e2a95f8e4fn],
    [100, 0x6ac1e58032166597n],
  ])('of %i bytes', (length, expected) => {
    const hash = new XxHash64();
    hash.update(Uint8Array.from({ length }, (_, i) => i));
    expect(hash.digest()).toBe(expected);
  });

  test('does not depend on the pieces', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 70 })), (pieces) => {
        const inPieces = new XxHash64();
        for (const piece of pieces) inPieces.update(piece);
        const asWhole = new XxHash64();
        asWhole.update(Buffer.concat(pieces));
        expect(inPieces.digest()).toBe(asWhole.digest());
      }),
    );
  });
});

/** A zstd frame: RFC 8878, section 3.1.1. The last block is marked as such. */
function frame(descriptor: number, header: readonly number[], ...blocks: Buffer[]): Buffer {
  const last = blocks.length - 1;
  const marked = blocks.map((bytes, i) =>
    i < last ? bytes : Buffer.concat([Buffer.of(bytes.readUInt8() | 1), bytes.subarray(1)]),
  );
  return Buffer.concat([hex('28b52ffd'), Buffer.of(descriptor, ...header), ...marked]);
}

/** A block as it is (type 0), or one byte that repeats `size` times (type 1). */
function block(content: Buffer, type = 0, size = content.length): Buffer {
  const head = Buffer.alloc(3);
  head.writeUIntLE((size << 3) | (type << 1), 0, 3);
  return Buffer.concat([head, content]);
}

/** A frame that holds data of somebody else; the magic number has 16 variants. */
function skipped(variant: number): Buffer {
  return Buffer.concat([
    Buffer.of(0x50 + variant),
    hex('2a4d18'),
    hex('05000000'),
    hex('0102030405'),
  ]);
}
