/**
 * How fast captures that were read are replayed and judged.
 *
 *   node test/bench/replay.mjs [--mb 20] [--runs 3]
 *
 * That is what `check` does: facts are counted, and made for those only that show or store them. The peer is
 * JSON: the facts of the same capture, written and read again in the same process.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { checkRuns } from '../../dist/check/check-captures.js';
import { buildRun } from '../../dist/flows/run.js';
import { readCapture } from '../../dist/pipeline/read-capture.js';
import { writeGdbLog, writeTraceLog } from './inputs.mjs';

const { values: flags } = parseArgs({
  options: { mb: { type: 'string', default: '20' }, runs: { type: 'string', default: '3' } },
});
const runs = Number(flags.runs);

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
} finally {
  rmSync(folder, { recursive: true });
}
