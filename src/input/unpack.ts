/** Compressed bytes → plain bytes, in bounded memory; damage in one clear line. */
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { VhtraceError } from '../base/errors.js';
import type { Packing } from './sniff-bytes.js';
import { unxz } from './xz.js';
import { unzstd } from './zstd.js';

interface Unpacker {
  readonly open: (packed: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>;
  /** The command that prints what can be saved of a damaged file. */
  readonly cat: string;
}

const UNPACKERS: Readonly<Record<Packing, Unpacker>> = {
  gzip: { open: gunzip, cat: 'zcat' },
  zstd: { open: unzstd, cat: 'zstdcat' },
  xz: { open: unxz, cat: 'xzcat' },
};

/**
 * Unpacks all that is packed in a row: frames, members and streams may follow each other. `name` is of the file, for a shell.
 *
 * Errors: FILE_UNREADABLE where the data is damaged, or needs more memory than a file may ask for;
 * a VhtraceError of `packed` comes through as it is.
 */
export async function* unpack(
  by: Packing,
  packed: AsyncIterable<Uint8Array>,
  name = 'FILE',
): AsyncGenerator<Uint8Array> {
  const { open, cat } = UNPACKERS[by];
  try {
    yield* open(packed);
  } catch (error) {
    if (error instanceof VhtraceError) throw error;
    throw new VhtraceError(
      'FILE_UNREADABLE',
      `its ${by} data is damaged or cut off`,
      `to read what is left: ${cat} ${name} | vhtrace check -`,
      { cause: error },
    );
  }
}

function gunzip(packed: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  // An error of either stream ends the other one and reaches the reader of the last.
  return pipeline(Readable.from(packed), createGunzip(), () => undefined);
}
