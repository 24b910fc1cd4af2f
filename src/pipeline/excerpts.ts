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

/**
 * A line of a capture, 1-based; undefined where it is not at hand. The capture is told by its sha256: a store may
 * have several of one path.
 */
export type Excerpt = (capture: string, line: number) => string | undefined;

/** Characters of input kept from sources that cannot be read again. */
const KEPT_CHARS = 32 << 20;

export interface LineKeeper {
  /** To be shown every line while captures are read. */
  readonly observe: LineObserver;
  /** By path and number. */
  readonly kept: ReadonlyMap<string, ReadonlyMap<number, string>>;
}

/** Keeps lines of those of `paths` that cannot be read again; undefined where there are none. */
export function keepLines(paths: readonly string[]): LineKeeper | undefined {
  const volatile = new Set(paths.filter((path) => !isRegularFile(path)));
  if (volatile.size === 0) return undefined;
  const kept = new Map<string, Map<number, string>>();
  let chars = 0;
  return {
    kept,
    observe(path, number, line) {
      if (!volatile.has(path) || chars > KEPT_CHARS) return;
      chars += line.length;
      let lines = kept.get(path);
      if (lines === undefined) kept.set(path, (lines = new Map<number, string>()));
      lines.set(number, line);
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

/** The same for lines named by the sha256 of their capture and number. */
export async function fetchLines(
  wanted: ReadonlyMap<string, ReadonlySet<number>>,
  captures: readonly ReadCapture[],
  keeper?: LineKeeper,
): Promise<Excerpt> {
  const lines = new Map<string, ReadonlyMap<number, string>>();
  const readings = new Map<string, ReadCapture['reading']>();
  for (const { info, reading } of captures) {
    const { path, sha256 } = info;
    readings.set(sha256, reading);
    const numbers = wanted.get(sha256);
    const kept = keeper?.kept.get(path);
    const found =
      kept ?? (numbers && isRegularFile(path) ? await readLines(path, numbers, sha256) : undefined);
    if (found !== undefined) lines.set(sha256, found);
  }
  return (capture, line) => {
    const reading = readings.get(capture);
    return lines.get(capture)?.get(line) ?? (reading && quoteRecord(reading, line));
  };
}

/** Lines of violations and their evidence, by the sha256 of their capture. */
export function quotedPlaces({ findings }: CheckReport): Map<string, Set<number>> {
  const wanted = new Map<string, Set<number>>();
  for (const { verdict, capture, at, evidence } of findings) {
    if (verdict !== 'violation') continue;
    let numbers = wanted.get(capture);
    if (numbers === undefined) wanted.set(capture, (numbers = new Set()));
    for (const { line } of [at, ...evidence]) numbers.add(line);
  }
  return wanted;
}

async function readLines(
  path: string,
  wanted: ReadonlySet<number>,
  sha256: string,
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
