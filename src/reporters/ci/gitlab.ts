/**
 * GitLab's code quality report: one object for each violation, each crash of QEMU, each call that the debugger altered,
 * and each capture in which nothing was decided: a report without objects would read like a pass. Its paths are relative, also where they lead out of the repository.
 *
 * Source: docs.gitlab.com, "Code quality report format".
 */
import { printable } from '../../base/printable.js';
import { whyIdle } from '../../model/report.js';
import type { CheckReport, Finding } from '../../model/report.js';
import type { RuleInfo } from '../../model/rule-info.js';
import { crashText } from '../crash-text.js';
import { jsonText } from '../json.js';
import { inOrder } from '../order.js';
import { alterationText } from '../summary-lines.js';
import { undecidedCaptures } from '../undecided.js';
import type { ReportOptions } from '../reporter.js';
import { pathFromRepository } from './locations.js';

/** Pure. */
export function renderGitlab(report: CheckReport, options: ReportOptions): string {
  const rules = new Map(options.rules.map((rule) => [rule.id, rule]));
  const seen = new Map<string, number>();
  const violations = inOrder(report).filter(
    ({ verdict, known }) => verdict === 'violation' && known === undefined,
  );
  const idle = report.captures
    .filter(({ facts }) => facts === 0)
    .map((capture) => ({ capture, text: whyIdle(capture.path, options.problems) }));
  return jsonText([
    ...violations.map((finding) => {
      const path = pathFromRepository(finding.at.path, options);
      // Of equal fingerprints GitLab shows the first only; two captures may have the same fault.
      const own = `${finding.fingerprint}-${path}`;
      const times = seen.get(own) ?? 0;
      seen.set(own, times + 1);
      return {
        description: printable(`${finding.rule}: ${finding.message}`),
        check_name: finding.rule,
        fingerprint: times === 0 ? own : `${own}-${times}`,
        severity: severityOf(finding, rules.get(finding.rule)),
        location: { path, lines: { begin: finding.at.line } },
      };
    }),
    ...report.crashes.map((crash) => {
      const found = report.captures.find(({ sha256 }) => sha256 === crash.capture);
      const path = pathFromRepository(found?.path ?? '', options);
      return {
        description: printable(`QEMU crashes: ${crashText(crash)}`),
        check_name: 'crash',
        fingerprint: `crash-${crash.capture.slice(0, 12)}-${crash.line}-${path}`,
        severity: 'info',
        location: { path, lines: { begin: crash.line } },
      };
    }),
    ...report.alterations.map((alteration) => {
      const found = report.captures.find(({ sha256 }) => sha256 === alteration.capture);
      const path = pathFromRepository(found?.path ?? '', options);
      return {
        description: printable(`altered by the debugger: ${alterationText(alteration)}`),
        check_name: 'altered',
        fingerprint: `altered-${alteration.capture.slice(0, 12)}-${alteration.line}-${alteration.commandLine}-${path}`,
        severity: 'info',
        location: { path, lines: { begin: alteration.line } },
      };
    }),
    ...[...idle, ...undecidedCaptures(report)].map(({ capture, text }) => {
      const path = pathFromRepository(capture.path, options);
      return {
        description: printable(text),
        check_name: 'nothing-decided',
        fingerprint: `nothing-decided-${capture.sha256.slice(0, 12)}-${path}`,
        severity: 'info',
        location: { path, lines: { begin: 1 } },
      };
    }),
  ]);
}

function severityOf({ severity, impact }: Finding, rule: RuleInfo | undefined): string {
  if (severity === 'note') return 'info';
  if (severity === 'warning') return 'minor';
  const harm = impact ?? rule?.impact;
  return harm === 'corrupt' ? 'blocker' : harm === 'crash' ? 'critical' : 'major';
}
