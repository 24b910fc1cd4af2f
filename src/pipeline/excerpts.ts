/**
 * The lines of captures that a report points at.
 *
 * A file is read a second time, and only for findings; what cannot be read twice (a pipe, standard
 * input) is kept on the way, as far as {@link KEPT_CHARS} reach.
 */
import { openCapture } from '../input/open-capture.js';
import { isRegularFile } from '../input/open-bytes.js';
import type { CheckReport } from '../model/report.js';
import { quoteRecord } from './quote-record.js';
import type { LineObserver, ReadCapture } from './read-capture.js';

/** A line of a capture, 1-based; undefined where it is not at hand. */
export type Excerpt = (path: string, line: number) => string | undefined;

/** Characters of input kept from sources that cannot be read again. */
const KEPT_CHARS = 32 << 20;

/** Lines by path and number. */
type Lines = Map<string, Map<number, string>>;

export interface LineKeeper {
  /** To be shown every line while captures are read. */
  readonly observe: LineObserver;
  readonly kept: Lines;
}

/** Keeps lines of those of `paths` that cannot be read again; undefined where there are none. */
export function keepLines(paths: readonly string[]): LineKeeper | undefined {
  const volatile = new Set(paths.filter((path) => !isRegularFile(path)));
  if (volatile.size === 0) return undefined;
  const kept: Lines = new Map();
  let chars = 0;
  return {
    kept,
    observe(path, number, line) {
      if (!volatile.has(path) || chars > KEPT_CHARS) return;
      chars += line.length;
      linesOf(kept, path).set(number, line);
    },
  };
}

/**
 * Fetches what a reporter may quote of violations.
 *
 * Reads the captures' files. A file that is gone, or whose bytes are no longer those that were
 * checked, is quoted from those of its records that the readings still have.
 */
export function fetchExcerpts(
  report: CheckReport,
  captures: readonly ReadCapture[],
  keeper?: LineKeeper,
): Promise<Excerpt> {
  return fetchLines(quotedPlaces(report), captures, keeper);
}

/** The same for lines named by path and number. */
export async function fetchLines(
  wantedByPath: ReadonlyMap<string, ReadonlySet<number>>,
  captures: readonly ReadCapture[],
  keeper?: LineKeeper,
): Promise<Excerpt> {
  const lines: Lines = new Map(keeper?.kept);
  const byPath = new Map(captures.map((capture) => [capture.info.path, capture]));
  for (const [path, wanted] of wantedByPath) {
    if (lines.has(path) || !isRegularFile(path)) continue;
    const found = await readLines(path, wanted, byPath.get(path)?.info.sha256);
    if (found !== undefined) lines.set(path, found);
  }
  return (path, line) => {
    const reading = byPath.get(path)?.reading;
    return lines.get(path)?.get(line) ?? (reading && quoteRecord(reading, line));
  };
}

/** Lines of violations and their evidence, by path. */
export function quotedPlaces({ findings }: CheckReport): Map<string, Set<number>> {
  const wanted = new Map<string, Set<number>>();
  for (const finding of findings) {
    if (finding.verdict !== 'violation') continue;
    for (const { path, line } of [finding.at, ...finding.evidence]) {
      let numbers = wanted.get(path);
      if (numbers === undefined) wanted.set(path, (numbers = new Set()));
      numbers.add(line);
    }
  }
  return wanted;
}

async function readLines(
  path: string,
  wanted: ReadonlySet<number>,
  sha256: string | undefined,
): Promise<Map<number, string> | undefined> {
  const found = new Map<number, string>();
  let number = 0;
  try {
    const info = await openCapture(path, (line) => {
      if (wanted.has(++number)) found.set(number, line);
    });
    return info.sha256 === sha256 ? found : undefined;
  } catch {
    // An excerpt is a convenience: the report says where to look without it, too.
    return undefined;
  }
}

function linesOf(lines: Lines, path: string): Map<number, string> {
  let found = lines.get(path);
  if (found === undefined) lines.set(path, (found = new Map<number, string>()));
  return found;
}
