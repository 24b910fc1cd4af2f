/**
 * How long a store with a million facts makes a reader wait: percentiles of a window of rows, of a search
 * and of a filter. `node test/bench/browse.mjs [FACTS]`; the store is made anew in a folder of its own.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBrowser } from '../../dist/pipeline/browse.js';
import { makeStore } from './trace.mjs';

const facts = Number(process.argv[2] ?? 1_000_000);
const WINDOW = 50;
const RUNS = 200;

function percentiles(name, times) {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
  const shown = [0.5, 0.95, 1].map((part) => at(part).toFixed(1).padStart(8));
  console.log(`${name.padEnd(26)}${shown.join('')}`);
}

async function time(name, runs, work) {
  const times = [];
  for (let i = 0; i < runs; i++) {
    const start = performance.now();
    await work(i);
    times.push(performance.now() - start);
  }
  percentiles(name, times);
}

const folder = mkdtempSync(join(tmpdir(), 'vhtrace-bench-'));
try {
  const database = await makeStore(folder, facts);
  console.log(`${facts} facts; milliseconds`.padEnd(26) + '     p50     p95     max');

  const request = { paths: [], database, assumeOrdered: false, only: [], rules: {} };
  await time('open to first rows', 10, async () => {
    const { browser } = await openBrowser(request);
    await (await browser.list({})).rows(0, WINDOW);
    await browser.close();
  });

  const { browser } = await openBrowser(request);
  const all = await browser.list({});
  const anywhere = (list, i) => Math.floor((list.length * ((i * 0.618) % 1)) | 0);
  await time('choices', 1, () => browser.choices());
  await time('rows anywhere', RUNS, (i) => all.rows(anywhere(all, i), WINDOW));
  await time('find, next one', RUNS, (i) => all.find('dev_start', anywhere(all, i), 1));
  await time('find, previous one', RUNS, (i) => all.find('dev_start', anywhere(all, i), -1));
  await time('find, there is none', 5, () => all.find('no such text', 0, 1));
  await time('filter by kind', 5, () => browser.list({ kind: 'vhost_user_write' }));
  await time('filter by text', 5, () => browser.list({ text: 'dev_s' }));
  const some = await browser.list({ kind: 'vhost_user_write' });
  await time('rows of a filtered list', RUNS, (i) => some.rows(anywhere(some, i), WINDOW));
  await time('row at a line', RUNS, (i) => browser.rowAtLine(0, 1 + anywhere(all, i)));
  const [row] = await all.rows(0, 1);
  await time('detail, first one', 1, () => browser.detail(row));
  await time('detail', RUNS, async (i) => browser.detail((await all.rows(anywhere(all, i), 1))[0]));
  await browser.close();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
