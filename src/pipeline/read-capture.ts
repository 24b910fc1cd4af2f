/** One file → one reading: bytes, lines and records, put together. */
import { VhtraceError } from '../base/errors.js';
import { builtInEvents } from '../formats/qemu/event-table.js';
import type { EventTable } from '../formats/qemu/event-table.js';
import { createReader } from '../formats/reader.js';
import { createSimpleFileReader } from '../formats/qemu/simple-file.js';
import type { SimpleFileReader } from '../formats/qemu/simple-file.js';
import type { ByteSource } from '../input/open-bytes.js';
import { openCapture } from '../input/open-capture.js';
import type { CaptureInfo, CaptureRecord, Reading } from '../model/record.js';
import { SeenCaptures } from './same-bytes.js';
import type { Twin } from './same-bytes.js';

/** A capture that was read. */
export interface ReadCapture {
  readonly info: CaptureInfo;
  readonly reading: Reading;
}

/** A file that could not be used, and why. */
export interface FileFailure {
  readonly path: string;
  readonly error: VhtraceError;
}

/** What became of a list of files. */
export interface ReadResult {
  readonly captures: readonly ReadCapture[];
  readonly failures: readonly FileFailure[];
  /** Files that are one of the captures by another name. */
  readonly twins: readonly Twin[];
}

/** Called for each line of a capture as it is read; lines are 1-based. */
export type LineObserver = (path: string, number: number, line: string) => void;

export interface ReadOptions {
  /** Called for each line of a text; a binary trace has none. */
  readonly observe?: LineObserver | undefined;
  /** Where the bytes come from; the file by default. */
  readonly source?: ByteSource | undefined;
  /** Events whose arguments are known; the built-in table by default. */
  readonly events?: EventTable | undefined;
  /**
   * Takes the records as they are read, for captures larger than memory; the reading then has none.
   * Reading goes on when it is done.
   */
  readonly take?: ((records: readonly CaptureRecord[]) => Promise<void>) | undefined;
}

/** Reads one capture, text or binary trace. Errors: see {@link openCapture}. */
export async function readCapture(
  path: string,
  { observe, source, events = builtInEvents(), take }: ReadOptions = {},
): Promise<ReadCapture> {
  const reader = createReader(events);
  let number = 0;
  const push =
    observe === undefined
      ? (line: string): void => {
          reader.push(line);
        }
      : (line: string): void => {
          observe(path, ++number, line);
          reader.push(line);
        };
  let trace: SimpleFileReader | undefined;
  const info = await openCapture(
    path,
    push,
    source,
    (chunk) => {
      (trace ??= createSimpleFileReader(events)).push(chunk);
    },
    take && (() => take((trace ?? reader).take())),
  );
  const reading = (trace ?? reader).finish();
  if (take === undefined) return { info, reading };
  await take(reading.records);
  return { info, reading: { ...reading, records: [] } };
}

/** Reads files; the same bytes are one capture, and a file that cannot be read does not stop the others. */
export async function readCaptures(
  paths: readonly string[],
  options: ReadOptions = {},
): Promise<ReadResult> {
  const seen = new SeenCaptures();
  const captures: ReadCapture[] = [];
  const failures: FileFailure[] = [];
  for (const path of new Set(paths)) {
    const capture = await attempt(path, failures, () => readCapture(path, options));
    if (capture !== undefined && seen.isNew(capture.info)) captures.push(capture);
  }
  return { captures, failures, twins: seen.twins };
}

/** What `work` gives; an error about the input goes to `failures`, a bug is thrown on. */
export async function attempt<Value>(
  path: string,
  failures: FileFailure[],
  work: () => Promise<Value>,
): Promise<Value | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof VhtraceError)) throw error;
    failures.push({ path, error });
    return undefined;
  }
}
