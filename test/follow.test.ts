/** `ingest --follow`: the store has what the file holds, once. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { GrowingFile } from '../src/input/growing-file.js';
import type { Pace } from '../src/input/growing-file.js';
import { runFollow } from '../src/pipeline/follow.js';
import { runIngest } from '../src/pipeline/ingest.js';
import { runList } from '../src/pipeline/list.js';
import { storeExists } from '../src/store/open-store.js';
import { program, runCli } from './helpers/run-cli.js';
import { tempDir } from './helpers/temp-dir.js';

/** Lines of a gdb log: a backtrace of three frames, `count` times. */
function log(count: number): string {
  const frames = [
    'vhost_dev_set_log (dev=0x5555, enable_log=true)',
    'vhost_migration_log ()',
    'main ()',
  ];
  const backtrace = frames.map((frame, level) => `#${level}  ${frame} at ../hw/virtio/vhost.c:1\n`);
  return backtrace.join('').repeat(count);
}

/** A process may have to wait for its turn on a machine that is busy with other tests. */
const BOUND = { timeout: 50_000, interval: 50 };

/** Lines of each capture in the store; none where there is no store yet. */
async function storedLines(database: string): Promise<number[]> {
  if (!storeExists(database)) return [];
  const listing = await runList(database).catch(() => undefined);
  return listing?.captures.map(({ lines }) => lines) ?? [];
}

describe('a growing file', () => {
  const pace: Pace = { poll: 1, quiet: 20, longest: Infinity };
  const neverQuiet: Pace = { ...pace, quiet: Infinity };

  interface Opened {
    readonly path: string;
    readonly file: GrowingFile;
    readonly stop: AbortController;
  }

  async function open(content: string, how = pace): Promise<Opened> {
    const path = join(tempDir(), 'growing');
    writeFileSync(path, content);
    const stop = new AbortController();
    return { path, stop, file: await GrowingFile.open(path, stop.signal, how) };
  }

  /** Reads to the end of read(); `onChunk` is called for each piece. */
  async function read(file: GrowingFile, onChunk = (_text: string): void => undefined) {
    let text = '';
    for await (const chunk of file.read()) {
      const piece = Buffer.from(chunk).toString();
      text += piece;
      onChunk(piece);
    }
    return text;
  }

  test('is read as it grows, until it is quiet; then from its start again', async () => {
    const { path, file, stop } = await open('one ');
    const text = await read(file, (piece) => {
      if (piece === 'one ') appendFileSync(path, 'two ');
    });
    expect(text).toBe('one two ');
    appendFileSync(path, 'three');
    expect(await file.nextChange()).toBe('grown');
    expect(await read(file)).toBe('one two three');
    stop.abort();
    expect(await file.nextChange()).toBe('stopped');
    await file.close();
  });

  test('that is never quiet is given at its end after a while', async () => {
    const { file } = await open('text', { ...neverQuiet, longest: 20 });
    expect(await read(file)).toBe('text');
    await file.close();
  });

  test('ends where it ends when it is told to stop', async () => {
    const { path, file, stop } = await open('text', neverQuiet);
    const text = await read(file, () => {
      stop.abort();
      appendFileSync(path, 'x'.repeat(300_000));
    });
    // What is appended while it is read after that is not waited for.
    expect(text.length).toBeLessThanOrEqual(300_004 + (1 << 18));
    expect(text.startsWith('text')).toBe(true);
    expect(await file.nextChange()).toBe('stopped');
    await file.close();
  });

  test('may be truncated', async () => {
    const { path, file } = await open('one two', neverQuiet);
    const text = await read(file, () => {
      writeFileSync(path, 'x');
    });
    expect(text).toBe('one two');
    expect(await file.nextChange()).toBe('truncated');
    await file.close();
  });

  test('may be replaced, and is read to its end before', async () => {
    const { path, file } = await open('one ', neverQuiet);
    const text = await read(file, (piece) => {
      if (piece !== 'one ') return;
      renameSync(path, `${path}.1`);
      appendFileSync(`${path}.1`, 'two');
      writeFileSync(path, 'another file');
    });
    expect(text).toBe('one two');
    expect(await file.nextChange()).toBe('replaced');
    await file.close();
  });

  test('may lose its name', async () => {
    const { path, file, stop } = await open('text');
    expect(
      await read(file, () => {
        rmSync(path);
      }),
    ).toBe('text');
    stop.abort();
    expect(await file.nextChange()).toBe('stopped');
    await file.close();
  });

  test('has to be a file', async () => {
    const { signal } = new AbortController();
    await expect(GrowingFile.open('/dev/null', signal)).rejects.toMatchObject({ code: 'USAGE' });
    const missing = join(tempDir(), 'missing');
    await expect(GrowingFile.open(missing, signal)).rejects.toMatchObject({ code: 'FILE_MISSING' });
  });

  test('begins with what it was', async () => {
    const { file } = await open('abc');
    // sha256 of "", "ab" and "abd"
    const empty = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
    const ab = 'fb8e20fc2e4c3f248c60c39bd652f3c1347298bb977b8b4d5903b85055620603';
    const abd = 'a52d159f262b2c6ddb724a61840befc36eb30c88877a4030b65cbe86298449c9';
    expect(await file.startsWith({ bytes: 0, sha256: empty })).toBe(true);
    expect(await file.startsWith({ bytes: 2, sha256: ab })).toBe(true);
    expect(await file.startsWith({ bytes: 3, sha256: abd })).toBe(false);
    expect(await file.startsWith({ bytes: 4, sha256: abd })).toBe(false);
    await file.close();
  });
});

// Signals that can be caught are those of POSIX.
test.skipIf(process.platform === 'win32').each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('the program follows until %s and leaves one capture', async (signal, code) => {
  const cwd = tempDir();
  const [capture, database] = [join(cwd, 'gdb.txt'), join(cwd, 'vhtrace.db')];
  writeFileSync(capture, log(2));
  const child = spawn(process.execPath, [program, 'ingest', '--follow', 'gdb.txt', '--json'], {
    cwd,
    env: { ...process.env, VHTRACE_DB: undefined, DEBUG: undefined },
  });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => (output[name] += text));
  }
  await expect.poll(() => storedLines(database), BOUND).toEqual([6]);
  appendFileSync(capture, log(3));
  await expect.poll(() => storedLines(database), BOUND).toEqual([15]);
  // Not quiet for long: the end of the file is what counts.
  appendFileSync(capture, log(1));
  child.kill(signal);
  expect(await once(child, 'close')).toEqual([code, null]);
  const { captures } = JSON.parse(output.stdout) as { captures: { sha256: string }[] };
  expect(captures).toMatchObject([
    { path: 'gdb.txt', lines: 18, backtraces: 6, alreadyIngested: false },
  ]);
  expect(output.stderr).toBe('');
  // As if it had been read at once.
  const atOnce = await runIngest([capture], join(cwd, 'other.db'));
  expect(atOnce.captures).toMatchObject([{ ...captures[0], path: capture }]);
  const { stdout } = await runCli(['ls'], { cwd });
  expect(stdout).toMatch(/^sha256 .*\n\w+ +gdb +18 +6 +0 +7 +gdb\.txt\n/);
});

test('a capture goes on where it was left, and ends where the file begins anew', async () => {
  const folder = tempDir();
  const [path, database] = [join(folder, 'gdb.txt'), join(folder, 'vhtrace.db')];
  writeFileSync(path, log(1));
  await runIngest([path], database);
  appendFileSync(path, log(1));
  const stop = new AbortController();
  const notes: string[] = [];
  const following = runFollow({
    names: [join(folder, 'gdb.t?t')],
    database,
    stop: stop.signal,
    onSaved: ({ lines }) => {
      notes.push(`${lines} lines`);
      if (lines === 6) writeFileSync(path, log(1));
      else if (lines === 3) {
        renameSync(path, `${path}.1`);
        writeFileSync(path, log(4));
      } else stop.abort();
    },
    onRestart: (restarted, why) => notes.push(restarted === path ? why : restarted),
  });
  const { captures, failures } = await following;
  expect(notes).toEqual(['6 lines', 'truncated', '3 lines', 'replaced', '12 lines']);
  expect(failures).toEqual([]);
  expect(captures.map(({ lines }) => lines)).toEqual([6, 3, 12]);
  expect(await storedLines(database)).toEqual([6, 3, 12]);
});

test('an error with the file leaves the last snapshot', async () => {
  const folder = tempDir();
  const [path, database] = [join(folder, 'gdb.txt'), join(folder, 'vhtrace.db')];
  writeFileSync(path, log(1));
  const { captures, failures } = await runFollow({
    names: [path],
    database,
    stop: new AbortController().signal,
    onSaved: () => {
      writeFileSync(path, Buffer.alloc(100));
    },
    onRestart: () => undefined,
  });
  expect(failures).toMatchObject([{ path, error: { code: 'FILE_BINARY' } }]);
  expect(captures).toMatchObject([{ lines: 3 }]);
  expect(await storedLines(database)).toEqual([3]);
});
