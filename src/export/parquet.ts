/** Captures → Parquet files. A file is there whole or not at all, and the same capture gives the same bytes. */
import { existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileWriter, parquetWriteRows } from 'hyparquet-writer';
import type { BasicType } from 'hyparquet-writer';
import { VhtraceError } from '../base/errors.js';
import type { ExportCapture } from '../model/export.js';
import { DATASETS, SCHEMA, SCHEMA_VERSION } from './datasets.js';
import type { ColumnType, Dataset } from './datasets.js';
import { partitionOf } from './partition.js';
import { rowsOf } from './rows.js';
import type { ExportContext } from './rows.js';

export interface ParquetRequest extends ExportContext {
  /** Folder of the lake. */
  readonly folder: string;
  readonly keys: readonly string[];
}

export interface WrittenFile {
  readonly dataset: Dataset;
  readonly path: string;
  readonly bytes: number;
}

/** Rows at once in memory; enough for engines to skip by the statistics of a group. */
const ROWS_OF_GROUP = 20_000;

const TYPES: Readonly<Record<ColumnType, BasicType>> = {
  text: 'STRING',
  // An annotation of JSON needs an extension in some engines; text is read by all.
  json: 'STRING',
  int: 'INT32',
  long: 'INT64',
  bool: 'BOOLEAN',
};

/**
 * Writes one file a dataset; `captures` last: what it names is complete. Errors: OUTPUT_UNWRITABLE.
 */
export function writeCapture(capture: ExportCapture, request: ParquetRequest): WrittenFile[] {
  const place = partitionOf(capture, request.keys, request.labels);
  return DATASETS.map((dataset) => {
    const folder = join(request.folder, dataset, ...place);
    const path = join(folder, `${capture.info.sha256}.parquet`);
    // Engines leave out names that begin with a dot.
    const draft = join(folder, `.${capture.info.sha256}.parquet.new`);
    return inWords(path, draft, () => {
      mkdirSync(folder, { recursive: true });
      writeRows(draft, dataset, capture, request);
      renameSync(draft, path);
      return { dataset, path, bytes: statSync(path).size };
    });
  });
}

function writeRows(
  path: string,
  dataset: Dataset,
  capture: ExportCapture,
  context: ExportContext,
): void {
  void parquetWriteRows({
    writer: fileWriter(path),
    rows: rowsOf(dataset, capture, context),
    columns: SCHEMA[dataset].map(({ name, type, nullable }) => ({
      name,
      type: TYPES[type],
      nullable,
    })),
    rowGroupSize: ROWS_OF_GROUP,
    createdBy: `vhtrace version ${context.version}`,
    kvMetadata: [
      { key: 'vhtrace.schema_version', value: String(SCHEMA_VERSION) },
      { key: 'vhtrace.dataset', value: dataset },
    ],
  });
}

function inWords<Value>(path: string, draft: string, work: () => Value): Value {
  try {
    return work();
  } catch (error) {
    if (existsSync(draft)) rmSync(draft);
    if (!(error instanceof Error) || !('code' in error)) throw error;
    const cause = { cause: error };
    const message = `${path}: could not be written: ${error.message}`;
    throw new VhtraceError('OUTPUT_UNWRITABLE', message, undefined, cause);
  }
}
