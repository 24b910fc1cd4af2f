/** Facts of a store: never more than a window of them is loaded. */
import type { RunOptions } from '../flows/run.js';
import type { BrowseCapture, BrowseChoices } from '../model/browse.js';
import type { Fact } from '../model/fact.js';
import type { CaptureRecord } from '../model/record.js';
import { shownThread } from '../model/shown.js';
import { frontendRequests } from '../model/vhost-user-requests.js';
import {
  captureHeads,
  factAtLine,
  factGroups,
  factsAt,
  factsFrom,
  matchingFacts,
  nearestFact,
  SCAN_FACTS,
  textsById,
  unreadSpans,
} from '../store/browse-facts.js';
import type { FactGroup, Sought, StoredHead } from '../store/browse-facts.js';
import type { Database } from '../store/database.js';
import { openStore } from '../store/open-store.js';
import { recordsFrom } from '../store/records-at.js';
import { byFrequency, coveredLines, lowerCase, RECORDS_AT_ONCE } from './browse-source.js';
import type { FactFilter, FactRange, FactSource } from './browse-source.js';

/** What facts repeat: groups of all captures, and the texts that they refer to. */
interface Names {
  readonly groups: readonly FactGroup[];
  readonly texts: ReadonlyMap<number, string>;
}

export class StoreSource implements FactSource {
  private counted: Promise<Names> | undefined;
  private isOpen = true;

  private constructor(
    private readonly database: Database,
    private readonly heads: readonly StoredHead[],
    readonly captures: readonly BrowseCapture[],
  ) {}

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
    const { groups, texts } = await this.names();
    const counted = (textOf: (group: FactGroup) => string | undefined): string[] => {
      const counts = new Map<string, number>();
      for (const group of groups) {
        const text = textOf(group);
        if (text !== undefined) counts.set(text, (counts.get(text) ?? 0) + group.facts);
      }
      return byFrequency(counts);
    };
    return {
      devices: counted(({ device }) => device ?? undefined),
      threads: counted(({ thread }) => texts.get(thread)),
      kinds: counted(({ kind }) => texts.get(kind)),
    };
  }

  window({ capture, from, to }: FactRange): Promise<readonly Fact[]> {
    return factsFrom(this.database, this.idOf(capture), from, Math.max(0, to - from));
  }

  at(capture: number, seqs: readonly number[]): Promise<readonly Fact[]> {
    return factsAt(this.database, this.idOf(capture), seqs);
  }

  async matches(
    { capture, from, to }: FactRange,
    { texts, ...filter }: FactFilter,
  ): Promise<readonly number[]> {
    const sought = await this.seek(texts);
    const id = this.idOf(capture);
    const seqs: number[] = [];
    for (let at = from; at < to && this.isOpen; at += SCAN_FACTS) {
      const end = Math.min(to, at + SCAN_FACTS);
      const found = await matchingFacts(this.database, id, at, end, filter, sought);
      for (const seq of found) seqs.push(seq);
    }
    return seqs;
  }

  async nearest(
    { capture, from, to }: FactRange,
    direction: 1 | -1,
    { texts, ...filter }: FactFilter,
  ): Promise<number | undefined> {
    const sought = await this.seek(texts);
    const id = this.idOf(capture);
    for (let done = 0; done < to - from && this.isOpen; done += SCAN_FACTS) {
      const start = direction === 1 ? from + done : Math.max(from, to - done - SCAN_FACTS);
      const end = direction === 1 ? Math.min(to, start + SCAN_FACTS) : to - done;
      const seq = await nearestFact(this.database, id, start, end, direction, filter, sought);
      if (seq !== undefined) return seq;
    }
    return undefined;
  }

  atLine(capture: number, line: number): Promise<number | undefined> {
    const facts = this.heads[capture]?.facts ?? 0;
    return factAtLine(this.database, this.idOf(capture), facts, line);
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

  /** Where each text is: the texts that facts refer to are few, so they are looked through here. */
  private async seek(wanted: readonly string[]): Promise<Sought[]> {
    if (wanted.length === 0) return [];
    const { groups, texts } = await this.names();
    const ids = new Set(groups.flatMap(({ thread, func }) => [thread, func]));
    const devices = new Set(groups.flatMap(({ device }) => device ?? []));
    return wanted.map(lowerCase).map((text) => ({
      text,
      texts: [...ids].filter((id) => {
        const known = texts.get(id);
        if (known === undefined) return false;
        return [known, shownThread(known)].some((shown) => lowerCase(shown).includes(text));
      }),
      requests: frontendRequests.flatMap(({ id, name }) =>
        lowerCase(name).includes(text) ? [String(id)] : [],
      ),
      devices: [...devices].filter((device) => lowerCase(device).includes(text)),
    }));
  }

  private names(): Promise<Names> {
    return (this.counted ??= this.count());
  }

  private async count(): Promise<Names> {
    const groups = new Map<string, FactGroup>();
    for (const { id, facts } of this.heads) {
      for (let at = 0; at < facts && this.isOpen; at += SCAN_FACTS) {
        for (const group of await factGroups(this.database, id, at, at + SCAN_FACTS)) {
          const { thread, kind, func, device } = group;
          const key = JSON.stringify([thread, kind, func, device]);
          groups.set(key, { ...group, facts: group.facts + (groups.get(key)?.facts ?? 0) });
        }
      }
    }
    const ids = new Set<number>();
    for (const { thread, kind, func } of groups.values()) ids.add(thread).add(kind).add(func);
    return { groups: [...groups.values()], texts: await textsById(this.database, ids) };
  }
}
