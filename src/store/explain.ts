/** Errors of SQLite in the words of this program. */
import { lstatSync, realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { VhtraceError } from '../base/errors.js';
import { sqliteCode } from './database.js';

/** Runs `work`; errors of SQLite come out as errors about the store at `path`. */
export async function inWords<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw explain(path, error);
  }
}

function explain(path: string, error: unknown): unknown {
  const code = sqliteCode(error);
  if (code === undefined || !(error instanceof Error)) return error;
  const cause = { cause: error };
  switch (code) {
    case 'SQLITE_NOTADB':
      return new VhtraceError(
        'STORE_NOT_A_DATABASE',
        `${path}: not a database`,
        'name another file with --db or VHTRACE_DB',
        cause,
      );
    case 'SQLITE_BUSY':
      return new VhtraceError(
        'STORE_UNUSABLE',
        `${path}: another program is writing to it`,
        'try again when that is done',
        cause,
      );
    case 'SQLITE_CANTOPEN': {
      const link = linkBeside(path);
      if (link !== undefined) {
        return new VhtraceError(
          'STORE_UNUSABLE',
          `${link}: is a symbolic link, and none is followed beside a store`,
          'see who made it, and remove it',
          cause,
        );
      }
      return new VhtraceError(
        'STORE_UNUSABLE',
        `${path}: cannot be opened or created`,
        `check that ${dirname(path)} exists and may be written to`,
        cause,
      );
    }
    case 'SQLITE_READONLY':
      return new VhtraceError(
        'STORE_UNUSABLE',
        `${path}: may not be written to`,
        'name another file with --db or VHTRACE_DB',
        cause,
      );
    case 'SQLITE_FULL':
    case 'SQLITE_IOERR':
      return new VhtraceError(
        'STORE_UNUSABLE',
        `${path}: ${error.message.replace(/^SQLITE_\w+: /, '')}`,
        'make room on its disk, and ingest again: what was stored before is whole',
        cause,
      );
    default:
      return new VhtraceError('STORE_UNUSABLE', `${path}: ${error.message}`, undefined, cause);
  }
}

/** A link in place of a file that SQLite keeps beside the store: it opens those with O_NOFOLLOW (os_unix.c, unixOpen()). */
function linkBeside(path: string): string | undefined {
  return ['-wal', '-shm', '-journal']
    .map((ending) => realPathOf(path) + ending)
    .find((name) => lstatSync(name, { throwIfNoEntry: false })?.isSymbolicLink() === true);
}

function realPathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    // A store that could not even be created.
    return path;
  }
}
