/** Places in captures, as short as they can be told apart. */
import { append } from '../base/append.js';
import type { Place } from '../model/code-flow.js';
import type { CaptureSummary, Finding } from '../model/report.js';
import { displayPath, thousands } from './text.js';

/** By path: nothing for a single capture, file names where they differ, else paths. */
export function pathNames(paths: readonly string[]): ReadonlyMap<string, string> {
  if (paths.length <= 1) return new Map(paths.map((path) => [path, '']));
  const bases = paths.map((path) => path.split('/').at(-1) ?? path);
  const areDifferent = new Set(bases).size === bases.length;
  return new Map(
    paths.map((path, i) => [path, displayPath(areDifferent ? (bases[i] ?? path) : path)]),
  );
}

/** By sha256: paths, with the beginning of the sha256 where a store has several captures of one path. */
export function captureNames(
  captures: readonly { readonly path: string; readonly sha256: string }[],
): ReadonlyMap<string, string> {
  const paths = new Set<string>();
  const again = new Set<string>();
  for (const { path } of captures) (paths.has(path) ? again : paths).add(path);
  return new Map(
    captures.map(({ path, sha256 }) => {
      const name = displayPath(path);
      return [sha256, again.has(path) ? `${name} (${sha256.slice(0, 12)})` : name];
    }),
  );
}

/** `line 49`, `note.txt:49`. */
export function placeText({ path, line }: Place, names: ReadonlyMap<string, string>): string {
  const name = names.get(path) ?? displayPath(path);
  return name === '' ? `line ${line}` : `${name}:${line}`;
}

/** How many lines of one capture are listed before only their number is told. */
const MOST_LINES = 3;

/**
 * `line 49, 95, 123 +4` in words that may be wrapped. Of several captures only the first place is told.
 * `total` may be more than are known.
 */
export function placesText(
  places: readonly Place[],
  total: number,
  names: ReadonlyMap<string, string>,
): string[] {
  const [first, ...others] = places;
  if (first === undefined) return [];
  const more = names.size > 1 ? [] : others.slice(0, MOST_LINES - 1);
  const texts = [placeText(first, names), ...more.map(({ line }) => String(line))];
  const rest = total - texts.length;
  const commas = texts.map((text, i) => (i < texts.length - 1 ? `${text},` : text));
  return rest > 0 ? [...commas, `+${thousands(rest)}`] : commas;
}

/** Lines named of each capture. */
const MOST_FINDINGS = 8;

/** `line 417, 510`, each once; of several captures `a.txt:417, 510, b.txt:12`. */
export function findingPlaces(
  findings: readonly Finding[],
  captures: readonly CaptureSummary[],
): string {
  const names = captureNames(captures);
  const lines = new Map<string, number[]>();
  for (const { capture, at } of findings) append(lines, capture, at.line);
  return Array.from(lines, ([capture, all]) => {
    const own = [...new Set(all)].sort((a, b) => a - b);
    const rest = own.length - MOST_FINDINGS;
    const more = rest > 0 ? ` and ${thousands(rest)} more` : '';
    const where = captures.length > 1 ? `${names.get(capture) ?? ''}:` : 'line ';
    return `${where}${own.slice(0, MOST_FINDINGS).join(', ')}${more}`;
  }).join(', ');
}

/** `0x5555562b1f00, vring 1 (session 2)`; undefined for what no device did. */
export function subjectOf({ device, vring, session }: Finding): string | undefined {
  if (device === null) return undefined;
  const parts = [device, ...(vring === null ? [] : [`vring ${vring}`])];
  return `${parts.join(', ')}${session === 0 ? '' : ` (session ${session})`}`;
}
