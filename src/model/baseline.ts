/** Known findings that a team has decided to live with for now. Field names are the format of the file. */

/** One known finding. */
export interface BaselineEntry {
  readonly rule: string;
  /** As in the report: neither addresses nor lines, so that it holds from run to run. */
  readonly fingerprint: string;
  /** What the finding said when it was written down; for people. */
  readonly message: string;
  /** Why it is accepted. */
  readonly reason: string;
  /** Last day, `2026-12-31`, on which the entry counts; for ever where there is none. */
  readonly expires?: string;
}

export interface Baseline {
  readonly schemaVersion: 1;
  readonly findings: readonly BaselineEntry[];
}

/** What became of a baseline in one check. */
export interface BaselineSummary {
  readonly path: string;
  /** Violations that the baseline knows. */
  readonly known: number;
  /** Entries that match nothing in these captures. */
  readonly unused: readonly BaselineEntry[];
  /** Entries that no longer count: what they match is a violation again. */
  readonly expired: readonly BaselineEntry[];
}

/** Whether it is a day of the calendar, written `2026-12-31`. */
export function isDay(text: string): boolean {
  const time = Date.parse(text);
  return !Number.isNaN(time) && new Date(time).toISOString().slice(0, 10) === text;
}
