/** `vhtrace ingest`: files → readings → facts → store. */
import { buildRun } from '../flows/run.js';
import { expandPatterns } from '../input/expand-patterns.js';
import type { CaptureCounts } from '../model/report.js';
import type { Database } from '../store/database.js';
import { findCapture } from '../store/list-captures.js';
import { openStore, storeExists } from '../store/open-store.js';
import { replaceCapture, saveCapture } from '../store/save-capture.js';
import { countCapture } from './count-capture.js';
import { attempt, readCapture } from './read-capture.js';
import type { FileFailure, ReadCapture } from './read-capture.js';

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

/**
 * Puts each file that `names` names, or stands for as a pattern, into the store at `database`; one bad file never stops the others.
 *
 * The store is created by the first file that can be read.
 * Errors: those of {@link openStore}.
 */
export async function runIngest(names: readonly string[], database: string): Promise<IngestResult> {
  const captures: IngestedCapture[] = [];
  const failures: FileFailure[] = [];
  // A store that cannot be used is found out before hours are spent on reading.
  let store = storeExists(database) ? await openStore(database, 'write') : undefined;
  try {
    for (const path of await expandPatterns(names)) {
      const capture = await attempt(path, failures, () => readCapture(path));
      if (capture === undefined) continue;
      const open = (store ??= await openStore(database, 'write'));
      const ingested = await attempt(path, failures, () => ingest(open, capture));
      if (ingested !== undefined) captures.push(ingested);
    }
  } finally {
    await store?.close();
  }
  return { database, captures, failures };
}

/** Puts a capture into the store, in the place of the captures `older` where they are given by sha256. */
export async function ingest(
  store: Database,
  { info, reading }: ReadCapture,
  older?: Iterable<string>,
): Promise<IngestedCapture> {
  const run = buildRun(reading, { assumeOrdered: false });
  const counts = countCapture(info, reading, run);
  const { facts, ordered } = run;
  const capture = { info, reading, facts, ordered, counts };
  const isNew = await (older === undefined
    ? saveCapture(store, capture)
    : replaceCapture(store, capture, older));
  if (isNew) return { ...counts, alreadyIngested: false };
  const stored = await findCapture(store, info.sha256);
  return { ...counts, ...stored, path: info.path, alreadyIngested: true };
}
