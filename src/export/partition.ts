/**
 * Where the files of a capture lie: `facts/qemu=10.0/host=a/<sha256>.parquet`, the way of Hive that DuckDB,
 * Spark, Trino and ClickHouse read.
 */
import { own } from '../base/own.js';
import { VhtraceError } from '../base/errors.js';
import type { ExportCapture, Labels } from '../model/export.js';
import { SCHEMA } from './datasets.js';
import { backendsOf } from './rows.js';

/** What engines read as NULL. */
const NULL_VALUE = '__HIVE_DEFAULT_PARTITION__';

/** Keys whose value each capture has of its own. */
const OF_CAPTURE: Readonly<Record<string, (capture: ExportCapture) => string | null>> = {
  qemu: ({ qemuVersion }) => qemuVersion,
  backend: (capture) => {
    const backends = backendsOf(capture);
    return backends.length > 1 ? 'mixed' : (backends[0] ?? null);
  },
};

/** Column names of the files: a partition of the same name would be two columns in one. */
const COLUMNS = new Set(
  Object.values(SCHEMA).flatMap((columns) => columns.map(({ name }) => name)),
);

/** `host=a` of the command line. Errors: USAGE. */
export function parseLabels(texts: readonly string[]): Labels {
  const labels = new Map<string, string>();
  for (const text of texts) {
    const at = text.indexOf('=');
    const [key, value] = [text.slice(0, Math.max(0, at)), text.slice(at + 1)];
    if (!/^[a-z][a-z0-9_.]*$/.test(key) || value === '') {
      const hint = 'key=value, the key in small letters, digits, _ and dots';
      throw new VhtraceError('USAGE', `--label ${text} is no label`, hint);
    }
    if (Object.hasOwn(OF_CAPTURE, key)) {
      const hint = key === 'qemu' ? '--qemu-version gives it' : '--backend gives it';
      throw new VhtraceError('USAGE', `--label ${key} is what captures say of themselves`, hint);
    }
    if (labels.has(key)) throw new VhtraceError('USAGE', `--label ${key} is given twice`);
    labels.set(key, value);
  }
  return labels;
}

/** `host,qemu` of the command line. Errors: USAGE. */
export function parsePartitionKeys(text: string | undefined, labels: Labels): readonly string[] {
  const keys = text === undefined || text === '' ? [] : text.split(',').map((key) => key.trim());
  for (const [i, key] of keys.entries()) {
    if (!Object.hasOwn(OF_CAPTURE, key) && !labels.has(key)) {
      const known = [...Object.keys(OF_CAPTURE), ...labels.keys()].join(', ');
      const hint = `one of ${known}, or a label: --label ${key}=VALUE`;
      throw new VhtraceError('USAGE', `--partition-by ${key}: nothing has that name`, hint);
    }
    const isColumn = COLUMNS.has(key);
    if (isColumn || key.includes('.') || keys.indexOf(key) !== i) {
      const why = isColumn ? 'is a column of the files' : 'cannot name a column, or is there twice';
      throw new VhtraceError('USAGE', `--partition-by ${key}: ${why}`, 'choose another key');
    }
  }
  return keys;
}

/** `qemu=10.0/host=a`, one folder a key; empty without keys. */
export function partitionOf(
  capture: ExportCapture,
  keys: readonly string[],
  labels: Labels,
): readonly string[] {
  return keys.map((key) => {
    const value = own(OF_CAPTURE, key)?.(capture) ?? labels.get(key) ?? null;
    return `${key}=${value === null ? NULL_VALUE : encode(value)}`;
  });
}

/** Nothing that a file system or a pattern of an engine takes for something else. */
function encode(value: string): string {
  return encodeURIComponent(value).replace(
    /[!'()*~]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
