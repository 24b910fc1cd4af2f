/** A small text as a whole, of a file or of standard input. */
import { VhtraceError } from '../base/errors.js';
import { openBytes } from './open-bytes.js';

/** Bytes; nobody writes as much by hand. */
const MOST_BYTES = 1 << 20;

/** `-` is standard input. Errors: FILE_MISSING, FILE_UNREADABLE, FILE_TOO_LARGE, with the path in front. */
export async function readText(path: string): Promise<string> {
  const name = path === '-' ? 'standard input' : path;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of openBytes(path)) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > MOST_BYTES) break;
    }
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    const why = error instanceof Error ? error.message : String(error);
    throw isMissing
      ? new VhtraceError('FILE_MISSING', `${name}: no such file`, 'check the spelling')
      : new VhtraceError('FILE_UNREADABLE', `${name}: could not be read: ${why}`, undefined, {
          cause: error,
        });
  }
  if (bytes > MOST_BYTES) throw new VhtraceError('FILE_TOO_LARGE', `${name}: more than 1 MiB`);
  return new TextDecoder().decode(Buffer.concat(chunks));
}
