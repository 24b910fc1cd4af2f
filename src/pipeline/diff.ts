/** `vhtrace diff`: two captures → where the runs differ. */
import { VhtraceError } from '../base/errors.js';
import { diffRuns } from '../flows/diff/diff.js';
import { buildRun } from '../flows/run.js';
import type { Run } from '../flows/run.js';
import type { Backend } from '../model/fact.js';
import type { DiffReport, SessionDiff } from '../model/diff.js';
import { attempt, readCapture } from './read-capture.js';
import type { FileFailure, ReadCapture } from './read-capture.js';
import { readEventTable } from './trace-events.js';

export interface DiffRequest {
  /** Files, one of them may be `-`. */
  readonly a: string;
  readonly b: string;
  readonly assumeOrdered: boolean;
  readonly traceEvents: readonly string[];
  /** Backend of devices that do not show theirs. */
  readonly backend?: Backend | undefined;
  readonly exact: boolean;
  readonly context: number;
}

/** The comparison, or the files that kept it from being made. */
export type DiffResult =
  | { readonly report: DiffReport }
  | { readonly report: undefined; readonly failures: readonly FileFailure[] };

/** Reads both and compares them. Errors: USAGE for standard input twice; those of {@link readEventTable}. */
export async function runDiff(request: DiffRequest): Promise<DiffResult> {
  if (request.a === '-' && request.b === '-') {
    throw new VhtraceError(
      'USAGE',
      'only one of the two can be standard input',
      'give one as file',
    );
  }
  const events = await readEventTable(request.traceEvents);
  const failures: FileFailure[] = [];
  const read = (path: string): Promise<ReadCapture | undefined> =>
    attempt(path, failures, () => readCapture(path, { events }));
  const a = await read(request.a);
  const b = await read(request.b);
  if (a === undefined || b === undefined) return { report: undefined, failures };
  return { report: compare(a, b, request) };
}

function compare(a: ReadCapture, b: ReadCapture, request: DiffRequest): DiffReport {
  const options = { assumeOrdered: request.assumeOrdered, backend: request.backend };
  const [runA, runB] = [buildRun(a.reading, options), buildRun(b.reading, options)];
  const reason = obstacle(runA, a.info.path) ?? obstacle(runB, b.info.path);
  const sessions = reason === undefined ? diffRuns(runA, runB, request) : [];
  const nothing =
    reason === undefined && sessions.every(({ compared }) => compared.length === 0)
      ? 'no function or event was watched in both'
      : reason;
  const verdict = verdictOf(nothing, sessions);
  return {
    schemaVersion: 1,
    a: { path: a.info.path, sha256: a.info.sha256, sessions: runA.sessions },
    b: { path: b.info.path, sha256: b.info.sha256, sessions: runB.sessions },
    verdict,
    reason: nothing ?? null,
    sessions,
    exitCode: verdict === 'same' ? 0 : verdict === 'different' ? 1 : 3,
  };
}

function obstacle({ facts, ordered }: Run, path: string): string | undefined {
  if (facts.length === 0) return `no call of the logging protocol was read in ${path}`;
  if (ordered) return undefined;
  return `${path} is a note: the order of its backtraces is unknown (--assume-ordered if they stand in order)`;
}

function verdictOf(
  reason: string | undefined,
  sessions: readonly SessionDiff[],
): DiffReport['verdict'] {
  if (reason !== undefined) return 'not comparable';
  return sessions.some(({ first }) => first !== null) ? 'different' : 'same';
}
