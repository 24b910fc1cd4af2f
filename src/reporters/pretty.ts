/** The report for people: violations as a compiler prints them, then what was checked. */
import type { CheckReport } from '../model/report.js';
import { createColors } from './colors.js';
import { inOrder } from './order.js';
import { renderFindings } from './pretty-findings.js';
import { renderSummary } from './pretty-summary.js';
import type { ReportOptions } from './reporter.js';

/** Violations first, each with its lines of the capture; the summary last, where a terminal stops. */
export function renderPretty(report: CheckReport, options: ReportOptions): string {
  const colors = createColors(options.color);
  const violations = inOrder(report).filter(
    ({ verdict, known }) => verdict === 'violation' && known === undefined,
  );
  const blocks = renderFindings(violations, report.captures, options, colors);
  return [...blocks, renderSummary(report, options, colors)].join('\n');
}
