/** What a browser asks of the place where the facts lie: memory or a store. Captures go by index, facts by `seq`. */
import { factArgs } from '../flows/tree/flow-args.js';
import type { BrowseCapture, BrowseChoices, BrowseFilter } from '../model/browse.js';
import type { Fact } from '../model/fact.js';
import type { CaptureRecord, Span } from '../model/record.js';
import type { ShownNames } from '../model/shown-names.js';
import { shownThread, shownValue } from '../model/shown.js';

/** All of these must be there; `names` are those that were shown when it was asked for. */
export type FactFilter = readonly (BrowseFilter & { readonly names: ShownNames | undefined })[];

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

/** Whether a fact of a capture passes; A is a. */
export function matcher(filter: FactFilter, capture: number): (fact: Fact) => boolean {
  const all = filter.map(({ device, thread, kind, text = '', names }) => {
    const sought = text.toLowerCase();
    const is = (wanted: string | undefined, recorded: string | undefined, shown = ''): boolean =>
      wanted === undefined || recorded === wanted || holds(shown, wanted.toLowerCase());
    return (fact: Fact): boolean => {
      const shown = {
        device: names?.device(capture, fact),
        thread: names?.thread(capture, fact),
      };
      return (
        is(device, fact.device, shown.device) &&
        is(thread, fact.thread, shown.thread) &&
        is(kind, fact.kind) &&
        (sought === '' || soughtIn(fact, shown).some((field) => holds(field, sought)))
      );
    };
  });
  return (fact) => all.every((passes) => passes(fact));
}

/** `sought`: in small letters. */
function holds(field: string, sought: string): boolean {
  return field.toLowerCase().includes(sought);
}

/** As recorded, and as shown. */
function soughtIn(
  fact: Fact,
  shown: { readonly device: string | undefined; readonly thread: string | undefined },
): string[] {
  const { func, thread, device, kind, value } = fact;
  return [
    func,
    ...factArgs(fact).map((arg) => `${arg.name}=${arg.meaning ?? arg.value}`),
    ...(thread === undefined ? [] : [thread, shownThread(thread)]),
    ...(device === undefined ? [] : [device]),
    ...(value === undefined ? [] : [value, shownValue(kind, value)]),
    ...Object.values(shown).filter((name) => name !== undefined),
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
