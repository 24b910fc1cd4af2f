/** What `ingest` and `ls` print for people. */
import { printable } from '../base/printable.js';
import type { CaptureCounts, DeviceSummary } from '../model/report.js';
import { count, displayPath, table } from './text.js';

const CAPTURE_HEADER = ['sha256', 'formats', 'lines', 'backtraces', 'events', 'facts', 'capture'];

function captureRow(capture: CaptureCounts): (string | number)[] {
  return [
    capture.sha256.slice(0, 12),
    capture.formats.join('+') || '-',
    capture.lines,
    capture.backtraces,
    capture.events,
    capture.facts,
    displayPath(capture.path),
  ];
}

/** One line a capture and where they went; `isUsual`: other commands find that store by themselves. */
export function renderIngested(
  captures: readonly (CaptureCounts & { readonly alreadyIngested: boolean })[],
  database: string,
  isUsual: boolean,
): string {
  if (captures.length === 0) return '';
  const rows = captures.map((capture) => [
    ...captureRow(capture),
    capture.alreadyIngested ? 'already there' : '',
  ]);
  const added = captures.filter(({ alreadyIngested }) => !alreadyIngested).length;
  const store = isUsual ? '' : ` --db ${printable(database)}`;
  const next = `next: vhtrace check${store}, or vhtrace ls${store}`;
  return `${table([CAPTURE_HEADER, ...rows])}${count(added, 'capture')} added to ${printable(database)}; ${next}\n`;
}

/** Captures, the sessions within them, and the devices that they show. */
export function renderListing({
  captures,
  sessions,
  devices,
}: {
  readonly captures: readonly CaptureCounts[];
  readonly sessions: readonly SessionRow[];
  readonly devices: readonly DeviceSummary[];
}): string {
  if (captures.length === 0)
    return 'the store holds no capture; vhtrace ingest FILE... adds some\n';
  const sessionRows = sessions.map(({ capture, session, facts, firstLine, lastLine }) => [
    capture.slice(0, 12),
    session,
    facts,
    `${firstLine}-${lastLine}`,
  ]);
  const deviceRows = devices.map(({ capture, session, address, backend, vrings }) => [
    capture.slice(0, 12),
    session,
    address,
    backend,
    vrings.length === 0 ? '-' : vrings.join(','),
  ]);
  const tables = [
    [CAPTURE_HEADER, ...captures.map(captureRow)],
    [['sha256', 'session', 'facts', 'lines'], ...sessionRows],
    [['sha256', 'session', 'device', 'backend', 'vrings'], ...deviceRows],
  ];
  return tables
    .filter((rows) => rows.length > 1)
    .map(table)
    .join('\n');
}

interface SessionRow {
  /** sha256 of the capture. */
  readonly capture: string;
  readonly session: number;
  readonly facts: number;
  readonly firstLine: number;
  readonly lastLine: number;
}
