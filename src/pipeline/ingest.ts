/** `vhtrace ingest`: files → readings → facts → store. */
import { FactBuilder } from '../flows/fact-builder.js';
import type { Hindsight } from '../flows/fact-builder.js';
import type { EventTable } from '../formats/qemu/event-table.js';
import { expandPatterns } from '../input/expand-patterns.js';
import { isRegularFile, openBytes, sizeOf } from '../input/open-bytes.js';
import type { ByteSource } from '../input/open-bytes.js';
import type { CaptureRecord } from '../model/record.js';
import type { CaptureCounts } from '../model/report.js';
import type { Database } from '../store/database.js';
import { findCapture } from '../store/list-captures.js';
import { openStore, storeExists } from '../store/open-store.js';
import { CaptureWriter, replaceCapture } from '../store/save-capture.js';
import { CaptureCounter } from './count-capture.js';
import { attempt, readCapture } from './read-capture.js';
import type { FileFailure, ReadCapture } from './read-capture.js';
import { readEventTable } from './trace-events.js';

/** A capture that the store holds now. */
export interface IngestedCapture extends CaptureCounts {
  /** The store had a capture of these bytes before; it was left as it is. */
  readonly alreadyIngested: boolean;
}

export interface IngestResult {
  readonly database: string;
  readonly captures: readonly IngestedCapture[];
  readonly failures: readonly FileFailure[];
}

/** What happens while files are read. */
export interface IngestWatch {
  /** What is not stored when this is aborted is left out. */
  readonly stop?: AbortSignal;
  /** Another process writes into the store, and has to end first. */
  readonly onWait?: (() => void) | undefined;
  /** So much of a file was read; `total` is undefined for a pipe. */
  readonly onProgress?: (path: string, bytes: number, total: number | undefined) => void;
}

/**
 * Puts each file that `names` names, or stands for as a pattern, into the store at `database`; one bad file never stops the others.
 *
 * The store is created by the first file that can be read.
 * `traceEvents`: files with the declarations of trace events.
 * Errors: those of {@link openStore} and {@link readEventTable}.
 */
export async function runIngest(
  names: readonly string[],
  database: string,
  traceEvents: readonly string[] = [],
  watch: IngestWatch = {},
): Promise<IngestResult> {
  const events = await readEventTable(traceEvents);
  const captures: IngestedCapture[] = [];
  const failures: FileFailure[] = [];
  // A store that cannot be used is found out before hours are spent on reading.
  let store = storeExists(database) ? await openToWrite(database, watch) : undefined;
  try {
    for (const path of await expandPatterns(names)) {
      let unusable: Error | undefined;
      const open = async (): Promise<Database> => {
        try {
          return (store ??= await openToWrite(database, watch));
        } catch (error) {
          if (error instanceof Error) unusable = error;
          throw error;
        }
      };
      const ingested = await attempt(path, failures, () => ingestFile(path, open, events, watch));
      // The next file would find it no better.
      if (unusable !== undefined) throw unusable;
      if (ingested !== undefined) captures.push(ingested);
    }
  } catch (error) {
    if (watch.stop?.aborted !== true) throw error;
  } finally {
    await store?.close();
  }
  return { database, captures, failures };
}

/** Opens the store, and has it said where it waits. Errors: those of {@link openStore}. */
export async function openToWrite(
  path: string,
  { onWait }: Pick<IngestWatch, 'onWait'>,
): Promise<Database> {
  const store = await openStore(path, 'write');
  store.onWait = onWait;
  return store;
}

/**
 * Reads a file and writes it at the same time: neither the file nor its records need to fit into memory.
 * `known`: what a first reading learned too late.
 */
async function ingestFile(
  path: string,
  open: () => Promise<Database>,
  events: EventTable | undefined,
  watch: IngestWatch,
  known?: Hindsight,
): Promise<IngestedCapture> {
  const { stop, onProgress } = watch;
  const writer = new CaptureWriter(open, stop);
  const facts = new FactBuilder(isRegularFile(path) ? 'session' : 'capture', known);
  const counter = new CaptureCounter();
  const take = (records: readonly CaptureRecord[]): Promise<void> => {
    for (const record of records) {
      facts.add(record);
      counter.add(record);
    }
    return writer.add(records, facts.take());
  };
  try {
    const source = watchedBytes(stop, onProgress);
    const { info, reading } = await readCapture(path, { events, source, take });
    stop?.throwIfAborted();
    const found = facts.finish();
    if (found.hindsight !== undefined) {
      await writer.abandon();
      return await ingestFile(path, open, events, watch, found.hindsight);
    }
    const counts = counter.counts(info, reading, found);
    const isNew = await writer.finish({ info, reading, ...found, counts });
    return await ingested(await open(), counts, isNew);
  } catch (error) {
    await writer.abandon();
    throw error;
  }
}

function watchedBytes(
  stop: IngestWatch['stop'],
  onProgress: IngestWatch['onProgress'],
): ByteSource {
  return async function* (path) {
    const total = sizeOf(path);
    let bytes = 0;
    for await (const chunk of openBytes(path, stop)) {
      bytes += chunk.length;
      onProgress?.(path, bytes, total);
      yield chunk;
    }
  };
}

/** Puts a capture into the store, in the place of the captures `older`, given by sha256. */
export async function ingest(
  store: Database,
  { info, reading }: ReadCapture,
  older: Iterable<string>,
): Promise<IngestedCapture> {
  const facts = new FactBuilder('capture');
  const counter = new CaptureCounter();
  for (const record of reading.records) {
    facts.add(record);
    counter.add(record);
  }
  const found = facts.finish();
  const counts = counter.counts(info, reading, found);
  return ingested(
    store,
    counts,
    await replaceCapture(store, { info, reading, ...found, counts }, older),
  );
}

/** What the store has now: of the same bytes, what it had before. */
async function ingested(
  store: Database,
  counts: CaptureCounts,
  isNew: boolean,
): Promise<IngestedCapture> {
  if (isNew) return { ...counts, alreadyIngested: false };
  const stored = await findCapture(store, counts.sha256);
  return { ...counts, ...stored, path: counts.path, alreadyIngested: true };
}
