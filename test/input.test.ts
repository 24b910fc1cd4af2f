import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ChunkDecoder } from '../src/input/chunk-decoder.js';
import { openCapture } from '../src/input/open-capture.js';
import { sniffBytes } from '../src/input/sniff-bytes.js';
import { MAX_LINE, splitLines } from '../src/input/split-lines.js';
import { program } from './helpers/run-cli.js';
import { tempDir } from './helpers/temp-dir.js';

function split(...pieces: string[]): string[] {
  const lines: string[] = [];
  const splitter = splitLines((line) => lines.push(line));
  for (const piece of pieces) splitter.push(piece);
  splitter.finish();
  return lines;
}

/** Lines of `bytes`, handed over in chunks of `size`. */
async function linesOf(bytes: Uint8Array, size = bytes.length || 1): Promise<string[]> {
  const lines: string[] = [];
  await openCapture(
    '-',
    (line) => lines.push(line),
    async function* () {
      await Promise.resolve();
      for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size);
    },
  );
  return lines;
}

/** Opens an input that the system refuses to read. */
function failing(code: string): Promise<unknown> {
  const error = Object.assign(new Error(`${code}: refused`), { code });
  const source = { next: () => Promise.reject(error) };
  return openCapture(
    'a',
    () => undefined,
    () => ({ [Symbol.asyncIterator]: () => source }),
  );
}

describe('lines', () => {
  test.each([
    ['', []],
    ['\n', ['']],
    ['a', ['a']],
    ['a\n', ['a']],
    ['a\r\nb\r\n', ['a', 'b']],
    ['progress 1\rprogress 2\nb', ['progress 1\rprogress 2', 'b']],
    ['a\n\n\nb', ['a', '', '', 'b']],
    ['a\r', ['a']],
  ])('%j', (text, lines) => {
    expect(split(text)).toEqual(lines);
  });

  test('do not depend on where the input is cut into pieces', () => {
    const piece = fc.string({ unit: fc.constantFrom('a', '\r', '\n', '#') });
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        expect(split(...pieces)).toEqual(split(pieces.join('')));
      }),
    );
  });

  test('of absurd length lose their end, and the next line is whole', () => {
    const chunk = 'x'.repeat(300_000);
    const lines = split(chunk, chunk, chunk, chunk, chunk, 'tail\nnext\n');
    expect(lines.map((line) => line.length)).toEqual([MAX_LINE, 4]);
    expect(lines[1]).toBe('next');
  });

  test('are never cut inside a surrogate pair', () => {
    const [line] = split(`${'x'.repeat(MAX_LINE - 1)}\u{1f600}`);
    expect(line).toBe('x'.repeat(MAX_LINE - 1));
  });
});

describe('bytes', () => {
  test('are decoded as UTF-8 whatever the chunks, with U+FFFD for what is none', async () => {
    const bytes = Buffer.concat([
      Buffer.from('\ufeffä 回溯 \u{1f600}\n'),
      Buffer.from([0xff, 0x0a]),
    ]);
    for (const size of [1, 2, 3, 7, 1000]) {
      expect(await linesOf(bytes, size)).toEqual(['ä 回溯 \u{1f600}', '\ufffd']);
    }
  });

  test('end their lines with CR where nothing else does, whatever the chunks', async () => {
    for (const size of [1, 2, 3, 1000]) {
      expect(await linesOf(Buffer.from('a\rb\r\rc\r'), size)).toEqual(['a', 'b', '', 'c']);
      expect(await linesOf(Buffer.from('50 %\r100 %\na\n'), size)).toEqual(['50 %\r100 %', 'a']);
    }
    const later = Buffer.from(`${'1 %\r'.repeat(20_000)}a\r\nb\n`);
    expect((await linesOf(later, 80_001)).slice(-3)).toEqual(['1 %', 'a', 'b']);
  });

  test('are decoded as a TextDecoder does it, in any pieces', () => {
    const bytes = fc.oneof(
      fc.string({ unit: 'grapheme' }).map((text) => Buffer.from(text)),
      fc.string({ unit: 'grapheme-ascii' }).map((text) => Buffer.from(text)),
      fc.constantFrom('\ufeff', '\ufeffa', 'a\ufeff').map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 4 }),
    );
    fc.assert(
      fc.property(fc.array(bytes), fc.integer({ min: 1, max: 9 }), (parts, size) => {
        const all = Buffer.concat(parts);
        const decoder = new ChunkDecoder('utf-8');
        let text = '';
        for (let i = 0; i < all.length; i += size)
          text += decoder.decode(all.subarray(i, i + size));
        expect(text + decoder.finish()).toBe(new TextDecoder().decode(all));
      }),
      { numRuns: 2000 },
    );
  });

  test('of UTF-16 with a byte order mark are decoded', async () => {
    expect(await linesOf(Buffer.from('\ufeff#0  main ()\r\nb', 'utf16le'))).toEqual([
      '#0  main ()',
      'b',
    ]);
  });

  test('of gzip are unpacked; size and sha256 are those of the file', async () => {
    const path = join(tempDir(), 'gdb.txt.gz');
    const packed = gzipSync('#0  main ()\n'.repeat(50_000));
    writeFileSync(path, packed);
    let lines = 0;
    const info = await openCapture(path, () => lines++);
    expect(lines).toBe(50_000);
    const sha256 = createHash('sha256').update(packed).digest('hex');
    expect(info).toEqual({ path, sha256, bytes: packed.length });
    writeFileSync(path, packed.subarray(0, 60));
    await expect(openCapture(path, () => undefined)).rejects.toMatchObject({
      code: 'FILE_UNREADABLE',
    });
  });

  test('of nothing are no error', async () => {
    expect(await linesOf(new Uint8Array())).toEqual([]);
  });
});

describe('what is no text', () => {
  const text = Buffer.from('#0  vhost_dev_start () at ../hw/virtio/vhost.c:1\n'.repeat(100));
  const nul = (length: number): Buffer => Buffer.alloc(length);
  const simple = (hex: string): Buffer => Buffer.from(`ffffffffffffffff${hex}`, 'hex');

  test.each([
    ['a few NULs inside', Buffer.concat([text, nul(50), text]), 'text'],
    ['a crash left NULs at the end', Buffer.concat([text, nul(60_000)]), 'text'],
    ['colours and a bell', Buffer.from('\x1b[33mmain\x1b[m \x07\b\n'.repeat(100)), 'text'],
    ['Chinese', Buffer.from('回溯\n'.repeat(100)), 'text'],
    [
      'strings of a program inside',
      Buffer.concat([text, Buffer.from('name\0'.repeat(500))]),
      'text',
    ],
    ['NULs only', nul(1000), 'binary'],
    ['UTF-16 without a mark', Buffer.from('abc\n'.repeat(100), 'utf16le'), 'binary'],
    ['every byte', Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 167) % 256)), 'binary'],
    ['SQLite', Buffer.concat([Buffer.from('SQLite format 3\0'), text]), 'binary'],
    ['bzip2', Buffer.concat([Buffer.from('BZh9'), text]), 'binary'],
    ['a zip archive', Buffer.concat([Buffer.from('PK\x03\x04'), text]), 'binary'],
    ['a tar archive', Buffer.concat([nul(257), Buffer.from('ustar\x0000'), text]), 'binary'],
    ['a word of an archive', Buffer.concat([text, Buffer.from('ustar'), text]), 'text'],
    ['trace.dat', Buffer.concat([Buffer.from('\x17\x08\x44tracing6\0'), text]), 'binary'],
    ['the journal', Buffer.concat([Buffer.from('LPKSHHRH'), text]), 'binary'],
    [
      'asciinema',
      Buffer.from('{"version": 2, "width": 80, "height": 24}\n[0.1, "o", "(gdb) "]\n'),
      'binary',
    ],
    ['asciinema 3', Buffer.from('{"version":3,"term":{"cols":80,"rows":24}}\n'), 'binary'],
    ['a report in JSON', Buffer.from('{"version": "2.1.0", "runs": []}\n'), 'text'],
    ['an ELF core', Buffer.concat([Buffer.from('\x7fELF'), text]), 'binary'],
    ['a simple trace of QEMU', simple('b429a40acb77b1f20400000000000000'), 'simple-file'],
    ['one of a big-endian host', simple('f2b177cb0aa429b40000000000000003'), 'simple-file'],
    ['one that ends in its header', simple('b429a40acb77b1f2'), 'simple-file'],
    ['one of an unknown version', simple('b429a40acb77b1f20500000000000000'), 'binary'],
  ])('%s', (_what, bytes, kind) => {
    expect(sniffBytes(bytes).kind).toBe(kind);
  });

  test('is refused with what it is and what to do', async () => {
    const path = join(tempDir(), 'capture');
    writeFileSync(path, 'SQLite format 3\0');
    await expect(openCapture(path, () => undefined)).rejects.toMatchObject({
      code: 'FILE_BINARY',
      message: expect.stringContaining('SQLite') as string,
      hint: expect.stringContaining('--db') as string,
    });
    writeFileSync(path, simple('b429a40acb77b1f20400000000000000'));
    await expect(openCapture(path, () => undefined)).rejects.toMatchObject({ code: 'FILE_BINARY' });
    writeFileSync(path, gzipSync(gzipSync('twice')));
    await expect(openCapture(path, () => undefined)).rejects.toMatchObject({ code: 'FILE_BINARY' });
  });
});

describe('refusals of the system', () => {
  test('of real files', async () => {
    const folder = tempDir();
    mkdirSync(join(folder, 'sub'));
    writeFileSync(join(folder, 'file'), '');
    const open = (name: string): Promise<unknown> =>
      openCapture(join(folder, name), () => undefined);
    await expect(open('none')).rejects.toMatchObject({ code: 'FILE_MISSING' });
    await expect(open('file/none')).rejects.toMatchObject({ code: 'FILE_MISSING' });
    await expect(open('sub')).rejects.toMatchObject({ code: 'FILE_IS_DIRECTORY' });
    await expect(open('x'.repeat(5000))).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
  });

  test('of a folder as standard input', () => {
    const folder = openSync(tempDir(), 'r');
    const { status, stderr } = spawnSync(process.execPath, [program, 'check', '-'], {
      stdio: [folder, 'ignore', 'pipe'],
      encoding: 'utf8',
    });
    closeSync(folder);
    expect(stderr).toContain('<stdin>: is a directory');
    expect(status).toBe(2);
  });

  // The superuser may read everything, so these are not tried on real files.
  test.each([
    ['EACCES', 'FILE_NO_PERMISSION'],
    ['EPERM', 'FILE_NO_PERMISSION'],
    ['EIO', 'FILE_UNREADABLE'],
  ])('%s', async (system, code) => {
    await expect(failing(system)).rejects.toMatchObject({ code });
  });

  test('a bug is not taken for one', async () => {
    const push = (): void => {
      throw new TypeError('a bug');
    };
    const path = join(tempDir(), 'a');
    writeFileSync(path, 'line\n');
    await expect(openCapture(path, push)).rejects.toThrow(TypeError);
  });
});
