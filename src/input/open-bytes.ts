/** Where the bytes of an input come from, and what the system's refusals mean. */
import { closeSync, createReadStream, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { addAbortSignal } from 'node:stream';
import type { Readable } from 'node:stream';
import { VhtraceError } from '../base/errors.js';
import { isPattern } from './expand-patterns.js';
import { MAGIC_BYTES, sniffBytes } from './sniff-bytes.js';

/** Opens an input by the path the user gave; `-` is standard input. */
export type ByteSource = (path: string) => AsyncIterable<Uint8Array>;

/**
 * Bytes at a time. Smaller ones cost turns of the event loop; the text of a larger one does not fit into a page of
 * V8's heap, and takes memory from the system each time.
 */
const CHUNK = 120 * 1024;

/**
 * Reads a file, a pipe or standard input, until `stop`: reading then fails with an AbortError.
 *
 * Errors: those of the system, to be put into words by {@link explainFailure}.
 */
export function openBytes(path: string, stop?: AbortSignal): AsyncIterable<Uint8Array> {
  const bytes = path === '-' ? standardInput() : createReadStream(path, { highWaterMark: CHUNK });
  return stop === undefined ? bytes : addAbortSignal(stop, bytes);
}

/** A folder is refused when it is read: process.stdin would make an empty log of it. */
function standardInput(): Readable {
  return fstatSync(0).isDirectory() ? createReadStream('', { fd: 0 }) : process.stdin;
}

/** Bytes of a file; undefined where nobody knows yet. */
export function sizeOf(path: string): number | undefined {
  return isRegularFile(path) ? statSync(path, { throwIfNoEntry: false })?.size : undefined;
}

/** Whether an input can be read again and gives the same bytes: not so a pipe or standard input. */
export function isRegularFile(path: string): boolean {
  try {
    return path !== '-' && statSync(path).isFile();
  } catch {
    return false;
  }
}

/** How many times as large a log becomes when it is unpacked: most become larger still. */
const PACKED_TO = 20;

/** Bytes that reading a file is likely to give, unpacked; 0 for what is none or cannot be read. */
export function likelyBytes(path: string): number {
  try {
    if (!isRegularFile(path)) return 0;
    const { size } = statSync(path);
    return isPacked(path) ? size * PACKED_TO : size;
  } catch {
    return 0;
  }
}

function isPacked(path: string): boolean {
  const file = openSync(path, 'r');
  try {
    const head = new Uint8Array(MAGIC_BYTES);
    return sniffBytes(head.subarray(0, readSync(file, head))).kind === 'packed';
  } finally {
    closeSync(file);
  }
}

/** An error of the system about `path` in the words of this program; anything else is a bug and comes back as it is. */
export function explainFailure(path: string, error: unknown): unknown {
  if (error instanceof VhtraceError || !(error instanceof Error)) return error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  if (code === undefined || code === 'ABORT_ERR') return error;
  const cause = { cause: error };
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new VhtraceError(
        'FILE_MISSING',
        isPattern(path) ? 'no file matches' : 'no such file',
        'check the spelling',
        cause,
      );
    case 'EISDIR':
      return new VhtraceError(
        'FILE_IS_DIRECTORY',
        'is a directory, not a capture',
        'name the files in it, for instance with a * at the end',
        cause,
      );
    case 'EACCES':
    case 'EPERM':
      return new VhtraceError(
        'FILE_NO_PERMISSION',
        'no permission to read it',
        'chmod +r, or run as its owner',
        cause,
      );
    default:
      return new VhtraceError(
        'FILE_UNREADABLE',
        `could not be read: ${error.message}`,
        undefined,
        cause,
      );
  }
}
