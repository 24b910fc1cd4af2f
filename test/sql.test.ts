/** `vhtrace sql`: SQLite itself refuses whatever could change something. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runIngest } from '../src/pipeline/ingest.js';
import { runSql } from '../src/pipeline/sql.js';
import { rowPrinters } from '../src/reporters/rows.js';
import type { RowFormat } from '../src/reporters/rows.js';
import { Database } from '../src/store/database.js';
import { openStore } from '../src/store/open-store.js';
import { tempDir } from './helpers/temp-dir.js';

const capture = join(import.meta.dirname, '../fixtures/captures/vring-never-logged.gdb.txt');

async function filledStore(): Promise<{ folder: string; store: string }> {
  const folder = tempDir();
  const store = join(folder, 'vhtrace.db');
  await runIngest([capture], store);
  return { folder, store };
}

async function ask(store: string, sql: string, format: RowFormat = 'json'): Promise<string> {
  let text = '';
  const print = rowPrinters[format]((each) => {
    text += each;
  });
  await runSql(store, sql, print);
  return text;
}

test.each([
  'DELETE FROM fact_block',
  'UPDATE capture SET path = 1',
  'DROP TABLE fact',
  'CREATE TABLE mine (a)',
  'CREATE TEMP TABLE mine (a)',
  "ATTACH 'other.db' AS other",
  "ATTACH ':memory:' AS other",
  "VACUUM INTO 'copy.db'",
  'PRAGMA query_only = OFF',
  'PRAGMA writable_schema = ON',
  "SELECT load_extension('x')",
  'SELECT 1; DELETE FROM fact_block',
  'SELECT 1); DELETE FROM fact_block; --',
  'BEGIN',
  '',
])('refused: %s', async (sql) => {
  const { folder, store } = await filledStore();
  const before = readFileSync(store);
  await expect(ask(store, sql)).rejects.toMatchObject({ code: 'USAGE' });
  expect(readFileSync(store).equals(before)).toBe(true);
  expect(readdirSync(folder).filter((name) => !name.startsWith('vhtrace.db'))).toEqual([]);
});

describe('nothing is left beside the store', () => {
  test.each([
    ['a SELECT', 'SELECT line FROM v_fact'],
    ['what SQLite refuses', 'SELECT nothing FROM nowhere'],
    ['an error in its rows', "SELECT json('[') FROM v_fact"],
  ])('after %s', async (_what, sql) => {
    const { folder, store } = await filledStore();
    const before = readFileSync(store);
    await ask(store, sql).catch(() => undefined);
    expect(readdirSync(folder)).toEqual(['vhtrace.db']);
    expect(readFileSync(store).equals(before)).toBe(true);
  });

  test('of another program, which is not changed either', async () => {
    const folder = tempDir();
    const store = join(folder, 'other.db');
    const other = await Database.open(store, true);
    await other.exec('PRAGMA journal_mode = WAL; CREATE TABLE mine (a);');
    await other.close();
    const before = readFileSync(store);
    await expect(ask(store, 'SELECT 1')).rejects.toMatchObject({ code: 'STORE_NOT_A_DATABASE' });
    expect(readdirSync(folder)).toEqual(['other.db']);
    expect(readFileSync(store).equals(before)).toBe(true);
  });

  test('but what another process still uses', async () => {
    const { folder, store } = await filledStore();
    const writer = await openStore(store, 'write');
    await writer.exec('CREATE TABLE later (a); INSERT INTO later VALUES (7);');
    expect(JSON.parse(await ask(store, 'SELECT a FROM later'))).toEqual([{ a: 7 }]);
    expect(readdirSync(folder).sort()).toEqual(['vhtrace.db', 'vhtrace.db-shm', 'vhtrace.db-wal']);
    await writer.exec('INSERT INTO later VALUES (8);');
    await writer.close();
    expect(readdirSync(folder)).toEqual(['vhtrace.db']);
    expect(JSON.parse(await ask(store, 'SELECT sum(a) AS a FROM later'))).toEqual([{ a: 15 }]);
  });
});

test('values come out exactly', async () => {
  const { store } = await filledStore();
  const sql =
    "SELECT 9223372036854775807 AS big, x'00ff' AS blob, NULL AS none, 1.5 AS real, 'a,\"b' AS text -- end";
  expect(JSON.parse(await ask(store, sql))).toEqual([
    { big: '9223372036854775807', blob: "x'00ff'", none: null, real: 1.5, text: 'a,"b' },
  ]);
  expect(await ask(store, sql, 'csv')).toBe(
    'big,blob,none,real,text\r\n9223372036854775807,x\'00ff\',,1.5,"a,""b"\r\n',
  );
  expect(await ask(store, 'SELECT 1 AS a WHERE 0')).toBe('[]\n');
});

test('what no JSON number says is the same text in every format', async () => {
  const { store } = await filledStore();
  const sql = 'SELECT 9e999 AS more, -9e999 AS less';
  expect(JSON.parse(await ask(store, sql))).toEqual([{ more: 'Inf', less: '-Inf' }]);
  expect(await ask(store, sql, 'csv')).toBe('more,less\r\nInf,-Inf\r\n');
});

test('as many columns as there may be, and what SQLite takes for JSON', async () => {
  const { store } = await filledStore();
  const names = Array.from({ length: 300 }, (_, i) => `c${i}`);
  const sql = `SELECT ${names.map((name, i) => `${i} AS ${name}`).join(', ')}`;
  const row = Object.fromEntries(names.map((name, i) => [name, i]));
  expect(JSON.parse(await ask(store, sql))).toEqual([row]);
  const odd = [0.1 + 0.2, 1 / 3, -5e-324, 1.7976931348623157e308, 123456789012345680, 1e23];
  const asked = `SELECT json('[1]') AS j, column1 AS r FROM (VALUES (${odd.map((r) => r.toExponential()).join('), (')}))`;
  expect(JSON.parse(await ask(store, asked))).toEqual(odd.map((r) => ({ j: '[1]', r })));
});

test('rows are made as they are taken', async () => {
  const { store } = await filledStore();
  const endless = 'WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c';
  let rows = 0;
  const sink = { begin: () => undefined, row: () => rows++, end: () => undefined };
  const enough = new Error('enough');
  const settle = (): Promise<void> => (rows < 1000 ? Promise.resolve() : Promise.reject(enough));
  await expect(runSql(store, endless, sink, settle)).rejects.toBe(enough);
  expect(rows).toBeLessThan(2000);
});

test('rows keep the order that was asked for', async () => {
  const { store } = await filledStore();
  const rows = JSON.parse(await ask(store, 'SELECT line FROM v_fact ORDER BY line DESC')) as {
    line: number;
  }[];
  expect(rows.length).toBeGreaterThan(50);
  expect(rows).toEqual([...rows].sort((a, b) => b.line - a.line));
});
