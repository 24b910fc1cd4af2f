/**
 * Annotations of GitHub Actions, worst first: a page shows about ten of a kind, so what is left out is
 * counted in a last one. The step summary is the Markdown report.
 *
 * Source: docs.github.com, "Workflow commands for GitHub Actions"; actions/toolkit, command.ts.
 */
import { printable } from '../../base/printable.js';
import { whyIdle } from '../../model/report.js';
import type { CheckReport, Finding, Severity } from '../../model/report.js';
import { crashText } from '../crash-text.js';
import { inOrder } from '../order.js';
import { subjectOf } from '../places.js';
import type { ReportOptions } from '../reporter.js';
import { alterationText } from '../summary-lines.js';
import { count, displayPath, rulesOffText } from '../text.js';
import { undecidedCaptures, undecidedHeadline } from '../undecided.js';
import { waitText } from '../wait-text.js';
import { repositoryPath } from './locations.js';

/** Annotations of one kind that GitHub shows of a step. */
const SHOWN = 10;

const COMMANDS: Readonly<Record<Severity, string>> = {
  error: 'error',
  warning: 'warning',
  note: 'notice',
};

/** Pure. */
export function renderGithub(report: CheckReport, options: ReportOptions): string {
  const violations = inOrder(report).filter(
    ({ verdict, known }) => verdict === 'violation' && known === undefined,
  );
  const lines: string[] = [];
  for (const severity of ['error', 'warning', 'note'] as const) {
    const own = violations.filter((finding) => finding.severity === severity);
    lines.push(...own.slice(0, SHOWN - 1).map((finding) => annotation(finding, options)));
    const rest = own.slice(SHOWN - 1);
    const [last] = rest;
    if (last === undefined) continue;
    if (rest.length === 1) lines.push(annotation(last, options));
    else
      lines.push(
        command(
          COMMANDS[severity],
          {},
          `${count(rest.length, `more ${severity}`)}: see the log of this step`,
        ),
      );
  }
  for (const { path, error } of options.failures) {
    const title = { title: 'capture not read' };
    lines.push(command('error', title, `${path}: ${error.message}`));
  }
  const [idle, ...more] = report.captures.filter(({ facts }) => facts === 0);
  if (idle !== undefined) {
    const others = more.length === 0 ? '' : ` (and ${count(more.length, 'more capture')})`;
    const why = `${whyIdle(idle.path, options.problems)}${others}`;
    lines.push(located('warning', idle, {}, why, options));
  }
  for (const { capture, text } of undecidedCaptures(report).slice(0, SHOWN - 1)) {
    lines.push(located('warning', capture, {}, text, options));
  }
  for (const crash of report.crashes.slice(0, SHOWN - 1)) {
    const path = report.captures.find(({ sha256 }) => sha256 === crash.capture)?.path ?? '';
    const place = { path, line: crash.line };
    lines.push(located('warning', place, { title: 'QEMU crashes' }, crashText(crash), options));
  }
  for (const wait of report.waits.slice(0, SHOWN - 1)) {
    const path = report.captures.find(({ sha256 }) => sha256 === wait.capture)?.path ?? '';
    const place = { path, line: wait.line };
    lines.push(located('notice', place, { title: 'QEMU waits' }, waitText(wait), options));
  }
  for (const alteration of report.alterations.slice(0, SHOWN - 1)) {
    const path = report.captures.find(({ sha256 }) => sha256 === alteration.capture)?.path ?? '';
    const place = { path, line: alteration.line };
    const title = { title: 'altered by the debugger' };
    lines.push(located('notice', place, title, alterationText(alteration), options));
  }
  const { error, warning, note } = report.summary.violations;
  const found = [count(error, 'error'), count(warning, 'warning'), count(note, 'note')];
  const verdict = undecidedHeadline(report) ?? found.join(', ');
  const known = report.summary.known === undefined ? '' : `${report.summary.known} known, `;
  const rest = `${known}${report.summary.pass} passed, ${report.summary.inconclusive} inconclusive`;
  lines.push(`vhtrace: ${verdict}; ${rest}${rulesOffText(report.rulesOff)}`);
  return lines.map((line) => `${line}\n`).join('');
}

function annotation(finding: Finding, options: ReportOptions): string {
  const { rule, severity, message, at } = finding;
  const subject = subjectOf(finding);
  const title = options.rules.find(({ id }) => id === rule)?.title;
  return located(
    COMMANDS[severity],
    at,
    { title: title === undefined ? `${rule}: ${message}` : `${rule} violated: ${title}` },
    `${subject === undefined ? '' : `${subject}: `}${message}`,
    options,
  );
}

/** At a line of the repository; what is said of a file elsewhere names it instead. */
function located(
  name: string,
  { path, line }: { readonly path: string; readonly line?: number },
  properties: Readonly<Record<string, string>>,
  message: string,
  options: ReportOptions,
): string {
  const file = repositoryPath(path, options);
  if (file === undefined) {
    const place = line === undefined ? displayPath(path) : `${displayPath(path)}:${line}`;
    return command(name, properties, `${place}: ${message}`);
  }
  const place = line === undefined ? { file } : { file, line: String(line) };
  return command(name, { ...place, ...properties }, message);
}

function command(
  name: string,
  properties: Readonly<Record<string, string>>,
  message: string,
): string {
  const list = Object.entries(properties).map(([key, value]) => `${key}=${escapeProperty(value)}`);
  const given = list.length === 0 ? '' : ` ${list.join(',')}`;
  return `::${name}${given}::${escapeData(message)}`;
}

/** No text can begin another command: it has no line of its own. */
function escapeData(text: string): string {
  return printable(text).replaceAll('%', '%25');
}

/** A path with a line end in it still names its file. */
function escapeProperty(text: string): string {
  const escaped = text
    .split(/([\r\n])/)
    .map((part, i) => (i % 2 === 1 ? CODES[part] : escapeData(part)));
  return escaped.join('').replaceAll(':', '%3A').replaceAll(',', '%2C');
}

const CODES: Readonly<Record<string, string>> = { '\r': '%0D', '\n': '%0A' };
