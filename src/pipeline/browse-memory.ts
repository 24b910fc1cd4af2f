/** Facts of captures that were read from files. */
import { buildRun } from '../flows/run.js';
import type { Run, RunOptions } from '../flows/run.js';
import { firstIndex } from '../base/search.js';
import type { BrowseCapture, BrowseChoices } from '../model/browse.js';
import type { Fact } from '../model/fact.js';
import type { CaptureRecord, Reading } from '../model/record.js';
import { byFrequency, coveredLines, matcher, RECORDS_AT_ONCE } from './browse-source.js';
import type { FactFilter, FactRange, FactSource } from './browse-source.js';
import type { ReadCapture } from './read-capture.js';

export class MemorySource implements FactSource {
  readonly captures: readonly BrowseCapture[];
  private readonly runs: readonly Run[];
  private readonly byLine: (readonly Fact[] | undefined)[] = [];

  constructor(
    private readonly inputs: readonly ReadCapture[],
    options: RunOptions,
  ) {
    this.runs = inputs.map(({ reading }) => buildRun(reading, options));
    this.captures = inputs.map(({ info, reading }, i) => ({
      path: info.path,
      sha256: info.sha256,
      formats: reading.formats,
      lines: reading.lines,
      facts: this.facts(i).length,
      unread: coveredLines(unreadSpans(reading)),
      ordered: this.runs[i]?.ordered ?? false,
    }));
  }

  choices(): Promise<BrowseChoices> {
    const [devices, threads, kinds] = [counter(), counter(), counter()];
    for (const { facts } of this.runs) {
      for (const { device, thread, kind } of facts) {
        devices.add(device);
        threads.add(thread);
        kinds.add(kind);
      }
    }
    return Promise.resolve({
      devices: byFrequency(devices.counts),
      threads: byFrequency(threads.counts),
      kinds: byFrequency(kinds.counts),
    });
  }

  window({ capture, from, to }: FactRange): Promise<readonly Fact[]> {
    return Promise.resolve(this.facts(capture).slice(from, to));
  }

  at(capture: number, seqs: readonly number[]): Promise<readonly Fact[]> {
    const facts = this.facts(capture);
    return Promise.resolve(seqs.flatMap((seq) => facts[seq] ?? []));
  }

  matches({ capture, from, to }: FactRange, filter: FactFilter): Promise<readonly number[]> {
    const passes = matcher(filter, capture);
    const own = this.facts(capture).slice(from, to).filter(passes);
    return Promise.resolve(own.map(({ seq }) => seq));
  }

  nearest(
    { capture, from, to }: FactRange,
    direction: 1 | -1,
    filter: FactFilter,
  ): Promise<number | undefined> {
    const passes = matcher(filter, capture);
    const range = this.facts(capture).slice(from, to);
    const found = direction === 1 ? range.find(passes) : range.findLast(passes);
    return Promise.resolve(found?.seq);
  }

  atLine(capture: number, line: number): Promise<number | undefined> {
    const sorted = (this.byLine[capture] ??= [...this.facts(capture)].sort(
      (a, b) => a.line - b.line || a.seq - b.seq,
    ));
    const lineOf = (i: number): number => sorted[i]?.line ?? 0;
    const last = firstIndex(sorted.length, (i) => lineOf(i) > line) - 1;
    const first = firstIndex(sorted.length, (i) => lineOf(i) >= lineOf(last));
    return Promise.resolve(last < 0 ? undefined : sorted[first]?.seq);
  }

  records(capture: number, line: number): Promise<readonly CaptureRecord[]> {
    const records = this.inputs[capture]?.reading.records ?? [];
    const after = firstIndex(records.length, (i) => (records[i]?.span.first ?? 0) > line);
    const at = Math.max(0, after - 1);
    return Promise.resolve(after === 0 ? [] : records.slice(at, at + RECORDS_AT_ONCE));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  private facts(capture: number): readonly Fact[] {
    return this.runs[capture]?.facts ?? [];
  }
}

function unreadSpans({ records, problems }: Reading): Reading['problems'][number]['span'][] {
  const unclaimed = records.filter((record) => record.kind === 'prose' && !record.human);
  return [...problems, ...unclaimed].map(({ span }) => span);
}

function counter(): { counts: Map<string, number>; add: (text: string | undefined) => void } {
  const counts = new Map<string, number>();
  const add = (text: string | undefined): void => {
    if (text !== undefined) counts.set(text, (counts.get(text) ?? 0) + 1);
  };
  return { counts, add };
}
