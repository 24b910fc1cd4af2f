/** Judging beside the interactive view: keys and windows of facts go on meanwhile. */
import { Worker } from 'node:worker_threads';
import type { Policy } from '../check/policy.js';
import type { RunOptions } from '../flows/run.js';
import type { Judged } from '../model/browse.js';
import type { InputRequest } from './inputs.js';

/** What the thread is told. */
export interface JudgeJob {
  readonly input: InputRequest;
  /** sha256 of the captures, in the order in which they are shown. */
  readonly captures: readonly string[];
  readonly options: RunOptions;
  readonly policy: Policy;
}

export interface Judging {
  /** Undefined where the captures are no longer those that are shown. */
  readonly result: Promise<Judged | undefined>;
  stop(): Promise<void>;
}

/** Starts the thread. The result is an error where it fails, or is stopped before its end. */
export function judgeInThread(job: JudgeJob): Judging {
  const file = new URL('./judge-worker.js', import.meta.url);
  // Options of the program itself are not meant for the thread.
  const worker = new Worker(file, { workerData: job, execArgv: [] });
  const result = new Promise<Judged | undefined>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', () => {
      reject(new Error('judging was stopped'));
    });
  });
  return {
    result,
    async stop() {
      await worker.terminate();
    },
  };
}
