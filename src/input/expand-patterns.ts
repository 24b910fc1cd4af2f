/**
 * Patterns in file names that no shell has expanded: they were quoted, or the system has no such shell.
 *
 * `*`, `?`, `[...]`, `{a,b}` and `**`; a name that begins with a dot is matched where the pattern says
 * the dot.
 */
import { existsSync, readdir, realpathSync } from 'node:fs';
import type { Dirent } from 'node:fs';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';

/** `readdir` of node:fs, as far as it is asked here. */
export type ReadFolder = (
  path: string,
  options: { readonly withFileTypes: true },
  done: (error: Error | null, entries: Dirent[]) => void,
) => void;

/** Whether a name may stand for others. */
export function isPattern(path: string): boolean {
  return /[*?{[]/.test(path);
}

/**
 * The files that `paths` stand for, each once, those of one pattern sorted.
 *
 * A name that exists is taken as it is, whatever characters it has. A pattern without a match stays
 * and is found missing when it is opened; so does a link that leads nowhere, and a folder below one that may
 * not be read.
 */
export async function expandPatterns(
  paths: readonly string[],
  readFolder: ReadFolder = readdir,
): Promise<readonly string[]> {
  const expanded = new Set<string>();
  for (const path of paths) {
    const files = isPattern(path) && !existsSync(path) ? await matches(path, readFolder) : [];
    for (const file of files.length > 0 ? files : [path]) expanded.add(file);
  }
  return [...expanded];
}

async function matches(pattern: string, readFolder: ReadFolder): Promise<readonly string[]> {
  const { glob } = await import('tinyglobby');
  /** By their own paths: links may lead to one several times. */
  const closed = new Map<string, string>();
  // What cannot be looked into is passed over in silence otherwise.
  const noteClosed: ReadFolder = (path, options, done) => {
    readFolder(path, options, (error, entries) => {
      if (error !== null && 'code' in error && error.code === 'EACCES') {
        closed.set(realpathSync(path), path);
      }
      // Without entries, where there is an error.
      if (error !== null) done(error, entries);
      else
        done(
          error,
          entries.map((entry) => (leadsNowhere(path, entry) ? asFile(entry) : entry)),
        );
    });
  };
  // A backslash separates folders on Windows, where no name can have one.
  const files = await glob(sep === '\\' ? pattern.replaceAll(sep, '/') : pattern, {
    absolute: isAbsolute(pattern),
    expandDirectories: false,
    fs: { readdir: noteClosed as typeof readdir },
  });
  const folders = Array.from(closed.values(), (path) =>
    isAbsolute(pattern) ? resolve(path) : relative('.', path),
  );
  return [...files, ...folders].sort();
}

function leadsNowhere(folder: string, entry: Dirent): boolean {
  return entry.isSymbolicLink() && !existsSync(join(folder, entry.name));
}

/** What is no file is passed over in silence. */
function asFile(entry: Dirent): Dirent {
  const file: Dirent = Object.create(entry) as Dirent;
  return Object.assign(file, { isFile: () => true, isSymbolicLink: () => false });
}
