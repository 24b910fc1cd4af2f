/** Facts of a store: never more than a window of them is loaded. */
import type { RunOptions } from '../flows/run.js';
import type { BrowseCapture, BrowseChoices } from '../model/browse.js';
import type { Fact } from '../model/fact.js';
import type { CaptureRecord } from '../model/record.js';
import { captureHeads, StoredFacts, unreadSpans } from '../store/browse-facts.js';
import type { FactGroup, StoredHead } from '../store/browse-facts.js';
import type { Database } from '../store/database.js';
import { openStore } from '../store/open-store.js';
import { recordsFrom } from '../store/records-at.js';
import { byFrequency, coveredLines, matcher, RECORDS_AT_ONCE } from './browse-source.js';
import type { FactFilter, FactRange, FactSource } from './browse-source.js';

/** Facts that are looked at before others get their turn. */
const SCAN_FACTS = 10_000;
/** Facts that SQLite's thread counts before it takes another query. */
const COUNT_FACTS = 50_000;

export class StoreSource implements FactSource {
  private counted: Promise<readonly FactGroup[]> | undefined;
  private readonly facts: readonly StoredFacts[];
  private isOpen = true;

  private constructor(
    private readonly database: Database,
    private readonly heads: readonly StoredHead[],
    readonly captures: readonly BrowseCapture[],
  ) {
    this.facts = heads.map(({ id }) => new StoredFacts(database, id));
  }

  /** Errors: those of {@link openStore}. */
  static async open(path: string, { assumeOrdered }: RunOptions): Promise<StoreSource> {
    const database = await openStore(path, 'read');
    // One snapshot for all queries: `ingest --follow` may replace a capture meanwhile.
    await database.run('BEGIN');
    const heads = await captureHeads(database);
    const captures: BrowseCapture[] = [];
    for (const head of heads) {
      const { sha256, formats, lines, facts } = head;
      const ordered = head.ordered || assumeOrdered;
      const unread = coveredLines(await unreadSpans(database, head));
      captures.push({ path: head.path, sha256, formats, lines, facts, ordered, unread });
    }
    return new StoreSource(database, heads, captures);
  }

  async choices(): Promise<BrowseChoices> {
    const groups = await (this.counted ??= this.count());
    const counted = (textOf: (group: FactGroup) => string | undefined): string[] => {
      const counts = new Map<string, number>();
      for (const group of groups) {
        const text = textOf(group);
        if (text !== undefined) counts.set(text, (counts.get(text) ?? 0) + group.facts);
      }
      return byFrequency(counts);
    };
    return {
      devices: counted(({ device }) => device),
      threads: counted(({ thread }) => thread),
      kinds: counted(({ kind }) => kind),
    };
  }

  window({ capture, from, to }: FactRange): Promise<readonly Fact[]> {
    return this.factsOf(capture).window(from, to);
  }

  at(capture: number, seqs: readonly number[]): Promise<readonly Fact[]> {
    return this.factsOf(capture).at(seqs);
  }

  async matches({ capture, from, to }: FactRange, filter: FactFilter): Promise<readonly number[]> {
    const passes = matcher(filter, capture);
    const seqs: number[] = [];
    for (let at = from; at < to && this.isOpen; at += SCAN_FACTS) {
      const facts = await this.factsOf(capture).window(at, Math.min(to, at + SCAN_FACTS));
      for (const fact of facts) if (passes(fact)) seqs.push(fact.seq);
    }
    return seqs;
  }

  async nearest(
    { capture, from, to }: FactRange,
    direction: 1 | -1,
    filter: FactFilter,
  ): Promise<number | undefined> {
    const passes = matcher(filter, capture);
    for (let done = 0; done < to - from && this.isOpen; done += SCAN_FACTS) {
      const start = direction === 1 ? from + done : Math.max(from, to - done - SCAN_FACTS);
      const end = direction === 1 ? Math.min(to, start + SCAN_FACTS) : to - done;
      const facts = await this.factsOf(capture).window(start, end);
      const found = direction === 1 ? facts.find(passes) : facts.findLast(passes);
      if (found !== undefined) return found.seq;
    }
    return undefined;
  }

  atLine(capture: number, line: number): Promise<number | undefined> {
    return this.factsOf(capture).atLine(line);
  }

  records(capture: number, line: number): Promise<readonly CaptureRecord[]> {
    return recordsFrom(this.database, this.idOf(capture), line, RECORDS_AT_ONCE);
  }

  async close(): Promise<void> {
    this.isOpen = false;
    await this.counted?.catch(() => undefined);
    await this.database.close();
  }

  private idOf(capture: number): number {
    return this.heads[capture]?.id ?? -1;
  }

  private factsOf(capture: number): StoredFacts {
    return this.facts[capture] ?? new StoredFacts(this.database, -1);
  }

  private async count(): Promise<readonly FactGroup[]> {
    const groups: FactGroup[] = [];
    for (const facts of this.facts) {
      const starts = await facts.starts();
      for (let i = 0; i < starts.length && this.isOpen;) {
        const from = starts[i] ?? 0;
        while (i < starts.length && (starts[i] ?? 0) < from + COUNT_FACTS) i++;
        for (const group of await facts.groups(from, starts[i] ?? Infinity)) groups.push(group);
      }
    }
    return groups;
  }
}
