/** Runs in a thread of its own: is given one path after the other, and answers each with what came out. */
import { parentPort, workerData } from 'node:worker_threads';
import { checkFile } from './check-capture.js';
import type { WorkerAnswer, WorkerJob } from './check-pool.js';
import { attempt } from './read-capture.js';
import type { FileFailure } from './read-capture.js';
import { readEventTable } from './trace-events.js';

const { judging, traceEvents } = workerData as WorkerJob;
const events = await readEventTable(traceEvents);

async function answerTo(path: string): Promise<WorkerAnswer> {
  const failures: FileFailure[] = [];
  const checked = await attempt(path, failures, () => checkFile(path, judging, events));
  if (checked !== undefined) return { checked };
  const [{ error } = { error: undefined }] = failures;
  if (error === undefined) throw new Error(`${path}: neither read nor refused`);
  return { code: error.code, message: error.message, hint: error.hint };
}

// Whatever is thrown here ends the thread, and its owner hears of it.
parentPort?.on('message', (path: string) => {
  void answerTo(path).then((answer) => {
    parentPort?.postMessage(answer);
  });
});
