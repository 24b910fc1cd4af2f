/**
 * One capture → its report, with the lines that it points at. Nothing else of the capture is kept: of a
 * thousand files only one is in memory.
 */
import { checkRuns } from '../check/check-captures.js';
import type { Policy } from '../check/policy.js';
import type { EventTable } from '../formats/qemu/event-table.js';
import { buildRun, RunBuilder } from '../flows/run.js';
import type { Run, RunOptions } from '../flows/run.js';
import type { CaptureRecord, Problem, Span, TraceEvent } from '../model/record.js';
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
  const builder = new RunBuilder();
  const { info, reading } = await readCapture(path, {
    events,
    take: (records) => {
      for (const record of records) builder.add(kept(record));
      return Promise.resolve();
    },
  });
  const run = builder.finish(judging.options);
  return checkRun({ info, reading: { ...reading, records: eventsOf(run) } }, run, judging);
}

const EVENT = 'event';

/**
 * An event of one line, without its time: no rule asks for that, and it is a piece of the text, which would be in
 * memory as long. A log has millions.
 */
class KeptEvent implements TraceEvent {
  constructor(
    private readonly line: number,
    readonly name: string,
    readonly args: TraceEvent['args'],
    readonly text: string,
    readonly tid: number | undefined,
    readonly pid: number | undefined,
  ) {}

  get kind(): 'event' {
    return EVENT;
  }

  get span(): Span {
    return { first: this.line, last: this.line };
  }

  get time(): undefined {
    return undefined;
  }
}

function kept(record: CaptureRecord): CaptureRecord {
  if (record.kind !== 'event' || record.span.first !== record.span.last) return record;
  const { span, name, args, text, tid, pid } = record;
  return new KeptEvent(span.first, name, args, text, tid, pid);
}

/** What a binary trace is quoted from, which has no lines. */
function eventsOf({ steps }: Run): readonly TraceEvent[] {
  const records: TraceEvent[] = [];
  for (const { event } of steps) if (event !== undefined) records.push(event.record);
  return records;
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
  const excerpt = await fetchExcerpts(report, [capture], keeper);
  const lines = new Map<number, string>();
  for (const line of quotedPlaces(report).get(path) ?? []) {
    const text = excerpt(path, line);
    if (text !== undefined) lines.set(line, text);
  }
  const problems = capture.reading.problems.map((problem) => ({ ...problem, path }));
  return { path, sha256, report, problems, lines };
}
