/**
 * How fast captures that were read are replayed and judged, and how long the shortest commands take.
 *
 *   node test/bench/replay.mjs [--mb 20] [--runs 3]
 *
 * The peer of the replay is JSON: the facts of the same capture, written and read again in the same process.
 * The peer of the commands is an empty program of Node.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { checkRuns } from '../../dist/check/check-captures.js';
import { buildRun } from '../../dist/flows/run.js';
import { readCapture } from '../../dist/pipeline/read-capture.js';
import { writeGdbLog, writeTraceLog } from './inputs.mjs';

const { values: flags } = parseArgs({
  options: { mb: { type: 'string', default: '20' }, runs: { type: 'string', default: '3' } },
});
const runs = Number(flags.runs);
const here = (name) => fileURLToPath(new URL(name, import.meta.url));

/** Median of the seconds of processor that `work` takes. */
function cpuSeconds(work) {
  const times = Array.from({ length: runs }, () => {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1e6;
  });
  return median(times);
}

function median(numbers) {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
}

/** A text of about 100 kB among the captures at hand. */
function smallCapture() {
  const folder = here('../../fixtures/captures/');
  const sized = readdirSync(folder)
    .filter((name) => name.endsWith('.gdb.txt'))
    .map((name) => ({ path: join(folder, name), bytes: statSync(join(folder, name)).size }));
  sized.sort((a, b) => Math.abs(a.bytes - 1e5) - Math.abs(b.bytes - 1e5));
  return sized[0];
}

const folder = mkdtempSync(join(tmpdir(), 'vhtrace-bench-'));
try {
  console.log('replay and rules, one thread; ratio: JSON of the same facts = 1, above 1 is slower');
  for (const [name, write] of [
    ['gdb log', writeGdbLog],
    ['trace log', writeTraceLog],
  ]) {
    const path = join(folder, 'input');
    write(path, Number(flags.mb) * 1e6);
    const capture = await readCapture(path);
    const options = { assumeOrdered: false };
    let run = buildRun(capture.reading, options);
    const facts = run.facts.length;
    const replay = cpuSeconds(() => {
      run = buildRun(capture.reading, options);
    });
    const rules = cpuSeconds(() => checkRuns([{ ...capture, run }]));
    const json = cpuSeconds(() => JSON.parse(JSON.stringify(run.facts)));
    const rate = (seconds) => `${(facts / seconds / 1e3).toFixed(0)}k facts/s`;
    console.log(
      `  ${((replay + rules) / json).toFixed(1).padStart(6)}  ${name}, ${facts} facts: ` +
        `${rate(replay + rules)} (replay ${rate(replay)}, rules ${rate(rules)}, JSON ${rate(json)})`,
    );
  }

  const small = smallCapture();
  const program = here('../../bin/run.js');
  const commands = [
    ['node -e 0', ['-e', '0']],
    ['vhtrace --version', [program, '--version']],
    [`vhtrace check, ${(small.bytes / 1e3).toFixed(0)} kB`, [program, 'check', small.path]],
  ];
  console.log('\nwhole commands; ratio: an empty program = 1');
  const seconds = commands.map(() => []);
  for (let i = 0; i < 5; i++) {
    for (const [c, [, args]] of commands.entries()) {
      const start = performance.now();
      spawnSync(process.execPath, args, { stdio: 'ignore' });
      seconds[c].push((performance.now() - start) / 1e3);
    }
  }
  const base = median(seconds[0]);
  for (const [c, [name]] of commands.entries()) {
    const took = median(seconds[c]);
    console.log(`  ${(took / base).toFixed(1).padStart(6)}  ${name}: ${took.toFixed(2)} s`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
