/**
 * Bytes → lines: opens a capture, tells what it is, and hands out its lines one by one.
 *
 * Memory is bounded by one chunk and one line of {@link MAX_LINE}, whatever the size of the input.
 */
import { createHash } from 'node:crypto';
import { VhtraceError } from '../base/errors.js';
import type { CaptureInfo } from '../model/record.js';
import { ChunkDecoder } from './chunk-decoder.js';
import { explainFailure, openBytes } from './open-bytes.js';
import type { ByteSource } from './open-bytes.js';
import { endsLinesWithCr, sniffBytes, SNIFF_BYTES } from './sniff-bytes.js';
import { splitLines, toLf } from './split-lines.js';
import { unpack } from './unpack.js';

/**
 * Reads a capture to its end and calls `push` for each line, decoded as UTF-8 with U+FFFD for bytes
 * that are none.
 *
 * What is compressed is unpacked on the way; `sha256` and `bytes` are always those of the file itself.
 * The bytes of a binary trace go to `pushBytes`; where there is none, they are FILE_BINARY. `settle` is
 * called after each chunk, and waited for: what was pushed may be worked off before more is read.
 * Errors: FILE_MISSING, FILE_IS_DIRECTORY, FILE_NO_PERMISSION, FILE_UNREADABLE, FILE_BINARY; lines
 * may have been pushed before. An input without a byte is no error.
 */
export async function openCapture(
  path: string,
  push: (line: string) => void,
  source: ByteSource = openBytes,
  pushBytes?: (chunk: Uint8Array) => void,
  settle?: () => Promise<void>,
): Promise<CaptureInfo> {
  const hash = createHash('sha256');
  let bytes = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of source(path)) {
        hash.update(chunk);
        bytes += chunk.length;
        yield chunk;
      }
    } catch (error) {
      throw explainFailure(path, error);
    }
  }
  const chunks = counted();
  const plain = plainBytes(chunks, path);
  try {
    await pushLines(plain, push, pushBytes, settle);
  } finally {
    // Closes the file where reading ended early, and gives back what unpacking took.
    await plain.return(undefined);
    await chunks.return(undefined);
  }
  return { path, sha256: hash.digest('hex'), bytes };
}

async function pushLines(
  chunks: AsyncGenerator<Uint8Array>,
  push: (line: string) => void,
  pushBytes?: (chunk: Uint8Array) => void,
  settle?: () => Promise<void>,
): Promise<void> {
  const { head, rest } = await readHead(chunks);
  const sniffed = sniffBytes(head);
  if (sniffed.kind === 'packed') {
    throw new VhtraceError(
      'FILE_BINARY',
      'is compressed twice',
      'unpack it once, and check what comes out',
    );
  }
  if (sniffed.kind === 'binary') {
    throw new VhtraceError('FILE_BINARY', `is ${sniffed.what}`, sniffed.hint);
  }
  if (sniffed.kind === 'simple-file') {
    if (pushBytes === undefined) {
      throw new VhtraceError('FILE_BINARY', 'is a binary trace of QEMU, not text');
    }
    for await (const chunk of rest) {
      pushBytes(chunk);
      await settle?.();
    }
    return;
  }
  const decoder = new ChunkDecoder(sniffed.encoding);
  const splitter = splitLines(push);
  const plain = endsLinesWithCr(head) ? toLf() : (text: string): string => text;
  for await (const chunk of rest) {
    splitter.push(plain(decoder.decode(chunk)));
    await settle?.();
  }
  splitter.push(plain(decoder.finish()));
  splitter.finish();
}

/** The bytes of an input, unpacked where it is compressed. */
async function* plainBytes(
  chunks: AsyncGenerator<Uint8Array>,
  path: string,
): AsyncGenerator<Uint8Array> {
  const { head, rest } = await readHead(chunks);
  const sniffed = sniffBytes(head);
  yield* sniffed.kind === 'packed' ? unpack(sniffed.by, rest, forShell(path)) : rest;
}

/** A path as an argument of a command line. */
function forShell(path: string): string {
  return /^[\w./@%+,:=][\w./@%+,:=-]*$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

/** The first bytes of an input, and all of it again. */
async function readHead(
  input: AsyncIterable<Uint8Array>,
): Promise<{ head: Uint8Array; rest: AsyncGenerator<Uint8Array> }> {
  const chunks = input[Symbol.asyncIterator]();
  const first: Uint8Array[] = [];
  let length = 0;
  while (length < SNIFF_BYTES) {
    const next = await chunks.next();
    if (next.done === true) break;
    first.push(next.value);
    length += next.value.length;
  }
  async function* rest(): AsyncGenerator<Uint8Array> {
    yield* first;
    yield* { [Symbol.asyncIterator]: () => chunks };
  }
  return { head: Buffer.concat(first).subarray(0, SNIFF_BYTES), rest: rest() };
}
