import type { Run } from '../flows/run.js';
import type { CaptureInfo, CaptureRecord, Reading, Span } from '../model/record.js';
import type { CaptureCounts } from '../model/report.js';

/** What a capture holds, in numbers. */
export function countCapture(
  info: CaptureInfo,
  reading: Reading,
  run: Pick<Run, 'facts' | 'sessions'>,
): CaptureCounts {
  const { records } = reading;
  return {
    path: info.path,
    sha256: info.sha256,
    bytes: info.bytes,
    lines: reading.lines,
    formats: reading.formats,
    sessions: run.sessions,
    threads: sum(records, (record) => Number(record.kind === 'thread' && record.what === 'header')),
    backtraces: sum(records, (record) => Number(record.kind === 'backtrace')),
    frames: sum(records, (record) => (record.kind === 'backtrace' ? record.frames.length : 0)),
    events: sum(records, (record) =>
      Number(record.kind === 'event' || record.kind === 'kernel-event'),
    ),
    facts: run.facts.length,
    prose: sum(records, (record) => (record.kind === 'prose' ? linesOf(record.span) : 0)),
    problems: reading.problems.length,
  };
}

function sum(records: readonly CaptureRecord[], count: (record: CaptureRecord) => number): number {
  return records.reduce((total, record) => total + count(record), 0);
}

function linesOf({ first, last }: Span): number {
  return last - first + 1;
}
