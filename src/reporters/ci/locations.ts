/**
 * Captures as CI systems want them named: by their path from the repository, with slashes, and nothing that a URI
 * forbids. A file elsewhere is never given the path of one that is in the repository, or that might be.
 */

/** Absolute folders, as the user's system writes them. */
export interface Folders {
  /** Where relative paths begin. */
  readonly cwd: string;
  /** The repository, by each name that the system has for it: links may lead there. */
  readonly roots: readonly string[];
}

/** The path below the repository; undefined for a file elsewhere and for standard input, which have none. */
export function repositoryPath(path: string, folders: Folders): string | undefined {
  if (path === '-') return undefined;
  const file = namesOf(path, folders);
  for (const root of folders.roots) {
    const base = partsOf(root);
    if (startsWith(file, base)) return file.slice(base.length).join('/') || '.';
  }
  return undefined;
}

/** The path from the repository, which leads out of it by `..` where the file is elsewhere. `-` is `stdin`. */
export function pathFromRepository(path: string, folders: Folders): string {
  if (path === '-') return 'stdin';
  const inside = repositoryPath(path, folders);
  if (inside !== undefined) return inside;
  const file = namesOf(path, folders);
  const base = partsOf(folders.roots[0] ?? folders.cwd);
  const differs = base.findIndex((name, i) => file[i] !== name);
  return [...base.slice(differs).map(() => '..'), ...file.slice(differs)].join('/');
}

/**
 * As a URI reference from the repository; of a file elsewhere its absolute URI, of which GitHub takes the scheme
 * `file:` only: it refuses a whole upload for another `:`.
 */
export function captureUri(path: string, folders: Folders): string {
  if (path === '-') return 'stdin';
  const inside = repositoryPath(path, folders);
  if (inside !== undefined) return inside.split('/').map(encodePart).join('/');
  const [drive = '', ...rest] = namesOf(path, folders);
  const first = /^[A-Za-z]:$/.test(drive) ? drive : encodePart(drive);
  return `file:///${[first, ...rest.map(encodePart)].join('/')}`;
}

/** Names on the way to the file. */
function namesOf(path: string, { cwd }: Folders): string[] {
  return partsOf(isAbsolute(path, cwd) ? path : `${cwd}/${path}`);
}

function isAbsolute(path: string, cwd: string): boolean {
  return cwd.startsWith('/') ? path.startsWith('/') : /^(?:[A-Za-z]:)?[\\/]/.test(path);
}

/** Names on the way, `.` and `..` followed. Where paths begin with a slash, a backslash is a sign like others. */
function partsOf(path: string): string[] {
  const parts: string[] = [];
  for (const part of path.split(path.startsWith('/') ? '/' : /[\\/]/)) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return parts;
}

function startsWith(names: readonly string[], base: readonly string[]): boolean {
  return base.every((name, i) => names[i] === name);
}

/** `encodeURIComponent` leaves a few signs that not every reader accepts; a lone surrogate is no character at all. */
function encodePart(part: string): string {
  return encodeURIComponent(part.replace(/\p{Surrogate}/gu, '\ufffd')).replace(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
