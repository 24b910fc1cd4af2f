/** Where captures come from: the files that the user names, or else the store. */
import { expandPatterns } from '../input/expand-patterns.js';
import { eachCapture, loadCaptures } from '../store/load-capture.js';
import { openStore } from '../store/open-store.js';
import { keepLines } from './excerpts.js';
import type { LineKeeper } from './excerpts.js';
import { attempt, readCapture, readCaptures } from './read-capture.js';
import type { FileFailure, ReadCapture, ReadResult } from './read-capture.js';
import { SeenCaptures } from './same-bytes.js';
import type { Twin } from './same-bytes.js';
import { readEventTable } from './trace-events.js';

export interface InputRequest {
  /** Files, or patterns that stand for them; none for what the store holds. */
  readonly paths: readonly string[];
  readonly database: string;
  /** Files with the declarations of trace events, for files. */
  readonly traceEvents?: readonly string[];
}

export interface Inputs extends ReadResult {
  /** Lines of those files that cannot be read again. */
  readonly keeper: LineKeeper | undefined;
}

/** Errors: those of {@link openStore} when there are no files; those of {@link readEventTable}. */
export async function readInputs({ paths, database, traceEvents }: InputRequest): Promise<Inputs> {
  const files = await expandPatterns(paths);
  const events = await readEventTable(traceEvents ?? []);
  const keeper = keepLines(files);
  const result =
    files.length > 0
      ? await readCaptures(files, { observe: keeper?.observe, events })
      : await readStore(database);
  return { ...result, keeper };
}

async function readStore(path: string): Promise<ReadResult> {
  const database = await openStore(path, 'read');
  try {
    return { captures: await loadCaptures(database), failures: [], twins: [] };
  } finally {
    await database.close();
  }
}

/**
 * The same captures one by one: together they may not fit into memory. Files that cannot be used go to
 * `failures`, those that are one of the captures by another name to `twins`. Errors: those of {@link readInputs}.
 */
export async function* eachInput(
  { paths, database: path, traceEvents }: InputRequest,
  failures: FileFailure[],
  twins: Twin[],
): AsyncGenerator<ReadCapture> {
  const files = await expandPatterns(paths);
  const events = await readEventTable(traceEvents ?? []);
  const seen = new SeenCaptures(twins);
  for (const file of files) {
    const capture = await attempt(file, failures, () => readCapture(file, { events }));
    if (capture !== undefined && seen.isNew(capture.info)) yield capture;
  }
  if (files.length > 0) return;
  const database = await openStore(path, 'read');
  try {
    yield* eachCapture(database);
  } finally {
    await database.close();
  }
}
