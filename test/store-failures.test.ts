/** Stores that cannot be used, and work that is interrupted: nothing is harmed. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { runIngest } from '../src/pipeline/ingest.js';
import { Database } from '../src/store/database.js';
import { listCaptures } from '../src/store/list-captures.js';
import { migrations } from '../src/store/migrations/index.js';
import { openStore } from '../src/store/open-store.js';
import { saveCapture } from '../src/store/save-capture.js';
import { captureOf, emptyReading, factOf } from './helpers/captures.js';
import { callCli } from './helpers/call-cli.js';
import { program, runCli } from './helpers/run-cli.js';
import { tempDir } from './helpers/temp-dir.js';

/** Every table with the number of its rows. */
async function tableSizes(store: Database): Promise<unknown> {
  const tables = await store.all<{ name: string }>(
    "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name",
  );
  const counts = tables.map(({ name }) => `(SELECT count(*) FROM ${name}) AS ${name}`);
  return store.all(`SELECT ${counts.join(', ')}`);
}

test('a store is made for writing, not for reading', async () => {
  const path = join(tempDir(), 'vhtrace.db');
  await expect(openStore(path, 'read')).rejects.toMatchObject({ code: 'STORE_MISSING' });
  await (await openStore(path, 'write')).close();
  await (await openStore(path, 'read')).close();
});

test('a file without a byte becomes a store when it is written to', async () => {
  const path = join(tempDir(), 'vhtrace.db');
  writeFileSync(path, '');
  await expect(openStore(path, 'read')).rejects.toMatchObject({ code: 'STORE_MISSING' });
  expect(statSync(path).size).toBe(0);
  await (await openStore(path, 'write')).close();
  await (await openStore(path, 'read')).close();
});

test('text is not a database and stays as it is', async () => {
  const path = join(tempDir(), 'notes.txt');
  writeFileSync(path, 'not a database\n'.repeat(1000));
  const before = readFileSync(path);
  for (const mode of ['read', 'write'] as const) {
    await expect(openStore(path, mode)).rejects.toMatchObject({ code: 'STORE_NOT_A_DATABASE' });
  }
  expect(readFileSync(path)).toEqual(before);
});

test('a database of another program is refused and stays as it is', async () => {
  const path = join(tempDir(), 'other.db');
  const other = await Database.open(path, true);
  await other.exec('CREATE TABLE bookmark (url TEXT)');
  await other.close();
  const before = readFileSync(path);
  for (const mode of ['read', 'write'] as const) {
    await expect(openStore(path, mode)).rejects.toMatchObject({ code: 'STORE_NOT_A_DATABASE' });
  }
  expect(readFileSync(path)).toEqual(before);
});

test('a newer store is refused with both versions, an older one is upgraded in place', async () => {
  const path = join(tempDir(), 'vhtrace.db');
  const store = await openStore(path, 'write');
  await saveCapture(store, captureOf('a.txt'));
  await store.close();
  const next = [...migrations, "ALTER TABLE capture ADD COLUMN host TEXT DEFAULT 'unknown'"];
  const upgraded = await openStore(path, 'read', next);
  expect(await upgraded.all('SELECT path, host FROM capture')).toEqual([
    { path: 'a.txt', host: 'unknown' },
  ]);
  await upgraded.close();
  const refused: unknown = await openStore(path, 'write').catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: 'STORE_TOO_NEW' });
  expect(String(refused)).toContain(`schema ${next.length}`);
  expect(String(refused)).toContain(`up to ${migrations.length}`);
});

test('every command refuses a newer store in one line and leaves it alone', async () => {
  const cwd = tempDir();
  const path = join(cwd, 'vhtrace.db');
  writeFileSync(join(cwd, 'gdb.txt'), '#0  main () at main.c:1\n');
  const store = await openStore(path, 'write');
  await store.run('PRAGMA user_version = 99');
  await store.close();
  const before = readFileSync(path);
  for (const args of [
    ['check', '--json'],
    ['ls', '--json'],
    ['ingest', 'gdb.txt', '--json'],
  ]) {
    const { code, stdout, stderr } = await callCli(args, cwd);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(
      /^vhtrace: vhtrace\.db: written with schema 99, [^\n]* up to \d+ [^\n]*\n$/,
    );
  }
  expect(readFileSync(path)).toEqual(before);
});

test('an upgrade that fails leaves the old version', async () => {
  const path = join(tempDir(), 'vhtrace.db');
  await (await openStore(path, 'write')).close();
  const broken = [...migrations, 'ALTER TABLE capture ADD COLUMN host TEXT; nonsense'];
  await expect(openStore(path, 'write', broken)).rejects.toMatchObject({ code: 'STORE_UNUSABLE' });
  const store = await openStore(path, 'write');
  expect(await store.all("SELECT 1 FROM pragma_table_info('capture') WHERE name = 'host'")).toEqual(
    [],
  );
  await store.close();
});

test('a store that may not be written to is read as it is, without a file beside it', async () => {
  const folder = tempDir();
  const path = join(folder, 'Läufe #1 100%?.db');
  const store = await openStore(path, 'write');
  await saveCapture(store, captureOf('a.txt'));
  await store.close();
  const fixed = await Database.openReadOnly(path, true);
  expect(await fixed.all('SELECT path FROM v_capture')).toEqual([{ path: 'a.txt' }]);
  expect(readdirSync(folder)).toEqual([basename(path)]);
  await expect(fixed.run('DELETE FROM capture')).rejects.toMatchObject({ code: 'SQLITE_READONLY' });
  await fixed.close();
});

test('who waits a second for another process that writes is told so once', async () => {
  const folder = tempDir();
  const [path, capture] = [join(folder, 'vhtrace.db'), join(folder, 'a.txt')];
  writeFileSync(capture, '#0  vhost_dev_start (hdev=0x10) at v.c:1\n');
  const other = await openStore(path, 'write');
  await other.begin();
  let told = 0;
  const ingesting = runIngest([capture], path, [], { onWait: () => told++ });
  await expect.poll(() => told, { timeout: 5000 }).toBe(1);
  await other.rollback();
  await other.close();
  expect((await ingesting).captures).toHaveLength(1);
  expect((await runIngest([capture], path, [], { onWait: () => told++ })).failures).toEqual([]);
  expect(told).toBe(1);
});

// Everything may be written to by root.
test.skipIf(process.getuid?.() === 0)('a folder without permission to write', async () => {
  const folder = tempDir();
  const path = join(folder, 'vhtrace.db');
  const store = await openStore(path, 'write');
  await saveCapture(store, captureOf('a.txt'));
  await store.close();
  chmodSync(folder, 0o555);
  const read = await openStore(path, 'read');
  expect(await listCaptures(read)).toHaveLength(1);
  await read.close();
  await expect(openStore(path, 'write')).rejects.toMatchObject({ code: 'STORE_UNUSABLE' });
  chmodSync(folder, 0o755);
});

test('a place where no file can be is named', async () => {
  const folder = tempDir();
  mkdirSync(join(folder, 'inside'));
  await expect(openStore(join(folder, 'inside'), 'write')).rejects.toMatchObject({
    code: 'STORE_UNUSABLE',
  });
  await expect(openStore(join(folder, 'nowhere', 'a.db'), 'write')).rejects.toMatchObject({
    code: 'STORE_UNUSABLE',
  });
});

test('the same bytes are stored once', async () => {
  const store = await openStore(join(tempDir(), 'vhtrace.db'), 'write');
  expect(await saveCapture(store, captureOf('a.txt'))).toBe(true);
  const before = await tableSizes(store);
  expect(await saveCapture(store, captureOf('a.txt'))).toBe(false);
  expect(await tableSizes(store)).toEqual(before);
  await store.close();
});

test('a capture that cannot be stored to its end is not stored at all', async () => {
  const store = await openStore(join(tempDir(), 'vhtrace.db'), 'write');
  await saveCapture(store, captureOf('a.txt', emptyReading, [factOf(0)]));
  const before = await tableSizes(store);
  await store.exec(
    "CREATE TRIGGER full BEFORE INSERT ON problem BEGIN SELECT RAISE(ABORT, 'disk is full'); END",
  );
  const span = { first: 1, last: 1 };
  const reading = {
    ...emptyReading,
    records: [{ kind: 'command' as const, span, text: 'bt' }],
    problems: [{ code: 'CUT_OFF' as const, message: '', span }],
  };
  await expect(
    saveCapture(store, captureOf('b.txt', reading, [factOf(0, { thread: 'new' })])),
  ).rejects.toMatchObject({ code: 'STORE_UNUSABLE' });
  expect(await tableSizes(store)).toEqual(before);
  await store.exec('DROP TRIGGER full');
  expect(await saveCapture(store, captureOf('b.txt', reading, [factOf(0)]))).toBe(true);
  await store.close();
});

test('a store is as private as the umask says', async () => {
  const cwd = tempDir();
  writeFileSync(join(cwd, 'gdb.txt'), '#0  main () at main.c:1\n');
  const old = process.umask(0o077);
  try {
    await runCli(['ingest', 'gdb.txt'], { cwd });
  } finally {
    process.umask(old);
  }
  expect(statSync(join(cwd, 'vhtrace.db')).mode & 0o777).toBe(0o600);
});

test('a killed ingest leaves the captures before it and nothing of its own', async () => {
  const cwd = tempDir();
  const path = join(cwd, 'vhtrace.db');
  const store = await openStore(path, 'write');
  await saveCapture(store, captureOf('a.txt'));
  await store.close();
  const line = '1@1763780000.000001:vhost_commit Started: 1 Changed: 1\n';
  writeFileSync(join(cwd, 'big.log'), line.repeat(800_000));
  const child = spawn(process.execPath, [program, 'ingest', 'big.log'], { cwd });
  const ended = once(child, 'exit');
  // The log grows in mid-transaction, as soon as the page cache is full.
  while (
    child.exitCode === null &&
    (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) < 1e6
  ) {
    await sleep(2);
  }
  child.kill('SIGKILL');
  expect(await ended).toEqual([null, 'SIGKILL']);
  const reopened = await openStore(path, 'read');
  const { captures } = await listCaptures(reopened);
  expect(captures.map((capture) => capture.path)).toEqual(['a.txt']);
  expect(await reopened.all('SELECT count(*) AS blocks FROM block')).toEqual([{ blocks: 0 }]);
  expect(await reopened.all('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
  await reopened.close();
});

test('two programs may write to a new store at once', async () => {
  const cwd = tempDir();
  const names = ['a.txt', 'b.txt', 'c.txt'];
  for (const name of names) writeFileSync(join(cwd, name), `#0  ${name.charAt(0)} () at f.c:1\n`);
  const results = await Promise.all(names.map((name) => runCli(['ingest', name], { cwd })));
  expect(results.map(({ code, stderr }) => ({ code, stderr }))).toEqual(
    names.map(() => ({ code: 0, stderr: '' })),
  );
  const store = await openStore(join(cwd, 'vhtrace.db'), 'read');
  const { captures } = await listCaptures(store);
  expect(captures.map(({ path }) => path).sort()).toEqual(names);
  await store.close();
});
