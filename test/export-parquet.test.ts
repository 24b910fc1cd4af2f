/** The lake: what DuckDB reads of it is what was judged, and writing it may be repeated and interrupted. */
import { hash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DuckDBInstance } from '@duckdb/node-api';
import { describe, expect, test } from 'vitest';
import { instantOf } from '../src/export/clock.js';
import { DATASETS, SCHEMA } from '../src/export/datasets.js';
import { writeCapture } from '../src/export/parquet.js';
import { parseLabels, parsePartitionKeys, partitionOf } from '../src/export/partition.js';
import { fixedHex } from '../src/export/rows.js';
import type { ExportCapture } from '../src/model/export.js';
import { exportCapture } from '../src/pipeline/export.js';
import { versionOf } from '../src/pipeline/version.js';
import { readText } from './helpers/read-text.js';
import { tempDir } from './helpers/temp-dir.js';

const fixtures = fileURLToPath(new URL('../fixtures', import.meta.url));
const readme = readFileSync(new URL('../src/export/README.md', import.meta.url), 'utf8');
const EVERYTHING = { only: [], rules: {} };

function captureOf(path: string, number = 0, qemuVersion?: string): ExportCapture {
  const text = readFileSync(path, 'utf8');
  const sha256 = hash('sha256', `${number} ${text}`);
  const info = { path: path.slice(fixtures.length + 1), sha256, bytes: text.length };
  const options = { assumeOrdered: false, qemuVersion: versionOf(qemuVersion) };
  return exportCapture({ info, reading: readText(text) }, options, EVERYTHING);
}

/** Devices that no rule could decide anything about. */
function undecidedDevices({ info, report }: ExportCapture): string[] {
  const decided = report.findings.filter(
    ({ verdict }) => verdict === 'pass' || verdict === 'violation',
  );
  return report.devices
    .filter(
      ({ session, address }) =>
        !decided.some((finding) => finding.session === session && finding.device === address),
    )
    .map(({ session, address }) => `${info.sha256} ${session} ${address}`);
}

type QueryRow = Readonly<Record<string, unknown>>;

async function connect(folder: string): Promise<(sql: string) => Promise<readonly QueryRow[]>> {
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  return async (sql) => {
    const reader = await connection.runAndReadAll(sql.replaceAll("'lake/", `'${folder}/`));
    return reader.getRowObjectsJson();
  };
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(folder, name)).isFile())
    .sort();
}

/** Small captures, of every rule, backend and format. */
const small = readdirSync(join(fixtures, 'rules'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('input.txt'))
  .map((name) => join(fixtures, 'rules', name))
  .filter((path) => statSync(path).size < 9000)
  .sort();

const SYNC = /^(\d+)@([\d.]+):migration_bitmap_sync_(start|end)\b/gm;

/** Milliseconds of the sync rounds whose begin and end a trace log shows. */
function syncRounds(text: string): number[] {
  const begun = new Map<string, number>();
  const rounds: number[] = [];
  for (const [, thread = '', time, what] of text.matchAll(SYNC)) {
    const start = begun.get(thread);
    begun.delete(thread);
    if (what === 'start') begun.set(thread, Number(time) * 1000);
    else if (start !== undefined) rounds.push(Number(time) * 1000 - start);
  }
  return rounds;
}

const VERSIONS = ['7.2', '9.1', '9.10', '10.0', undefined];

describe('a lake of 1,000 captures', () => {
  test('gives DuckDB what was judged, by the queries of the documentation', async () => {
    const folder = tempDir();
    const context = { folder, version: '1.2.3', keys: ['qemu', 'host'] };
    const expected = new Map<string, number>();
    const undecided: string[] = [];
    const slow: number[] = [];
    let bytes = 0;
    let writing = 0;
    for (let i = 0; i < 1000; i++) {
      const version = VERSIONS[i % VERSIONS.length];
      const capture = captureOf(small[i % small.length]!, i, version);
      const before = performance.now();
      const labels = parseLabels([`host=host ${i % 7}`]);
      for (const file of writeCapture(capture, { ...context, labels })) bytes += file.bytes;
      writing += performance.now() - before;
      const key = capture.qemuVersion ?? 'unknown';
      for (const { verdict, rule, count } of capture.report.findings) {
        if (verdict !== 'violation') continue;
        expected.set(`${key} ${rule}`, (expected.get(`${key} ${rule}`) ?? 0) + count);
      }
      undecided.push(...undecidedDevices(capture));
      slow.push(...syncRounds(readFileSync(small[i % small.length]!, 'utf8')));
    }
    const query = await connect(folder);
    const figures = [
      `1,000 captures, ${filesIn(folder).length} files, ${bytes} bytes, ${Math.round(writing)} ms to write`,
    ];
    const results: (readonly QueryRow[])[] = [];
    for (const [, sql = ''] of readme.matchAll(/^```sql\n([\s\S]*?)^```/gm)) {
      const before = performance.now();
      const rows = await query(sql);
      if (!sql.startsWith('CREATE')) {
        figures.push(`${Math.round(performance.now() - before)} ms: ${rows.length} rows`);
        results.push(rows);
      }
    }
    const [violations = [], idle = [], rounds = []] = results;
    expect(violations).toHaveLength(20);
    for (const { qemu, rule, times } of violations) {
      expect(Number(times)).toBe(expected.get(`${String(qemu)} ${String(rule)}`));
    }
    expect(new Set(violations.map(({ qemu }) => qemu)).has('9.10')).toBe(true);
    const devices = idle.map(
      (row) => `${String(row.capture)} ${String(row.session)} ${String(row.device)}`,
    );
    expect(devices.sort()).toEqual(undecided.sort());
    const slowest = slow.sort((a, b) => b - a).slice(0, 20);
    expect(rounds.map(({ ms }) => Number(ms).toFixed(3))).toEqual(
      slowest.map((ms) => ms.toFixed(3)),
    );
    const [partitions] = await query(
      `SELECT count(DISTINCT host) AS hosts, count(DISTINCT qemu) AS versions,
              count(*) FILTER (qemu IS DISTINCT FROM qemu_version) AS wrong FROM captures`,
    );
    expect(partitions).toEqual({ hosts: '7', versions: '4', wrong: '0' });
    if (process.env.FIGURES) console.log(figures.join('\n'));
    // A thousand files to write and to read: minutes on a machine that is busy with other tests.
  }, 300_000);
});

describe('one capture', () => {
  const path = join(fixtures, 'captures/vring-never-logged.gdb.txt');
  const request = { version: '1.2.3', labels: parseLabels(['host=a/b*']), keys: ['host'] };

  test('comes back from Parquet cell by cell', async () => {
    const folder = tempDir();
    const capture = captureOf(path);
    writeCapture(capture, { ...request, folder });
    const query = await connect(folder);
    const table = (name: string): Promise<readonly QueryRow[]> =>
      query(`SELECT * FROM read_parquet('lake/${name}/**/*.parquet', hive_partitioning = true)`);
    const facts = await table('facts');
    expect(
      facts.map(({ seq, line, func, device, vring, enable, value, host }) => [
        seq,
        line,
        func,
        device,
        vring,
        enable,
        value,
        host,
      ]),
    ).toEqual(
      capture.facts.map(({ seq, line, func, device, vring, enable, value }) => [
        seq,
        line,
        func,
        device ?? null,
        vring ?? null,
        enable ?? null,
        value ?? null,
        'a/b*',
      ]),
    );
    const findings = await table('findings');
    expect(
      findings.map(({ rule, verdict, message, line }) => ({ rule, verdict, message, line })),
    ).toEqual(
      capture.report.findings.map(({ rule, verdict, message, at }) => ({
        rule,
        verdict,
        message,
        line: at.line,
      })),
    );
    expect(await table('frames')).toHaveLength(
      capture.reading.records.reduce(
        (sum, record) => sum + (record.kind === 'backtrace' ? record.frames.length : 0),
        0,
      ),
    );
    for (const dataset of DATASETS) {
      const described = await query(
        `DESCRIBE SELECT * FROM read_parquet('lake/${dataset}/**/*.parquet', hive_partitioning = false)`,
      );
      expect(described.map(({ column_name }) => column_name)).toEqual(
        SCHEMA[dataset].map(({ name }) => name),
      );
      const metadata = await query(
        `SELECT decode(key) AS key, decode(value) AS value FROM parquet_kv_metadata('lake/${dataset}/**/*.parquet')`,
      );
      expect(metadata).toEqual([
        { key: 'vhtrace.schema_version', value: '1' },
        { key: 'vhtrace.dataset', value: dataset },
      ]);
    }
  });

  test('gives the same files and bytes again', () => {
    const folder = tempDir();
    const written = (): Map<string, string> => {
      writeCapture(captureOf(path), { ...request, folder });
      return new Map(
        filesIn(folder).map((name) => [name, hash('sha256', readFileSync(join(folder, name)))]),
      );
    };
    const first = written();
    expect(first.size).toBe(DATASETS.length);
    expect([...first.keys()][0]).toMatch(/^captures\/host=a%2Fb%2A\/[0-9a-f]{64}\.parquet$/);
    expect(written()).toEqual(first);
  });

  test('leaves no half file where the folder cannot be written', () => {
    const folder = tempDir();
    writeFileSync(join(folder, 'findings'), 'not a folder');
    expect(() => writeCapture(captureOf(path), { ...request, folder })).toThrow(
      /findings.*could not be written/,
    );
    expect(filesIn(folder).filter((name) => name.endsWith('.new'))).toEqual([]);
    expect(existsSync(join(folder, 'captures'))).toBe(false);
  });
});

test('the tables of the documentation for Trino have the columns of the files', () => {
  for (const [, dataset = '', columns = ''] of readme.matchAll(
    /CREATE TABLE hive\.vhtrace\.(\w+) \(([^)]*)\)/g,
  )) {
    const types = {
      text: 'varchar',
      json: 'varchar',
      int: 'integer',
      long: 'bigint',
      bool: 'boolean',
    };
    const schema = SCHEMA[dataset as keyof typeof SCHEMA].map(
      ({ name, type }) => `${name} ${types[type]}`,
    );
    const given = columns.split(',').map((column) => column.trim());
    expect(given).toEqual([...schema, 'qemu varchar', 'host varchar']);
  }
});

test.each([
  ['1764115200.123456', 'epoch', 1764115200123456000n],
  ['12.5', 'boot', 12500000000n],
  ['2026-11-26T00:00:00.5Z', 'epoch', 1795651200500000000n],
  ['2026-11-26T01:00:00+01:00', 'epoch', 1795651200000000000n],
  ['1764115200123456789', 'epoch', 1764115200123456789n],
  ['14:47:12.123456', undefined, undefined],
  ['99999999999999999999', undefined, undefined],
])('the time %s', (time, kind, nanoseconds) => {
  expect(instantOf(time)).toEqual(kind === undefined ? undefined : { kind, nanoseconds });
});

test.each([
  ['18446744073709551615', '0xffffffffffffffff'],
  ['0x10', '0x0000000000000010'],
  ['18446744073709551616', null],
  ['-1', null],
  ['active', null],
])('the number %s', (value, hex) => {
  expect(fixedHex(value)).toBe(hex);
});

test('labels and keys that make no partition are refused', () => {
  for (const label of ['host', '=a', 'host=', 'Host=a', 'qemu=9.1', 'backend=user'])
    expect(() => parseLabels([label])).toThrow(`--label ${label.split('=')[0] ?? ''}`);
  expect(() => parseLabels(['host=a', 'host=b'])).toThrow('twice');
  const labels = parseLabels(['host=a', 'line=1', 'host.name=x']);
  for (const keys of ['nosuch', 'line', 'host.name', 'host,host'])
    expect(() => parsePartitionKeys(keys, labels)).toThrow('--partition-by');
  expect(parsePartitionKeys('qemu, host', labels)).toEqual(['qemu', 'host']);
});

test('a label may have a name that every object has', () => {
  const labels = parseLabels(['constructor=a']);
  const keys = parsePartitionKeys('constructor', labels);
  const capture = { qemuVersion: null } as ExportCapture;
  expect(partitionOf(capture, keys, labels)).toEqual(['constructor=a']);
});
