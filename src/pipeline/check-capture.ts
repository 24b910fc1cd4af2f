/**
 * One capture → its report, with the lines that it points at. Nothing else of the capture is kept: of a
 * thousand files only one is in memory.
 */
import { firstIndex } from '../base/search.js';
import { checkRuns } from '../check/check-captures.js';
import type { Policy } from '../check/policy.js';
import type { EventTable } from '../formats/qemu/event-table.js';
import { buildRun, RunBuilder } from '../flows/run.js';
import type { Run, RunOptions } from '../flows/run.js';
import type { Problem, TraceEvent } from '../model/record.js';
import type { CheckReport } from '../model/report.js';
import { fetchExcerpts, keepLines, quotedPlaces } from './excerpts.js';
import type { LineKeeper } from './excerpts.js';
import { readCapture } from './read-capture.js';
import type { ReadCapture } from './read-capture.js';

/** All of it can be handed from thread to thread. */
export interface CheckedCapture {
  readonly path: string;
  readonly sha256: string;
  readonly report: CheckReport;
  readonly problems: readonly (Problem & { readonly path: string })[];
  /** Lines of the capture that a reporter may quote, by number. */
  readonly lines: ReadonlyMap<number, string>;
}

/** How captures are judged. */
export interface Judging {
  readonly options: RunOptions;
  readonly policy: Policy;
}

/** Reads and judges a file. Errors: those of {@link readCapture}. */
export async function checkFile(
  path: string,
  judging: Judging,
  events: EventTable | undefined,
): Promise<CheckedCapture> {
  const keeper = keepLines([path]);
  if (keeper !== undefined) {
    const capture = await readCapture(path, { observe: keeper.observe, events });
    return checkCapture(capture, judging, keeper);
  }
  // A file is quoted from its bytes, and its records are let go as soon as they have done their part.
  const builder = new RunBuilder('stacks');
  const { info, reading } = await readCapture(path, {
    events,
    take: (records) => {
      for (const record of records) builder.add(record);
      return Promise.resolve();
    },
  });
  return checkRun({ info, reading }, builder.finish(judging.options), judging);
}

/** Events on these lines, of which a binary trace is quoted: it has no lines. */
function eventsAt({ steps }: Run, lines: Iterable<number>): readonly TraceEvent[] {
  const found: TraceEvent[] = [];
  for (const line of [...lines].sort((a, b) => a - b)) {
    const step = steps[firstIndex(steps.length, (i) => (steps[i]?.line ?? line) >= line)];
    if (step?.line !== line || step.event === undefined) continue;
    found.push({ kind: 'event', span: { first: line, last: line }, ...step.event.record });
  }
  return found;
}

/** Judges a capture that was read. */
export function checkCapture(
  capture: ReadCapture,
  judging: Judging,
  keeper?: LineKeeper,
): Promise<CheckedCapture> {
  return checkRun(capture, buildRun(capture.reading, judging.options), judging, keeper);
}

async function checkRun(
  capture: ReadCapture,
  run: Run,
  { policy }: Judging,
  keeper?: LineKeeper,
): Promise<CheckedCapture> {
  const { path, sha256 } = capture.info;
  const report = checkRuns([{ ...capture, run }], policy);
  const quoted = quotedPlaces(report).get(sha256) ?? new Set();
  const { reading } = capture;
  const records = reading.records.length > 0 ? reading.records : eventsAt(run, quoted);
  const excerpt = await fetchExcerpts(
    report,
    [{ ...capture, reading: { ...reading, records } }],
    keeper,
  );
  const lines = new Map<number, string>();
  for (const line of quoted) {
    const text = excerpt(sha256, line);
    if (text !== undefined) lines.set(line, text);
  }
  const problems = capture.reading.problems.map((problem) => ({ ...problem, path }));
  return { path, sha256, report, problems, lines };
}
