/** A file that is there whole or not at all. */
import { randomUUID } from 'node:crypto';
import {
  closeSync,
  openSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { VhtraceError } from '../base/errors.js';

export interface WholeFile {
  readonly write: (text: string) => void;
  /** Puts the file in its place. */
  readonly commit: () => void;
  /** Leaves everything as it was. */
  readonly discard: () => void;
}

/**
 * A link stays, and what it points to is replaced. What is there and no file, such as a device or a pipe, is written as
 * it is. Errors, also of what it gives: OUTPUT_UNWRITABLE.
 */
export function createWholeFile(path: string): WholeFile {
  const attempt = <Value>(work: () => Value): Value => {
    try {
      return work();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const message = `${path}: could not be written: ${why}`;
      throw new VhtraceError('OUTPUT_UNWRITABLE', message, undefined, { cause: error });
    }
  };
  const isReplaced = statSync(path, { throwIfNoEntry: false })?.isFile() ?? true;
  const target = isReplaced ? attempt(() => endOfLinks(path)) : path;
  const draft = isReplaced ? `${target}.${randomUUID()}.tmp` : path;
  let file: number | undefined = attempt(() => openSync(draft, isReplaced ? 'wx' : 'w'));
  const close = (): void => {
    const open = file;
    file = undefined;
    if (open !== undefined) closeSync(open);
  };
  return {
    write(text) {
      const bytes = Buffer.from(text);
      attempt(() => {
        for (let at = 0; at < bytes.length;) at += writeSync(file ?? -1, bytes, at);
      });
    },
    commit() {
      attempt(() => {
        close();
        if (isReplaced) renameSync(draft, target);
      });
    },
    discard() {
      close();
      if (isReplaced) rmSync(draft, { force: true });
    },
  };
}

/** Errors: OUTPUT_UNWRITABLE. */
export function writeWholeFile(path: string, text: string): void {
  const file = createWholeFile(path);
  try {
    file.write(text);
    file.commit();
  } catch (error) {
    file.discard();
    throw error;
  }
}

/** The file that a path names, through all links; it may not be there yet. */
function endOfLinks(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  try {
    return endOfLinks(resolve(realpathSync(dirname(path)), readlinkSync(path)));
  } catch (error) {
    // No link: a file that is to be made, or its folder is missing, too.
    if (isMissing(error)) return path;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return hasCode(error, 'ENOENT');
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
