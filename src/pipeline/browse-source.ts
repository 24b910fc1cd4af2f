/** What a browser asks of the place where the facts lie: memory or a store. Captures go by index, facts by `seq`. */
import { factArgs } from '../flows/flow-args.js';
import type { BrowseCapture, BrowseChoices, BrowseFilter } from '../model/browse.js';
import type { Fact } from '../model/fact.js';
import type { CaptureRecord, Span } from '../model/record.js';
import { shownThread, shownValue } from '../model/shown.js';

/** A filter, with any number of texts that must all be there. */
export interface FactFilter extends Omit<BrowseFilter, 'text'> {
  readonly texts: readonly string[];
}

/** `from` up to `to`, excluded. */
export interface FactRange {
  readonly capture: number;
  readonly from: number;
  readonly to: number;
}

export interface FactSource {
  readonly captures: readonly BrowseCapture[];
  choices(): Promise<BrowseChoices>;
  /** The facts of a range, in order. */
  window(range: FactRange): Promise<readonly Fact[]>;
  /** Facts by their numbers, which rise. */
  at(capture: number, seqs: readonly number[]): Promise<readonly Fact[]>;
  /** Numbers of those facts of a range that pass; ascending. */
  matches(range: FactRange, filter: FactFilter): Promise<readonly number[]>;
  /** The first, or with -1 the last, fact of a range that passes. */
  nearest(range: FactRange, direction: 1 | -1, filter: FactFilter): Promise<number | undefined>;
  /** The first fact at a line, or else at the nearest line above it that shows one. */
  atLine(capture: number, line: number): Promise<number | undefined>;
  /** A few records from the one that holds a line on. */
  records(capture: number, line: number): Promise<readonly CaptureRecord[]>;
  close(): Promise<void>;
}

/** Records that are asked for at once: a stop and the backtrace that was printed after it. */
export const RECORDS_AT_ONCE = 8;

/** Whether a fact passes; A is a. */
export function matcher({ device, thread, kind, texts }: FactFilter): (fact: Fact) => boolean {
  const wanted = texts.map((text) => text.toLowerCase());
  return (fact) =>
    (device === undefined || fact.device === device) &&
    (thread === undefined || fact.thread === thread) &&
    (kind === undefined || fact.kind === kind) &&
    wanted.every((text) => soughtIn(fact).some((field) => field.toLowerCase().includes(text)));
}

/** As recorded, and as shown. */
function soughtIn(fact: Fact): string[] {
  const { func, thread, device, kind, value } = fact;
  return [
    func,
    ...factArgs(fact).map((arg) => `${arg.name}=${arg.meaning ?? arg.value}`),
    ...(thread === undefined ? [] : [thread, shownThread(thread)]),
    ...(device === undefined ? [] : [device]),
    ...(value === undefined ? [] : [value, shownValue(kind, value)]),
  ];
}

/** Most frequent first, equal ones by their text. */
export function byFrequency(counts: ReadonlyMap<string, number>): string[] {
  return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).map(([text]) => text);
}

/** How many lines the spans cover; a line counts once. */
export function coveredLines(spans: readonly Span[]): number {
  let lines = 0;
  let end = 0;
  for (const { first, last } of [...spans].sort((a, b) => a.first - b.first)) {
    lines += Math.max(0, last - Math.max(first - 1, end));
    end = Math.max(end, last);
  }
  return lines;
}
