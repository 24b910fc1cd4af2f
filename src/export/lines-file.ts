/** A file of lines that is there whole or not at all. */
import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { VhtraceError } from '../base/errors.js';

export interface LinesFile {
  readonly write: (line: string) => void;
  /** Puts the file in its place. */
  readonly commit: () => void;
  /** Leaves everything as it was. */
  readonly discard: () => void;
}

/** Errors, also of what it gives: OUTPUT_UNWRITABLE. */
export function createLinesFile(path: string): LinesFile {
  const draft = `${path}.new`;
  const attempt = <Value>(work: () => Value): Value => {
    try {
      return work();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const message = `${path}: could not be written: ${why}`;
      throw new VhtraceError('OUTPUT_UNWRITABLE', message, undefined, { cause: error });
    }
  };
  const file = attempt(() => openSync(draft, 'w'));
  return {
    write(line) {
      const bytes = Buffer.from(`${line}\n`);
      attempt(() => {
        for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
      });
    },
    commit() {
      attempt(() => {
        closeSync(file);
        renameSync(draft, path);
      });
    },
    discard() {
      closeSync(file);
      rmSync(draft, { force: true });
    },
  };
}
