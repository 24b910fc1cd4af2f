/** Lists of facts: all of them, or those that pass a filter. A row counts the facts of all captures. */
import { firstIndex } from '../base/search.js';
import { factArgs, reportName } from '../flows/tree/flow-args.js';
import type { Fact } from '../model/fact.js';
import type { BrowseFilter, BrowseList, BrowseRow } from '../model/browse.js';
import type { ShownNames } from '../model/shown-names.js';
import type { FactFilter, FactSource } from './browse-source.js';

/** Rows ↔ captures and the numbers of their facts. */
export class RowMap {
  /** Row of the first fact of each capture; one more at the end. */
  private readonly starts: readonly number[];

  constructor({ captures }: Pick<FactSource, 'captures'>) {
    let rows = 0;
    this.starts = [0, ...captures.map(({ facts }) => (rows += facts))];
  }

  get length(): number {
    return this.starts.at(-1) ?? 0;
  }

  startOf(capture: number): number {
    return this.starts[capture] ?? this.length;
  }

  captureOf(row: number): number {
    return firstIndex(this.starts.length, (i) => (this.starts[i] ?? 0) > row) - 1;
  }

  /** The parts of `from` up to `to`, excluded, that lie in one capture each; numbers of facts. */
  split(from: number, to: number): { capture: number; from: number; to: number }[] {
    return this.starts.slice(0, -1).flatMap((start, capture) => {
      const first = Math.max(from, start) - start;
      const end = Math.min(to, this.startOf(capture + 1)) - start;
      return first < end ? [{ capture, from: first, to: end }] : [];
    });
  }
}

/** Errors: STORE_UNUSABLE. */
export async function openList(
  source: FactSource,
  map: RowMap,
  wanted: BrowseFilter,
  names: () => ShownNames | undefined,
): Promise<BrowseList> {
  const isAll = Object.keys(wanted).length === 0;
  const filter: FactFilter = isAll ? [] : [{ ...wanted, names: names() }];
  const places = isAll ? undefined : await rowsOf(source, map, filter);
  return new List(source, map, filter, names, places);
}

/** All rows that pass: a number each, so that a place in the list is an index. */
async function rowsOf(source: FactSource, map: RowMap, filter: FactFilter): Promise<number[]> {
  const rows: number[] = [];
  for (const range of map.split(0, map.length)) {
    const start = map.startOf(range.capture);
    for (const seq of await source.matches(range, filter)) rows.push(start + seq);
  }
  return rows;
}

function rowOf(fact: Fact, capture: number, first: number): BrowseRow {
  const row = first + fact.seq;
  return { ...fact, capture, row, name: reportName(fact), args: factArgs(fact) };
}

class List implements BrowseList {
  constructor(
    private readonly source: FactSource,
    private readonly map: RowMap,
    private readonly filter: FactFilter,
    private readonly names: () => ShownNames | undefined,
    /** Row at each place; undefined for all rows. */
    private readonly places: readonly number[] | undefined,
  ) {}

  get length(): number {
    return this.places?.length ?? this.map.length;
  }

  async rows(from: number, count: number): Promise<BrowseRow[]> {
    const start = Math.max(0, from);
    const end = Math.min(this.length, from + count);
    const { places } = this;
    if (start >= end) return [];
    if (places === undefined) return await this.window(start, end);
    const wanted = places.slice(start, end);
    const found: BrowseRow[] = [];
    for (const { capture } of this.map.split(wanted[0] ?? 0, (wanted.at(-1) ?? 0) + 1)) {
      const first = this.map.startOf(capture);
      const seqs = wanted.filter((row) => this.map.captureOf(row) === capture);
      const facts = await this.source.at(
        capture,
        seqs.map((row) => row - first),
      );
      for (const fact of facts) found.push(rowOf(fact, capture, first));
    }
    return found;
  }

  async find(text: string, from: number, direction: 1 | -1): Promise<number | undefined> {
    if (this.length === 0) return undefined;
    const filter = [...this.filter, { text, names: this.names() }];
    const isForward = direction === 1;
    if (isForward ? from >= this.length : from < 0) return undefined;
    const row = this.rowAt(Math.max(0, Math.min(this.length - 1, from)));
    const ranges = isForward ? this.map.split(row, this.map.length) : this.map.split(0, row + 1);
    for (const range of isForward ? ranges : ranges.reverse()) {
      const seq = await this.source.nearest(range, direction, filter);
      if (seq !== undefined) return this.place(this.map.startOf(range.capture) + seq);
    }
    return undefined;
  }

  placeOf(row: number): Promise<number> {
    return Promise.resolve(this.place(row));
  }

  private place(row: number): number {
    const { places } = this;
    if (places === undefined) return Math.max(0, Math.min(row, this.length));
    return firstIndex(places.length, (i) => (places[i] ?? 0) >= row);
  }

  private rowAt(place: number): number {
    return this.places === undefined ? place : (this.places[place] ?? 0);
  }

  private async window(start: number, end: number): Promise<BrowseRow[]> {
    const found: BrowseRow[] = [];
    for (const range of this.map.split(start, end)) {
      const { capture } = range;
      const first = this.map.startOf(capture);
      for (const fact of await this.source.window(range)) {
        found.push(rowOf(fact, capture, first));
      }
    }
    return found;
  }
}
