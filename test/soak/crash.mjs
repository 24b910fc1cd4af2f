/**
 * Nothing is lost: ingest is killed at random moments, and the store must open, be sound and hold whole
 * captures only; then it is given every other reason to fail.
 *
 *   node test/soak/crash.mjs [--kills 200] [--seed 1] [--kills-only]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { openStore } from '../../dist/store/open-store.js';
import { writeGdbLog, writeSimpleTrace, writeTraceLog } from '../bench/inputs.mjs';

const { values: flags } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    'kills-only': { type: 'boolean', default: false },
  },
});
const program = fileURLToPath(new URL('../../bin/run.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'vhtrace crash ü-'));
const inputs = ['gdb.txt', 'trace.log', 'simple.trace'];

/** Numbers from 0 up to 1 that are the same for the same seed (mulberry32). */
function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function start(args, options = {}) {
  const child = spawn(process.execPath, [program, ...args], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
    ...options,
  });
  let stderr = '';
  child.stderr.on('data', (chunk) => (stderr += chunk));
  const ended = once(child, 'exit').then(([code, signal]) => ({ code, signal, stderr }));
  return { child, ended };
}

const ingest = (database, files = inputs, options = {}) =>
  start(['ingest', ...files, '--db', database], options);

/** What a store says of its captures, and whether it is true of their rows. */
async function contents(database) {
  if (!existsSync(database)) return [];
  const store = await openStore(database, 'write');
  try {
    const [{ integrity_check: verdict }] = await store.all('PRAGMA integrity_check');
    if (verdict !== 'ok') throw new Error(`integrity_check: ${verdict}`);
    const [{ strays }] = await store.all(
      `SELECT (SELECT count(*) FROM block WHERE capture NOT IN (SELECT id FROM capture))
            + (SELECT count(*) FROM fact_block WHERE capture NOT IN (SELECT id FROM capture)) AS strays`,
    );
    if (strays !== 0) throw new Error(`${strays} rows without a capture`);
    return await store.all(
      `SELECT path, sha256, lines, facts,
         (SELECT coalesce(sum(json_array_length(facts)), 0) FROM fact_block WHERE capture = c.id) AS factRows,
         (SELECT sum(json_array_length(records)) FROM block WHERE capture = c.id) AS records,
         (SELECT max(last_line) FROM block WHERE capture = c.id) AS lastLine
       FROM capture c ORDER BY path`,
    );
  } finally {
    await store.close();
  }
}

function removeStore(database) {
  for (const end of ['', '-wal', '-shm']) rmSync(database + end, { force: true });
}

function expectPart(found, whole, where) {
  for (const capture of found) {
    const same = whole.find(({ path }) => path === capture.path);
    if (!isDeepStrictEqual(capture, same)) {
      throw new Error(`${where}: ${JSON.stringify(capture)} is not ${JSON.stringify(same)}`);
    }
  }
}

function expectSame(found, whole, where) {
  expectPart(found, whole, where);
  if (found.length !== whole.length) {
    throw new Error(`${where}: ${found.length} captures of ${whole.length}`);
  }
}

async function wait(milliseconds) {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Kills at random moments; every few kills the next ingest may finish. */
async function killRuns(whole, milliseconds, kills) {
  const random = randomFrom(Number(flags.seed));
  const database = join(folder, 'killed.db');
  let inMidWork = 0;
  let completed = 0;
  for (let i = 0; i < kills; i++) {
    const { child, ended } = ingest(database);
    await Promise.race([wait(random() * milliseconds), ended]);
    child.kill('SIGKILL');
    const { signal } = await ended;
    if (signal === 'SIGKILL') inMidWork++;
    const found = await contents(database);
    expectPart(found, whole, `kill ${i + 1}`);
    if (i % 5 !== 4 && found.length < whole.length) continue;
    const { code, stderr } = await ingest(database).ended;
    if (code !== 0) throw new Error(`after kill ${i + 1}: exit ${code}, ${stderr}`);
    expectSame(await contents(database), whole, `ingest after kill ${i + 1}`);
    completed++;
    removeStore(database);
  }
  return `${kills} kills, ${inMidWork} of them in mid-work: whole captures only; ${completed} times the next ingest completed the store`;
}

async function twoAtOnce(whole) {
  const database = join(folder, 'two at once.db');
  const results = await Promise.all([
    ingest(database).ended,
    ingest(database, [...inputs].reverse()).ended,
  ]);
  for (const { code, stderr } of results) if (code !== 0) throw new Error(stderr);
  expectSame(await contents(database), whole, 'two at once');
  return 'both complete, each capture is there once';
}

async function interrupted(whole, milliseconds) {
  const database = join(folder, 'interrupted.db');
  const codes = new Set();
  for (const part of [0.3, 0.5, 0.7, 0.85]) {
    const { child, ended } = ingest(database);
    await wait(milliseconds * part);
    child.kill('SIGINT');
    const { code, signal } = await ended;
    codes.add(code ?? signal);
    expectPart(await contents(database), whole, 'after Ctrl-C');
    if (readdirSync(folder).some((name) => name.startsWith('interrupted.db-'))) {
      throw new Error('a write-ahead log was left');
    }
  }
  if (!codes.has(130)) throw new Error(`exit codes ${[...codes].join(', ')}`);
  return `exit codes ${[...codes].join(', ')}; whole captures, no write-ahead log left`;
}

/** A limit on the size of files is a full disk that needs no other disk. */
async function fullDisk(whole) {
  const seen = new Set();
  for (const kilobytes of [64, 256, 1024, 2048, 4096]) {
    const database = join(folder, `full ${kilobytes}.db`);
    const child = spawn(
      '/bin/bash',
      [
        '-c',
        `trap '' XFSZ; ulimit -f ${kilobytes}; exec "$0" "$@"`,
        process.execPath,
        program,
        'ingest',
        ...inputs,
        '--db',
        database,
      ],
      { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] },
    );
    let stderr = '';
    child.stderr.on('data', (chunk) => (stderr += chunk));
    const [code] = await once(child, 'exit');
    if (code !== 0 && code !== 2)
      throw new Error(`ulimit -f ${kilobytes}: exit ${code}, ${stderr}`);
    if (/^ {4}at /m.test(stderr)) throw new Error(stderr);
    for (const line of stderr.split('\n')) if (line !== '') seen.add(line.replace(/^.*: /, ''));
    expectPart(await contents(database), whole, `ulimit -f ${kilobytes}`);
    const after = await ingest(database).ended;
    if (after.code !== 0) throw new Error(after.stderr);
    expectSame(await contents(database), whole, 'when there is room again');
    removeStore(database);
  }
  return `said "${[...seen].join('", "')}"; completed when there was room`;
}

async function readOnly(whole) {
  const place = join(folder, 'read only');
  const database = join(place, 'store.db');
  mkdirSync(place);
  await ingest(database, inputs.slice(0, 1)).ended;
  const before = await contents(database);
  chmodSync(database, 0o444);
  chmodSync(place, 0o555);
  chmodSync(folder, 0o755);
  // Permissions mean nothing to root.
  const user =
    process.getuid?.() === 0
      ? { uid: 65534, gid: 65534, env: { ...process.env, HOME: folder } }
      : {};
  const { code, stderr } = await ingest(database, inputs.slice(1), user).ended;
  chmodSync(place, 0o755);
  chmodSync(database, 0o644);
  if (code !== 2 || /^ {4}at /m.test(stderr)) throw new Error(`exit ${code}, ${stderr}`);
  expectSame(await contents(database), before, 'read-only');
  return `exit 2, "${stderr.trim().split('\n')[0]}"`;
}

try {
  writeGdbLog(join(folder, inputs[0]), 1e6);
  writeTraceLog(join(folder, inputs[1]), 1.5e6);
  writeSimpleTrace(join(folder, inputs[2]), 5e5, join(folder, 'trace-events-all'));
  const reference = join(folder, 'reference.db');
  const began = performance.now();
  const { code, stderr } = await ingest(reference).ended;
  if (code !== 0) throw new Error(stderr);
  const milliseconds = performance.now() - began;
  const whole = await contents(reference);
  if (whole.length !== inputs.length) throw new Error('the reference is not complete');
  console.log(`kill -9      ${await killRuns(whole, milliseconds, Number(flags.kills))}`);
  if (!flags['kills-only']) {
    console.log(`Ctrl-C       ${await interrupted(whole, milliseconds)}`);
    console.log(`two at once  ${await twoAtOnce(whole)}`);
    console.log(`full disk    ${await fullDisk(whole)}`);
    console.log(`read-only    ${await readOnly(whole)}`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
