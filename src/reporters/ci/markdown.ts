/**
 * Markdown that reads as plain text, 72 columns wide: for a mail to a mailing list, a comment, a step
 * summary. Lines of the capture are quoted as they are, indented and wrapped.
 */
import { LIMITS } from '../../model/report.js';
import type { CheckReport, Finding } from '../../model/report.js';
import { baselineLines } from '../baseline-text.js';
import { crashText, noViolation } from '../crash-text.js';
import { marked, markedLines } from './markdown-text.js';
import { failureText } from '../failure-text.js';
import { waitText } from '../wait-text.js';
import { openChecks } from '../open-checks.js';
import { inOrder } from '../order.js';
import { captureNames, findingPlaces, subjectOf } from '../places.js';
import type { ReportOptions } from '../reporter.js';
import {
  alterationLines,
  deviceLines,
  endpointLines,
  gapLines,
  migrationLines,
  openGapsText,
  profileLines,
} from '../summary-lines.js';
import { count, displayPath, excerptText, rulesOffText } from '../text.js';
import { nothingChecked, undecidedAdditions, undecidedHeadline } from '../undecided.js';

const COLUMNS = 72;

/** Pure. */
export function renderMarkdown(report: CheckReport, options: ReportOptions): string {
  const violations = inOrder(report).filter(
    ({ verdict, known }) => verdict === 'violation' && known === undefined,
  );
  const names = captureNames(report.captures);
  const undecided = undecidedAdditions(report);
  const parts = [
    paragraph(`vhtrace: ${verdictOf(report)}`),
    ...violations.map((finding) => violationPart(finding, report, options)),
    section(
      'Known',
      report.baseline === undefined ? [] : baselineLines(report.baseline).map(bullet),
    ),
    section('Read', [
      ...report.captures.map(({ sha256, formats, lines, facts }) =>
        bullet(
          `${names.get(sha256) ?? ''}: ${formats.join(' + ') || 'no known format'}, ${count(lines, 'line')}, ${count(facts, 'protocol fact')}${undecided.get(sha256) ?? ''}`,
        ),
      ),
      ...options.failures.map(({ path, error }) =>
        bullet(`${displayPath(path)}: not read: ${error.message}`),
      ),
    ]),
    section('Altered by the debugger', alterationLines(report).map(bullet)),
    section('Devices', [...deviceLines(report), ...endpointLines(report)].map(bullet)),
    section('QEMU', profileLines(report).map(bullet)),
    section('Migrations', migrationLines(report).map(bullet)),
    section(
      'Crashes',
      report.crashes.map((crash) =>
        bullet(
          `${placeOf(names.get(crash.capture) ?? '', crash.line, report.captures.length)}: ${crashText(crash)}`,
        ),
      ),
    ),
    section(
      'Waits',
      report.waits.map((wait) =>
        bullet(
          `${placeOf(names.get(wait.capture) ?? '', wait.line, report.captures.length)}: ${waitText(wait)}`,
        ),
      ),
    ),
    section(
      'Reported by QEMU',
      report.reported.map((failure) =>
        bullet(
          `${placeOf(names.get(failure.capture) ?? '', failure.line, report.captures.length)}: ${failureText(failure)}`,
        ),
      ),
    ),
    // Problems are not listed here.
    section('Records missing', gapLines(report, []).map(bullet)),
    section('Inconclusive', inconclusive(report).map(bullet)),
    paragraph(LIMITS),
  ];
  return parts.filter(Boolean).join('\n');
}

function verdictOf(report: CheckReport): string {
  const { summary, captures, rulesOff } = report;
  if (captures.every(({ facts }) => facts === 0)) return nothingChecked(report);
  const { error, warning, note } = summary.violations;
  const wrong = [
    error > 0 ? count(error, 'error') : '',
    warning > 0 ? count(warning, 'warning') : '',
    note > 0 ? count(note, 'note') : '',
    summary.known === undefined ? '' : `${summary.known} known`,
  ].filter(Boolean);
  const found = wrong.length > 0 ? wrong.join(', ') : noViolation(report);
  const headline = undecidedHeadline(report) ?? found;
  return `${headline}; ${count(summary.pass, 'check')} passed, ${summary.inconclusive} inconclusive${rulesOffText(rulesOff)}`;
}

function violationPart(
  finding: Finding,
  { captures }: CheckReport,
  options: ReportOptions,
): string {
  const { rule, severity, message, at, evidence, stateBefore, expected } = finding;
  const info = options.rules.find(({ id }) => id === rule);
  const points = [{ line: at.line, role: message }, ...evidence].sort((a, b) => a.line - b.line);
  const name = captureNames(captures).get(finding.capture) ?? displayPath(at.path);
  const lines = points.map(({ line, role }) => {
    const place = placeOf(name, line, captures.length);
    const text = options.excerpt(finding.capture, line);
    return bullet(`${place}: ${role}`) + (text === undefined ? '' : quote(text));
  });
  const notes = [
    ['Device', subjectOf(finding)],
    ['State before', stateBefore],
    ['Expected', expected],
    ['Why', info?.why],
    ['Remedy', info?.remedy],
  ].map(([name, text]) => (text === undefined ? '' : paragraph(`${name ?? ''}: ${text}`)));
  return [
    heading(`${rule} (${severity})`),
    paragraph(info === undefined ? message : `Violated: ${info.title}`),
    lines.join(''),
    ...notes,
  ]
    .filter(Boolean)
    .join('\n');
}

function placeOf(name: string, line: number, captures: number): string {
  return captures > 1 ? `${name}:${line}` : `line ${line}`;
}

/** Inconclusive rules, by what is missing; with their places where that is not the same for all of a rule, or for a capture. */
function inconclusive(report: CheckReport): string[] {
  const { findings, captures } = report;
  return openChecks(findings).map(({ missing, rules }) => {
    const names = rules.map(({ rule, findings: own, isPart }) =>
      isPart || captures.length > 1 ? `${rule} (${findingPlaces(own, captures)})` : rule,
    );
    const gaps = openGapsText(
      report,
      rules.flatMap((open) => open.findings),
    );
    const what = missing === '' ? '' : `: missing ${missing}`;
    return `${names.join(', ')}${what}${gaps}`;
  });
}

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : `${heading(title)}\n${lines.join('')}`;
}

function heading(text: string): string {
  return `## ${marked(text)}\n`;
}

function paragraph(text: string): string {
  return `${markedLines(text, COLUMNS).join('\n')}\n`;
}

function bullet(text: string): string {
  return markedLines(text, COLUMNS - 2)
    .map((line, i) => `${i === 0 ? '- ' : '  '}${line}\n`)
    .join('');
}

/** Rows that a quoted line may fill; the arguments of a call are in the first ones. */
const MOST_ROWS = 6;

/** Six blanks: code within a list item. A line that is longer goes on four blanks further in. */
function quote(text: string): string {
  const rows: string[] = [];
  let rest = excerptText(text, MOST_ROWS * (COLUMNS - 10));
  while (rest.length > 0) {
    const room = COLUMNS - (rows.length === 0 ? 6 : 10);
    const blank = rest.lastIndexOf(' ', room);
    const end = rest.length <= room ? rest.length : blank > 0 ? blank : room;
    rows.push(`${' '.repeat(rows.length === 0 ? 6 : 10)}${rest.slice(0, end)}`);
    rest = rest.slice(end).trimStart();
  }
  return `\n${rows.map((row) => `${row}\n`).join('')}`;
}
