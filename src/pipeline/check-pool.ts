/** Files → their reports; in worker threads where that pays, or a file is so large that memory may not suffice. */
import { availableParallelism } from 'node:os';
import { availableMemory } from 'node:process';
import { Worker } from 'node:worker_threads';
import { VhtraceError } from '../base/errors.js';
import type { ErrorCode } from '../base/errors.js';
import { isRegularFile, likelyBytes } from '../input/open-bytes.js';
import { checkFile } from './check-capture.js';
import type { CheckedCapture, Judging } from './check-capture.js';
import type { FileFailure } from './read-capture.js';
import { attempt } from './read-capture.js';
import { SeenCaptures } from './same-bytes.js';
import type { Twin } from './same-bytes.js';
import { readEventTable } from './trace-events.js';

/** What a thread is told at its start; then it is given one path after the other. */
export interface WorkerJob {
  readonly judging: Judging;
  readonly traceEvents: readonly string[];
}

/** What a thread answers: an error loses its class on the way. */
export type WorkerAnswer =
  | { readonly checked: CheckedCapture }
  | { readonly code: ErrorCode; readonly message: string; readonly hint: string | undefined };

export interface PoolRequest extends WorkerJob {
  readonly files: readonly string[];
  /** Threads; as many as pay without. */
  readonly jobs?: number | undefined;
  /** Heap of all threads together, in MB; what the machine has left without. */
  readonly memory?: number | undefined;
}

export interface PoolResult {
  /** In the order of the files; the same bytes are one capture. */
  readonly checked: readonly CheckedCapture[];
  readonly failures: readonly FileFailure[];
  readonly twins: readonly Twin[];
}

/**
 * A thread starts in 0.3 s, and takes another second until its code is fast: judging this much takes as long.
 */
const BYTES_WORTH_A_THREAD = 4 << 20;

/** A file whose records may not fit into the heap that Node gives a program. A thread may have more, and its end is no crash. */
const BYTES_FOR_A_THREAD = 64 << 20;

/**
 * A file that needs more memory than there is fails as any other that cannot be read.
 *
 * Errors: those of {@link readEventTable}.
 */
export async function checkFiles(request: PoolRequest): Promise<PoolResult> {
  const { files, judging } = request;
  const events = await readEventTable(request.traceEvents);
  const results = new Array<CheckedCapture | FileFailure | undefined>(files.length);
  const jobs = Math.min(request.jobs ?? jobsFor(files), files.length);
  const check = async (path: string): Promise<CheckedCapture | FileFailure> => {
    const failures: FileFailure[] = [];
    const checked = await attempt(path, failures, () => checkFile(path, judging, events));
    return checked ?? failures[0] ?? unexplained(path);
  };
  if (jobs <= 1 && !files.some((path) => likelyBytes(path) >= BYTES_FOR_A_THREAD)) {
    for (const [i, path] of files.entries()) results[i] = await check(path);
  } else {
    // Standard input and pipes are this thread's.
    const tasks = files.map((path, i) => ({ path, i }));
    const [shared, own] = [true, false].map((is) =>
      tasks.filter(({ path }) => isRegularFile(path) === is),
    );
    const checkOwn = async (): Promise<void> => {
      for (const { path, i } of own ?? []) results[i] = await check(path);
    };
    const done = (i: number, result: CheckedCapture | FileFailure): void => {
      results[i] = result;
    };
    await Promise.all([inThreads(Math.max(1, jobs), request, shared ?? [], done), checkOwn()]);
  }
  return sorted(results);
}

function unexplained(path: string): FileFailure {
  return { path, error: new VhtraceError('FILE_UNREADABLE', 'could not be read') };
}

/** Threads that pay for themselves. */
function jobsFor(files: readonly string[]): number {
  if (files.length < 2) return 1;
  const bytes = files.reduce((sum, path) => sum + likelyBytes(path), 0);
  return Math.min(availableParallelism(), Math.floor(bytes / BYTES_WORTH_A_THREAD));
}

function sorted(results: readonly (CheckedCapture | FileFailure | undefined)[]): PoolResult {
  const seen = new SeenCaptures();
  const checked: CheckedCapture[] = [];
  const failures: FileFailure[] = [];
  for (const result of results) {
    if (result === undefined) continue;
    if ('error' in result) failures.push(result);
    else if (seen.isNew(result)) checked.push(result);
  }
  return { checked, failures, twins: seen.twins };
}

interface Task {
  readonly path: string;
  readonly i: number;
}

/** Each thread takes the next file when it is done with one: a large one holds up nobody. */
async function inThreads(
  jobs: number,
  { judging, traceEvents, memory = freeMemory() }: PoolRequest,
  tasks: readonly Task[],
  done: (i: number, result: CheckedCapture | FileFailure) => void,
): Promise<void> {
  const rest = tasks.values();
  const file = new URL('./check-worker.js', import.meta.url);
  const threads = Math.min(jobs, tasks.length);
  const share = Math.floor(memory / threads);
  const workers = new Set<Worker>();
  const work = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const workerData: WorkerJob = { judging, traceEvents };
      const worker = new Worker(file, {
        workerData,
        // Options of the program itself are not meant for the thread.
        execArgv: [],
        resourceLimits: { maxOldGenerationSizeMb: share },
      });
      workers.add(worker);
      let task: Task | undefined;
      const next = (): void => {
        const { value } = rest.next();
        task = value;
        if (task === undefined) resolve();
        else worker.postMessage(task.path);
      };
      worker.on('message', (answer: WorkerAnswer) => {
        if (task !== undefined) done(task.i, resultOf(task.path, answer));
        next();
      });
      worker.once('error', (error) => {
        workers.delete(worker);
        if (task === undefined || !isOutOfMemory(error)) reject(error);
        else {
          done(task.i, { path: task.path, error: tooLarge(task.path, share, threads) });
          work().then(resolve, reject);
        }
      });
      worker.once('exit', () => {
        if (workers.has(worker)) reject(new Error('a thread ended before its work was done'));
      });
      next();
    });
  try {
    await Promise.all(Array.from({ length: threads }, work));
  } finally {
    await Promise.all([...workers].map((worker) => worker.terminate()));
  }
}

/** In MB, also of a container. Some is left to the rest of the program. */
function freeMemory(): number {
  return (availableMemory() * 0.8) / (1 << 20);
}

function isOutOfMemory(error: Error): boolean {
  return 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
}

function tooLarge(path: string, megabytes: number, threads: number): VhtraceError {
  const cut = 'cut it where another QEMU process begins';
  return new VhtraceError(
    'FILE_TOO_LARGE',
    `${path}: judging it takes more than the ${megabytes} MB of memory that there are`,
    threads > 1 ? `${cut}, or check fewer files at once with --jobs 1` : cut,
  );
}

function resultOf(path: string, answer: WorkerAnswer): CheckedCapture | FileFailure {
  if ('checked' in answer) return answer.checked;
  return { path, error: new VhtraceError(answer.code, answer.message, answer.hint) };
}
