/**
 * Puts every fault of the protocol (test/model/protocol-faults.ts) into every scenario of the
 * simulated QEMU, and every fault of what crosses the border to the backend (test/model/wire-faults.ts)
 * into every text that shows it, and says which rules report it. Not part of `npm test`.
 *
 *     npm run mutation                 a row for each fault; the last line is the score
 *     npm run mutation -- 'ring 1'     faults whose name has these words, with the scenarios that are missed
 *
 * The score is the part of the decidable faults that a rule made for them reports. Where any other
 * rule reports one, it is `unexpected`, and the exit code is 1.
 */
import { availableParallelism } from 'node:os';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { ROWS, falseAlarms, mutantOf } from '../../dist-model/mutants.js';
import { alarmsOf, knownRules } from './checker.mjs';

const rulesOf = (text) => alarmsOf(text).map(({ rule }) => rule);

async function runAll(words) {
  const isDetailed = words !== undefined;
  const wanted = ROWS.map((_, i) => i).filter((i) => ROWS[i].name.includes(words ?? ''));
  const jobs = Math.max(1, Math.min(availableParallelism(), wanted.length));
  const rows = new Map();
  await Promise.all(
    Array.from({ length: jobs }, (_, job) =>
      runWorker(
        wanted.filter((_, i) => i % jobs === job),
        (fault, mutants) => {
          rows.set(fault, mutants);
          if (process.stderr.isTTY) process.stderr.write(`\r${rows.size} of ${wanted.length} `);
        },
      ),
    ),
  );
  const unexpected = falseAlarms(rulesOf);
  let caught = 0;
  let decidable = 0;
  console.log('fault | rule | caught | missed | open | reported by');
  for (const i of wanted) {
    const mutants = rows.get(i) ?? [];
    printRow(ROWS[i], mutants, isDetailed);
    caught += count(mutants, 'caught');
    decidable += count(mutants, 'caught') + count(mutants, 'missed');
    for (const { scenario, unexpected: rules } of mutants) {
      for (const rule of rules) unexpected.push(`${rule} for '${ROWS[i].name}' in ${scenario}`);
    }
  }
  for (const line of unexpected) console.log(`unexpected: ${line}`);
  console.log(`score: ${((100 * caught) / Math.max(1, decidable)).toFixed(1)}`);
  process.exitCode = unexpected.length > 0 ? 1 : 0;
}

function runWorker(faults, onRow) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: faults });
    worker.on('message', ({ fault, mutants }) => onRow(fault, mutants));
    worker.on('error', reject);
    worker.on('exit', resolve);
  });
}

function work(faults) {
  for (const fault of faults) {
    const { trials } = ROWS[fault];
    const mutants = trials
      .map((trial) => mutantOf(ROWS[fault], trial, rulesOf))
      .filter((mutant) => mutant !== undefined);
    parentPort.postMessage({ fault, mutants });
  }
}

function printRow(fault, mutants, isDetailed) {
  const rules = fault.rules.map((rule) => (knownRules.has(rule) ? rule : `${rule} (no rule yet)`));
  const counts = ['caught', 'missed', 'open'].map((verdict) => count(mutants, verdict));
  console.log([fault.name, rules.join(', ') || '-', ...counts, tally(mutants)].join(' | '));
  for (const [reason, n] of countReasons(mutants)) {
    console.log(`    ${n} inconclusive by design: ${reason}`);
  }
  if (!isDetailed) return;
  for (const { scenario, verdict } of mutants) {
    if (verdict === 'missed') console.log(`    missed in ${scenario}`);
  }
}

function count(mutants, verdict) {
  return mutants.filter((mutant) => mutant.verdict === verdict).length;
}

/** Why scenarios of a fault are open, with their number. */
function countReasons(mutants) {
  const counts = new Map();
  for (const { verdict, reason } of mutants) {
    if (verdict === 'open') counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return counts;
}

/** Each rule with the number of scenarios in which it reports something. */
function tally(mutants) {
  const counts = new Map();
  for (const { rules } of mutants) {
    for (const rule of rules) counts.set(rule, (counts.get(rule) ?? 0) + 1);
  }
  const parts = [...counts].sort((a, b) => b[1] - a[1]).map(([rule, n]) => `${rule} ${n}`);
  return parts.join(', ') || '-';
}

if (isMainThread) await runAll(process.argv[2]);
else work(workerData);
