/** Runs in a thread of its own: reads the captures again, judges them, and posts what came out. */
import { parentPort, workerData } from 'node:worker_threads';
import { judge } from './judge.js';
import type { JudgeJob } from './judge-thread.js';
import { readInputs } from './inputs.js';

const { input, captures, options, policy } = workerData as JudgeJob;
const read = await readInputs(input);
const bySha256 = new Map(read.captures.map((capture) => [capture.info.sha256, capture]));
const wanted = captures.flatMap((sha256) => bySha256.get(sha256) ?? []);
// Files and stores may have changed since they were shown: then this would judge something else.
const isSame = wanted.length === captures.length;
parentPort?.postMessage(isSame ? judge(wanted, options, policy) : undefined);
