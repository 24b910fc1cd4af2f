/**
 * From a key to the screen on a store with a million facts, through a pseudo-terminal: makes the store, runs keys.py.
 * `node test/bench/keys.mjs [FACTS]`
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeStore } from './trace.mjs';

const facts = Number(process.argv[2] ?? 1_000_000);
const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));

const folder = mkdtempSync(join(tmpdir(), 'vhtrace-bench-'));
try {
  const database = await makeStore(folder, facts);
  console.log(`${facts} facts`);
  const args = [path('keys.py'), path('../../bin/run.js'), database];
  process.exitCode = spawnSync('python3', args, { stdio: 'inherit' }).status ?? 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
