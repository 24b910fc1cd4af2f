/** The findings that the list shows, in the order of the capture, and the next one from some line on. */
import type { BrowseCapture } from '../model/browse.js';
import type { CheckReport, Finding, Severity } from '../model/report.js';

/** A finding and its place among the captures. */
export interface Alarm {
  readonly finding: Finding;
  readonly capture: number;
}

/** A line of a capture. */
export interface Place {
  readonly capture: number;
  readonly line: number;
}

/** Violations by place; after them what could not be decided. */
export function alarmsOf(report: CheckReport, captures: readonly BrowseCapture[]): Alarm[] {
  const index = new Map(captures.map(({ sha256 }, capture) => [sha256, capture]));
  const of = (verdict: Finding['verdict']): Alarm[] =>
    report.findings
      .filter((finding) => finding.verdict === verdict)
      .map((finding) => ({ finding, capture: index.get(finding.capture) ?? 0 }))
      .sort((a, b) => comparePlaces(placeOf(a), placeOf(b)));
  return [...of('violation'), ...of('inconclusive')];
}

export function placeOf({ finding, capture }: Alarm): Place {
  return { capture, line: finding.at.line };
}

function comparePlaces(a: Place, b: Place): number {
  return a.capture - b.capture || a.line - b.line;
}

/** Index of the nearest violation of a severity behind or before a place or the alarm of an index. */
export function nextAlarm(
  alarms: readonly Alarm[],
  severity: Severity,
  from: Place | number,
  direction: 1 | -1,
): number | undefined {
  const candidates = alarms
    .map((alarm, index) => ({ alarm, index }))
    .filter(({ alarm: { finding } }) => finding.verdict === 'violation')
    .filter(({ alarm: { finding } }) => finding.severity === severity)
    .filter(({ alarm, index }) => {
      const distance =
        typeof from === 'number' ? index - from : comparePlaces(placeOf(alarm), from);
      return distance * direction > 0;
    });
  return candidates.at(direction === 1 ? 0 : -1)?.index;
}
