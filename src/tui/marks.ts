/** Rows of the timeline at which something is wrong, or records are missing. */
import { append } from '../base/append.js';
import type { Browser, BrowseList } from '../model/browse.js';
import type { FindingGap, GapSummary, Severity } from '../model/report.js';
import { placeOf } from './alarms.js';
import type { Alarm } from './alarms.js';

export interface MarkedRows {
  /** The worst that is wrong at a row. */
  readonly severities: ReadonlyMap<number, Severity>;
  /** Indexes of the alarms there. */
  readonly alarms: ReadonlyMap<number, readonly number[]>;
  /** What is missing there or above. */
  readonly gaps: ReadonlyMap<number, readonly FindingGap[]>;
}

export const NO_MARKS: MarkedRows = { severities: new Map(), alarms: new Map(), gaps: new Map() };

/** Violations, and gaps, whose rows are sought; nobody reads more. */
const MOST_MARKED = 2000;

const SEVERITIES: readonly Severity[] = ['note', 'warning', 'error'];

/** `all` are the rows without a filter. Errors: those of the browser. */
export async function markRows(
  browser: Browser,
  all: BrowseList,
  alarms: readonly Alarm[],
  gaps: readonly GapSummary[],
): Promise<MarkedRows> {
  const severities = new Map<number, Severity>();
  const byRow = new Map<number, number[]>();
  for (const [index, alarm] of alarms.slice(0, MOST_MARKED).entries()) {
    if (alarm.finding.verdict !== 'violation') break;
    const { capture, line } = placeOf(alarm);
    const row = await browser.rowAtLine(capture, line);
    if (row === undefined) continue;
    const before = severities.get(row) ?? 'note';
    const { severity } = alarm.finding;
    const isWorse = SEVERITIES.indexOf(severity) > SEVERITIES.indexOf(before);
    severities.set(row, isWorse ? severity : before);
    append(byRow, row, index);
  }
  const gapRows = new Map<number, FindingGap[]>();
  for (const { capture: sha256, line, why } of gaps.slice(0, MOST_MARKED)) {
    const capture = browser.captures.findIndex((one) => one.sha256 === sha256);
    const row = await rowBelow(browser, all, capture, line);
    if (row !== undefined) append(gapRows, row, { line, why });
  }
  return { severities, alarms: byRow, gaps: gapRows };
}

/** The first row at a line or below it; the last one of the capture where there is none. */
async function rowBelow(
  browser: Browser,
  all: BrowseList,
  capture: number,
  line: number,
): Promise<number | undefined> {
  const above = await browser.rowAtLine(capture, line);
  if (above === undefined) return undefined;
  const [at, next] = await all.rows(above, 2);
  return at?.line !== line && next?.capture === capture ? above + 1 : above;
}
