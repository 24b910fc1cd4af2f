/**
 * Unpacks xz: one or more streams with padding between them. Source of the format: xz-file-format.txt.
 *
 * The package is XZ Embedded as WebAssembly. It refuses dictionaries of over 64 MiB (`xz -9` has
 * exactly that), so what a file asks for cannot take more memory.
 */
import { ReadableStream } from 'node:stream/web';
import { VhtraceError } from '../base/errors.js';

/** Errors by their number in the package's messages: enum xz_ret of XZ Embedded, linux/include/linux/xz.h. */
const MEMLIMIT_ERROR = 4;
const OPTIONS_ERROR = 6;

/** Errors: FILE_UNREADABLE for what only xz itself unpacks; any other error says that the data is damaged. */
export async function* unxz(packed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  // CommonJS whose names Node cannot see from outside.
  const { XzReadableStream } = (await import('xz-decompress')).default;
  try {
    yield* new XzReadableStream(ReadableStream.from(packed));
  } catch (error) {
    throw notSupported(error) ?? error;
  }
}

function notSupported(error: unknown): VhtraceError | undefined {
  const code = /error code (\d+)$/.exec(error instanceof Error ? error.message : '')?.[1];
  switch (Number(code)) {
    case MEMLIMIT_ERROR:
      return refusal('needs a dictionary of over 64 MiB to unpack', error);
    case OPTIONS_ERROR:
      return refusal('was compressed with options of xz that are not read here', error);
    default:
      return undefined;
  }
}

function refusal(message: string, cause: unknown): VhtraceError {
  return new VhtraceError('FILE_UNREADABLE', message, 'xz -dc FILE | vhtrace check -', { cause });
}
