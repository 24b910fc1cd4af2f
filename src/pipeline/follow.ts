/**
 * `vhtrace ingest --follow`: a growing file → readings → facts → store, again and again.
 *
 * Each snapshot is what `ingest` would make of the file at that moment, and takes the place of the
 * one before. A reading is final (an open backtrace is closed by the end of the input), so it cannot
 * go on after a snapshot: lines are read as they come, and after a snapshot from the first one again.
 */
import { VhtraceError } from '../base/errors.js';
import type { EventTable } from '../formats/qemu/event-table.js';
import { expandPatterns } from '../input/expand-patterns.js';
import { GrowingFile } from '../input/growing-file.js';
import type { Change } from '../input/growing-file.js';
import type { CaptureCounts } from '../model/report.js';
import type { Database } from '../store/database.js';
import { capturesOf } from '../store/list-captures.js';
import { storeExists } from '../store/open-store.js';
import { ingest, openToWrite } from './ingest.js';
import type { IngestedCapture, IngestResult } from './ingest.js';
import { attempt, readCapture } from './read-capture.js';
import type { FileFailure } from './read-capture.js';
import { readEventTable } from './trace-events.js';

export interface FollowRequest {
  /** Has to name one file. */
  readonly names: readonly string[];
  readonly database: string;
  /** Files with the declarations of trace events. */
  readonly traceEvents?: readonly string[];
  /** The file ends where it ends when this is aborted. */
  readonly stop: AbortSignal;
  /** Another process writes into the store, and has to end first. */
  readonly onWait?: (() => void) | undefined;
  /** A snapshot was stored. */
  readonly onSaved: (capture: CaptureCounts) => void;
  /** The capture has ended, and the file begins another one. */
  readonly onRestart: (path: string, why: Ending) => void;
}

/** How the file ended a capture. */
export type Ending = Extract<Change, 'truncated' | 'replaced'>;

/**
 * Keeps the store up to date with the file until `stop`. The result has one capture for each time
 * that the file began anew.
 *
 * Errors: those of {@link openToWrite} and {@link readEventTable}, USAGE for anything but one file. An error with the file ends
 * the work; the last snapshot stays.
 */
export async function runFollow(request: FollowRequest): Promise<IngestResult> {
  const path = await oneFile(request.names);
  const follower = new Follower(path, request, await readEventTable(request.traceEvents ?? []));
  const failures: FileFailure[] = [];
  await attempt(path, failures, () => follower.run());
  return { database: request.database, captures: follower.captures, failures };
}

async function oneFile(names: readonly string[]): Promise<string> {
  const [path = '', another] = await expandPatterns(names);
  if (another !== undefined) {
    throw new VhtraceError('USAGE', 'only one FILE can be followed', 'start one for each');
  }
  if (path === '-') {
    throw new VhtraceError(
      'USAGE',
      'standard input is read to its end anyway',
      'vhtrace ingest - needs no --follow',
    );
  }
  return path;
}

class Follower {
  /** The last snapshot of each capture. */
  readonly captures: IngestedCapture[] = [];
  #store: Database | undefined;

  constructor(
    private readonly path: string,
    private readonly request: FollowRequest,
    private readonly events: EventTable | undefined,
  ) {}

  async run(): Promise<void> {
    const { database, stop, onRestart } = this.request;
    try {
      // A store that cannot be used is found out before anything is read.
      if (storeExists(database)) await this.#openStore();
      for (let isFirst = true; ; isFirst = false) {
        const file = await GrowingFile.open(this.path, stop);
        const change = await this.#follow(file, isFirst).finally(() => file.close());
        if (change === 'stopped') return;
        onRestart(this.path, change);
      }
    } finally {
      await this.#store?.close();
    }
  }

  /** Follows the file until it begins another capture. An empty file is none. */
  async #follow(file: GrowingFile, isFirst: boolean): Promise<Ending | 'stopped'> {
    const number = this.captures.length;
    let snapshots: Set<string> | undefined;
    for (;;) {
      const capture = await readCapture(this.path, {
        source: () => file.read(),
        events: this.events,
      });
      if (capture.info.bytes > 0) {
        const store = await this.#openStore();
        // A capture that has just ended stays, also where the next one begins with the same lines.
        snapshots ??= isFirst ? await olderSnapshots(this.path, file, store) : new Set();
        const saved = await ingest(store, capture, snapshots);
        snapshots.add(saved.sha256);
        this.captures[number] = saved;
        this.request.onSaved(saved);
      }
      const change = await file.nextChange();
      if (change !== 'grown') return change;
    }
  }

  async #openStore(): Promise<Database> {
    return (this.#store ??= await openToWrite(this.request.database, this.request));
  }
}

/** What the store has of this file from an earlier time, when it was shorter. */
async function olderSnapshots(
  path: string,
  file: GrowingFile,
  store: Database,
): Promise<Set<string>> {
  const snapshots = new Set<string>();
  for (const capture of await capturesOf(store, path)) {
    if (await file.startsWith(capture)) snapshots.add(capture.sha256);
  }
  return snapshots;
}
