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

/** One line a capture and where they went. */
export function renderIngested(
  captures: readonly (CaptureCounts & { readonly alreadyIngested: boolean })[],
  database: string,
): string {
  if (captures.length === 0) return '';
  const rows = captures.map((capture) => [
    ...captureRow(capture),
    capture.alreadyIngested ? 'already there' : '',
  ]);
  const added = captures.filter(({ alreadyIngested }) => !alreadyIngested).length;
  const next = 'next: vhtrace check, or vhtrace ls';
  return `${table([CAPTURE_HEADER, ...rows])}${count(added, 'capture')} added to ${printable(database)}; ${next}\n`;
}

/** Captures, then the devices that they show. */
export function renderListing(
  captures: readonly CaptureCounts[],
  devices: readonly (DeviceSummary & { readonly capture: string })[],
): string {
  if (captures.length === 0)
    return 'the store holds no capture; vhtrace ingest FILE... adds some\n';
  const deviceRows = devices.map(({ capture, session, address, backend, vrings }) => [
    capture.slice(0, 12),
    session,
    address,
    backend,
    vrings.length === 0 ? '-' : vrings.join(','),
  ]);
  const deviceHeader = ['sha256', 'session', 'device', 'backend', 'vrings'];
  const deviceTable = devices.length === 0 ? '' : `\n${table([deviceHeader, ...deviceRows])}`;
  return `${table([CAPTURE_HEADER, ...captures.map(captureRow)])}${deviceTable}`;
}
