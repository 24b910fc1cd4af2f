/**
 * Makes legitimate runs of the simulated QEMU (test/model) under random observation and checks each:
 * an error or a warning is a false alarm. Not part of `npm test`.
 *
 *     npm run soak -- --runs 100000                 another seed each time
 *     npm run soak -- --runs 500 --seed 7 --jobs 1
 *     npm run soak -- --seed 7 --run 123            one run again, with what it printed
 *
 * The first alarm is made small and printed. Progress goes to standard error; the last line is
 * `soak: RUNS runs, N violations, seed S`.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import fc from 'fast-check';

/** Runs between two messages of a worker. */
const BATCH = 100;
/** Milliseconds to look for a smaller run that raises the same alarm. */
const PATIENCE = 20_000;

const options = {
  runs: { type: 'string', default: '100000' },
  seed: { type: 'string' },
  jobs: { type: 'string', default: String(availableParallelism()) },
  run: { type: 'string' },
};

async function runAll() {
  const { values } = parseArgs({ options });
  const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
  if (values.run !== undefined) {
    const found = await findAlarm(await loadTools(), seed, Number(values.run), true);
    console.log(found ?? `run ${values.run} of seed ${seed}: no alarm`);
    process.exit(found === undefined ? 0 : 1);
  }
  const runs = Number(values.runs);
  const jobs = Math.max(1, Math.min(Number(values.jobs), runs));
  console.error(`soak: ${runs} runs from seed ${seed}, ${jobs} jobs`);
  const started = Date.now();
  const done = new Array(jobs).fill(0);
  let violations = 0;
  let lastShown = 0;
  const onNews = (job, { checked, alarmed }) => {
    done[job] = checked;
    for (const run of alarmed) {
      violations++;
      console.error(`soak: alarm in run ${run}; npm run soak -- --seed ${seed} --run ${run}`);
    }
    const total = done.reduce((a, b) => a + b, 0);
    if (Date.now() - lastShown < 2000) return;
    lastShown = Date.now();
    const perSecond = Math.round((total * 1000) / (Date.now() - started));
    console.error(`soak: ${total} of ${runs}, ${perSecond} runs/s, ${violations} violations`);
  };
  const firsts = await Promise.all(
    done.map((_, job) => runWorker({ seed, job, jobs, runs }, (news) => onNews(job, news))),
  );
  const first = firsts.filter((found) => found !== undefined).sort((a, b) => a.run - b.run)[0];
  if (first !== undefined) console.log(first.text);
  console.log(
    `soak: ${done.reduce((a, b) => a + b, 0)} runs, ${violations} violations, seed ${seed}`,
  );
  process.exit(violations > 0 ? 1 : 0);
}

/** Resolves to the first alarm of the worker, made small. */
function runWorker(data, onNews) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: data });
    let first;
    worker.on('message', (message) => {
      if (message.first !== undefined) first = message.first;
      else onNews(message);
    });
    worker.on('error', reject);
    worker.on('exit', () => resolve(first));
  });
}

async function work({ seed, job, jobs, runs }) {
  const tools = await loadTools();
  let checked = 0;
  let alarmed = [];
  let isFirst = true;
  for (let run = job; run < runs; run += jobs) {
    if (hasAlarm(tools, seed, run)) {
      alarmed.push(run);
      if (isFirst) {
        const text = await findAlarm(tools, seed, run, false);
        parentPort.postMessage({ first: { run, text } });
        isFirst = false;
      }
    }
    if (++checked % BATCH === 0) {
      parentPort.postMessage({ checked, alarmed });
      alarmed = [];
    }
  }
  parentPort.postMessage({ checked, alarmed });
}

/** The checker as it is built, and the model. */
async function loadTools() {
  const { alarmsOf: reportedIn } = await import('./checker.mjs');
  // Where the elections are not watched, RZ-ELECT warns of every log resize by design: released versions
  // lose the logger there, and the runs are of a QEMU that does not.
  const isOpen = ({ rule, severity }) => rule === 'RZ-ELECT' && severity === 'warning';
  const alarmsOf = (text) => reportedIn(text).filter((finding) => !isOpen(finding));
  const { anyRun, textOf } = await import('../../dist-model/legitimate.js');
  return { alarmsOf, anyRun, textOf };
}

/** The same run for the same seed and number, whatever the number of jobs. */
function parameters(seed, run) {
  return { seed: (Math.imul(seed, 0x9e3779b1) + Math.imul(run, 0x85ebca6b)) | 0, numRuns: 1 };
}

function hasAlarm({ alarmsOf, anyRun, textOf }, seed, run) {
  const property = fc.property(anyRun, (made) => alarmsOf(textOf(made)).length === 0);
  return fc.check(property, { ...parameters(seed, run), endOnFailure: true }).failed;
}

/** Runs one run again; where it raises an alarm, a smaller run that still does. */
async function findAlarm({ alarmsOf, anyRun, textOf }, seed, run, withText) {
  let smallest;
  const property = fc.property(anyRun, (made) => {
    const alarms = alarmsOf(textOf(made));
    if (alarms.length > 0) smallest = { made, alarms };
    return alarms.length === 0;
  });
  fc.check(property, { ...parameters(seed, run), interruptAfterTimeLimit: PATIENCE });
  if (smallest === undefined) return undefined;
  const lines = [
    `run ${run} of seed ${seed}, made small:`,
    ...smallest.alarms.map((f) => `  ${f.rule} line ${f.at.line}: ${f.message}`),
    JSON.stringify(smallest.made, null, 1),
  ];
  if (withText) lines.push(textOf(smallest.made));
  return lines.join('\n');
}

if (isMainThread) await runAll();
else await work(workerData);
