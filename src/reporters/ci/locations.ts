/** Paths of captures as CI systems want them: relative to the repository, with slashes, and nothing that a URI forbids. */

/** Absolute folders, as the user's system writes them. */
export interface Folders {
  /** Where relative paths begin. */
  readonly cwd: string;
  /** The repository. */
  readonly root: string;
}

/**
 * The path below the repository; of a file elsewhere its path without what leads out of it, so that the
 * report is still accepted. `-` is `stdin`.
 */
export function repositoryPath(path: string, { cwd, root }: Folders): string {
  if (path === '-') return 'stdin';
  const base = partsOf(root);
  const parts = partsOf(isAbsolute(path) ? path : `${cwd}/${path}`);
  const isInside = base.every((part, i) => parts[i] === part);
  const shown = isInside ? parts.slice(base.length) : partsOf(path);
  return shown.join('/') || 'capture';
}

function isAbsolute(path: string): boolean {
  return /^(?:[A-Za-z]:)?[\\/]/.test(path);
}

/** Names on the way, `.` and `..` followed. */
function partsOf(path: string): string[] {
  const parts: string[] = [];
  for (const part of path.replace(/^[A-Za-z]:(?=[\\/])/, '').split(/[\\/]/)) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return parts;
}

/** The same as a relative URI reference: GitHub refuses a whole upload for one `:`. */
export function repositoryUri(path: string, folders: Folders): string {
  return repositoryPath(path, folders).split('/').map(encodePart).join('/');
}

/** `encodeURIComponent` leaves a few signs that not every reader accepts; a lone surrogate is no character at all. */
function encodePart(part: string): string {
  return encodeURIComponent(part.replace(/\p{Surrogate}/gu, '\ufffd')).replace(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
