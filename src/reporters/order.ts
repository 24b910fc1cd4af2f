import type { CheckReport, Finding, Severity } from '../model/report.js';

const RANK: Readonly<Record<Severity, number>> = { error: 0, warning: 1, note: 2 };

/** Findings by severity, capture in the order of the report, line, and rule. */
export function inOrder({ captures, findings }: CheckReport): Finding[] {
  const position = new Map(captures.map(({ sha256 }, i) => [sha256, i]));
  const at = (finding: Finding): number => position.get(finding.capture) ?? captures.length;
  return findings.toSorted(
    (a, b) =>
      RANK[a.severity] - RANK[b.severity] ||
      at(a) - at(b) ||
      a.at.line - b.at.line ||
      (a.rule < b.rule ? -1 : Number(a.rule > b.rule)),
  );
}
