/**
 * Mutates the lines of all fixtures and reads, rebuilds and judges what comes of it: no input may
 * crash, hang or lose a line. Needs a build; not part of `npm test`.
 *
 *     npm run fuzz                        a million inputs, another seed each time
 *     npm run fuzz -- 50000 1234          so many inputs, from this seed
 *
 * A failure prints the seed of its one input: `npm run fuzz -- 1 SEED` runs and prints only that.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** Milliseconds without news of a worker before it counts as hanging. */
const PATIENCE = 30_000;
/** Inputs between two messages of a worker. */
const BATCH = 500;

async function runAll() {
  const count = Number(process.argv[2] ?? 1_000_000);
  const seed = Number(process.argv[3] ?? Math.floor(Math.random() * 2 ** 31));
  const workers = Math.min(availableParallelism(), count);
  console.log(`fuzz: ${count} inputs from seed ${seed}, ${workers} workers`);
  const started = Date.now();
  const done = new Array(workers).fill(0);
  const runs = Array.from({ length: workers }, (_, id) =>
    runWorker({ first: seed + id, step: workers, end: seed + count }, (inputs) => {
      done[id] = inputs;
      if (process.stderr.isTTY) {
        process.stderr.write(`\r${done.reduce((a, b) => a + b, 0)} of ${count}`);
      }
    }),
  );
  const failures = (await Promise.all(runs)).flat();
  const seconds = Math.round((Date.now() - started) / 1000);
  console.log(
    `fuzz: ${done.reduce((a, b) => a + b, 0)} inputs in ${seconds} s, ${failures.length} failures`,
  );
  for (const failure of failures) console.log(failure);
  process.exit(failures.length > 0 ? 1 : 0);
}

/** @param {object} data @param {(inputs: number) => void} progress @returns {Promise<string[]>} */
function runWorker(data, progress) {
  return new Promise((resolve) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: data });
    let current = data.first;
    let timer = setTimeout(hang, PATIENCE);
    function hang() {
      void worker.terminate();
      resolve([
        `seed ${current} to ${current + BATCH * data.step}: no answer in ${PATIENCE / 1000} s`,
      ]);
    }
    worker.on('message', ({ seed, inputs, failures }) => {
      clearTimeout(timer);
      current = seed;
      progress(inputs);
      if (failures === undefined) timer = setTimeout(hang, PATIENCE);
      else {
        void worker.terminate();
        resolve(failures);
      }
    });
    worker.on('error', (error) => {
      clearTimeout(timer);
      resolve([`near seed ${current}: ${error.stack}`]);
    });
  });
}

async function work(first, step, end) {
  const { createReader } = await import('../../dist/formats/reader.js');
  const { checkCaptures } = await import('../../dist/check/check-captures.js');
  const pool = lines();
  const failures = [];
  let inputs = 0;
  for (let seed = first; seed < end; seed += step) {
    const input = makeInput(random(seed), pool);
    try {
      const reader = createReader();
      for (const line of input) reader.push(line);
      const reading = reader.finish();
      expectEveryLineOnce(reading, input.length);
      if (seed % 8 === 0) {
        const info = { path: 'fuzz', sha256: '0'.repeat(64), bytes: 0 };
        for (const assumeOrdered of [false, true])
          checkCaptures([{ info, reading }], { assumeOrdered });
      }
    } catch (error) {
      const shown = end - first === 1 ? `\n${JSON.stringify(input, null, 1)}` : '';
      failures.push(`seed ${seed}: ${error.stack}${shown}`);
      if (failures.length > 10) break;
    }
    if (++inputs % BATCH === 0) parentPort.postMessage({ seed, inputs });
  }
  parentPort.postMessage({ seed: end, inputs, failures });
}

/** Records that may stand between lines. */
const BETWEEN = new Set(['gap', 'open-call', 'order', 'thread']);

/** Every line lies in one record, or is blank and counted. */
function expectEveryLineOnce({ records, blank, lines: total }, expected) {
  let last = 0;
  let covered = blank;
  for (const { span, kind } of records) {
    const isBetween = BETWEEN.has(kind) && span.last === span.first - 1;
    if (span.first <= last || (span.last < span.first && !isBetween)) {
      throw new Error(`${kind} at lines ${span.first} to ${span.last} comes after line ${last}`);
    }
    last = span.last;
    covered += span.last - span.first + 1;
  }
  if (total !== expected || covered !== expected) {
    throw new Error(`${expected} lines, ${total} counted, ${covered} claimed`);
  }
}

/** Lines of all fixtures, each format as often as any other. */
function lines() {
  const formats = join(root, 'fixtures/formats');
  return readdirSync(formats)
    .map((format) =>
      readdirSync(join(formats, format)).flatMap((name) => {
        const file = join(formats, format, name, 'input.txt');
        return existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
      }),
    )
    .filter((pool) => pool.length > 0);
}

const ODD = [
  '',
  ' ',
  '    ',
  '\t',
  '#0  ',
  '#1 ',
  '0x',
  '0x1 in ',
  '(',
  ')',
  '{',
  '}',
  '<',
  '>',
  '[',
  ']',
  '"',
  "'",
  '\\',
  ',',
  '=',
  ' at x.c:1',
  ' from /lib/x.so',
  '(gdb) ',
  '--Type <RET> for more, q to quit, c to continue without paging--',
  '\x1b[33m',
  '\x1b[m',
  '\0',
  '\r',
  '\b',
  '\u00a0',
  '\ufeff',
  '\ud800',
  '\u{1f600}',
  '> ',
  '+',
  '-> ',
  '()->',
  '|',
  '||',
  '<unfinished ...>',
  '<... ioctl resumed>',
  '= -1 EFAULT',
  'Thread 1 "',
  ' hit Breakpoint 1, ',
  '^done,',
  '~"',
  '*stopped,',
  '18446744073709551616',
  '-1',
  '1e309',
  'NaN',
  '__proto__',
  'constructor',
  '%s%n',
  '漢字',
  '=====',
  '-----',
  '```',
];

/** @param {() => number} next a number from 0 to 1 */
function makeInput(next, pool) {
  const pick = (list) => list[Math.floor(next() * list.length)];
  const own = next() < 0.6 ? pick(pool) : undefined;
  const count = 1 + Math.floor(next() ** 2 * 30);
  const start = Math.floor(next() * 1000);
  const ordered = next() < 0.5;
  return Array.from({ length: count }, (_, i) => {
    const source = own ?? pick(pool);
    const line = ordered ? source[(start + i) % source.length] : pick(source);
    return next() < 0.5 ? line : mutate(line, next, pick, source);
  }).map((line) => line.replaceAll('\n', ' '));
}

function mutate(line, next, pick, source) {
  const at = Math.floor(next() * (line.length + 1));
  const to = at + Math.floor(next() * 12);
  switch (Math.floor(next() * 9)) {
    case 0:
      return line.slice(0, at);
    case 1:
      return line.slice(at);
    case 2:
      return line.slice(0, at) + line.slice(to);
    case 3:
      return line.slice(0, at) + pick(ODD) + line.slice(at);
    case 4:
      return line.slice(0, at) + pick(ODD) + line.slice(to);
    case 5:
      return line.slice(0, at) + pick(source).slice(Math.floor(next() * 40));
    case 6:
      return (
        line.slice(0, at) +
        line.slice(at, to).repeat(1 + Math.floor(next() ** 4 * 2000)) +
        line.slice(to)
      );
    case 7:
      return pick(ODD) + line + pick(ODD);
    default:
      return (
        line.slice(0, at) + String.fromCharCode(Math.floor(next() * 0x300)) + line.slice(at + 1)
      );
  }
}

/** mulberry32 */
function random(seed) {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

if (isMainThread) await runAll();
else await work(workerData.first, workerData.step, workerData.end);
