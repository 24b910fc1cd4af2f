/**
 * Patterns in file names that no shell has expanded: they were quoted, or the system has no such shell.
 *
 * `*`, `?`, `[...]`, `{a,b}` and `**`; a name that begins with a dot is matched where the pattern says
 * the dot.
 */
import { existsSync } from 'node:fs';
import { isAbsolute, sep } from 'node:path';

/** Whether a name may stand for others. */
export function isPattern(path: string): boolean {
  return /[*?{[]/.test(path);
}

/**
 * The files that `paths` stand for, each once, those of one pattern sorted.
 *
 * A name that exists is taken as it is, whatever characters it has. A pattern without a match stays
 * and is found missing when it is opened.
 */
export async function expandPatterns(paths: readonly string[]): Promise<readonly string[]> {
  const expanded = new Set<string>();
  for (const path of paths) {
    const files = isPattern(path) && !existsSync(path) ? await matches(path) : [];
    for (const file of files.length > 0 ? files : [path]) expanded.add(file);
  }
  return [...expanded];
}

async function matches(pattern: string): Promise<readonly string[]> {
  const { glob } = await import('tinyglobby');
  // A backslash separates folders on Windows, where no name can have one.
  const files = await glob(sep === '\\' ? pattern.replaceAll(sep, '/') : pattern, {
    absolute: isAbsolute(pattern),
    expandDirectories: false,
  });
  return files.sort();
}
