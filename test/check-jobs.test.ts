/** Several files: one report, whatever number of threads judge them. */
import { randomBytes } from 'node:crypto';
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { checkCaptures } from '../src/check/check-captures.js';
import type * as pool from '../src/pipeline/check-pool.js';
import { runCheck } from '../src/pipeline/check.js';
import { readCaptures } from '../src/pipeline/read-capture.js';
import { runCli } from './helpers/run-cli.js';
import { tempDir } from './helpers/temp-dir.js';

const fixtures = fileURLToPath(new URL('../fixtures', import.meta.url));

/** Captures of many rules, one of them twice, one that cannot be read and one that is missing. */
function manyFiles(): string {
  const folder = tempDir();
  mkdirSync(join(folder, 'captures'));
  const inputs = readdirSync(join(fixtures, 'rules'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('input.txt'))
    .map((name) => join(fixtures, 'rules', name))
    .filter((path) => statSync(path).size < 20_000)
    .sort()
    .slice(0, 30);
  for (const [i, path] of [...inputs, inputs[0]!].entries()) {
    copyFileSync(path, join(folder, 'captures', `${String(i).padStart(2, '0')}.txt`));
  }
  writeFileSync(join(folder, 'captures/07.bin'), Buffer.from([0, 1, 2, 3, 255, 254]));
  return folder;
}

test.each([[['--json', '--all']], [[]], [['--format', 'sarif']]])(
  'threads print what one thread prints: %j',
  async (words) => {
    const cwd = manyFiles();
    const stdin = join(fixtures, 'captures/vring-never-logged.gdb.txt');
    const args = ['check', 'captures/**', 'missing.txt', '-', ...words];
    const one = await runCli([...args, '--jobs', '1'], { cwd, stdin });
    expect(one.code).toBe(2);
    expect(one.stderr).toMatch(
      /captures\/07\.bin: .*\n(?:.*\n)*vhtrace: missing\.txt: no such file/,
    );
    expect(await runCli([...args, '--jobs', '3'], { cwd, stdin })).toEqual(one);
  },
);

test('as many threads as there are cores print the same', async () => {
  const cwd = manyFiles();
  const args = ['check', 'captures/**', '--format', 'sarif'];
  const one = await runCli([...args, '--jobs', '1'], { cwd });
  expect(await runCli(args, { cwd })).toEqual(one);
});

test('the reports of single files are the report of all of them', async () => {
  const folder = manyFiles();
  const paths = readdirSync(join(folder, 'captures')).map((name) => join(folder, 'captures', name));
  const options = { assumeOrdered: false };
  const policy = { only: [], rules: {} };
  const { captures } = await readCaptures(paths);
  const together = checkCaptures(captures, options, policy);
  const { report, failures } = await runCheck({
    ...options,
    ...policy,
    paths,
    database: '',
    strict: false,
    failOn: 'error',
    require: [],
    today: '2026-11-26',
  });
  expect(failures).toHaveLength(1);
  // Some have the same bytes.
  expect(captures.length).toBeLessThan(paths.length - 1);
  expect(report).toEqual(together);
});

test('what a thread needs and cannot read ends the check', async () => {
  const cwd = manyFiles();
  const args = ['check', 'captures/*.txt', '--trace-events', 'nosuch', '--jobs', '2'];
  expect(await runCli(args, { cwd })).toMatchObject({
    code: 2,
    stderr: 'vhtrace: nosuch: no such file (check the spelling)\n',
  });
});

test('a file that takes more memory than there is fails, and the others are judged', async () => {
  // Threads run what was built.
  const built = new URL('../dist/pipeline/check-pool.js', import.meta.url).href;
  const { checkFiles } = (await import(built)) as typeof pool;
  const folder = tempDir();
  const capture = readFileSync(join(fixtures, 'captures/cancelled-migration.trace.log'), 'utf8');
  const names = ['large.log', 'small.log', 'smaller.log'].map((name) => join(folder, name));
  const [large = '', small = '', smaller = ''] = names;
  writeFileSync(large, capture.repeat(Math.ceil(16e6 / capture.length)));
  writeFileSync(small, capture);
  writeFileSync(smaller, `${capture}\n`);
  const judging = { options: { assumeOrdered: false }, policy: { only: [], rules: {} } };
  const request = { judging, traceEvents: [], files: names, jobs: 2 };
  const { checked, failures } = await checkFiles({ ...request, memory: 90 });
  expect(checked.map(({ path }) => path)).toEqual([small, smaller]);
  expect(failures).toMatchObject([{ path: large, error: { code: 'FILE_TOO_LARGE' } }]);
  expect(failures[0]?.error.message).toContain('large.log');
  expect(failures[0]?.error.hint).toContain('--jobs 1');
  expect((await checkFiles(request)).failures).toEqual([]);
});

test('a packed file that may be large is judged in a thread, whatever its name', async () => {
  const built = new URL('../dist/pipeline/check-pool.js', import.meta.url).href;
  const { checkFiles } = (await import(built)) as typeof pool;
  const capture = readFileSync(join(fixtures, 'captures/cancelled-migration.trace.log'), 'utf8');
  const noise = randomBytes(3 << 20).toString('base64');
  const text = capture.repeat(Math.ceil(16e6 / capture.length)) + noise.replace(/.{76}/g, '$&\n');
  const packed = join(tempDir(), 'packed.log');
  writeFileSync(packed, gzipSync(text));
  const judging = { options: { assumeOrdered: false }, policy: { only: [], rules: {} } };
  const request = { judging, traceEvents: [], files: [packed], jobs: 1, memory: 30 };
  const { failures } = await checkFiles(request);
  expect(failures).toMatchObject([
    { error: { code: 'FILE_TOO_LARGE', hint: 'cut it where another QEMU process begins' } },
  ]);
});
