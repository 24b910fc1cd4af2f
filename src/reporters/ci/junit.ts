/**
 * JUnit XML: a suite for each capture, a test case for each rule. What fails the command fails here; what
 * is inconclusive, or was not exercised, is skipped and says so.
 *
 * Source: the schema of Jenkins' JUnit plugin.
 */
import { printable } from '../../base/printable.js';
import type { CaptureSummary, CheckReport, Finding, Severity } from '../../model/report.js';
import { createColors } from '../colors.js';
import { crashText } from '../crash-text.js';
import { openChecks } from '../open-checks.js';
import type { OpenChecks } from '../open-checks.js';
import { inOrder } from '../order.js';
import { findingPlaces } from '../places.js';
import { renderFindings } from '../pretty-findings.js';
import type { PathFailure, ReportOptions } from '../reporter.js';
import { displayPath } from '../text.js';
import { alterationText } from '../summary-lines.js';
import { undecidedCaptures } from '../undecided.js';

/** Pure. */
export function renderJunit(report: CheckReport, options: ReportOptions): string {
  const findings = inOrder(report);
  const undecided = new Map(
    undecidedCaptures(report).map(({ capture, text }) => [capture.sha256, text]),
  );
  const suites = [
    ...report.captures.map((capture) => {
      const { sha256 } = capture;
      const crashes = report.crashes
        .filter((crash) => crash.capture === sha256)
        .map((crash) => `QEMU crashes: ${crashText(crash)} (line ${crash.line})`);
      const altered = report.alterations
        .filter(({ capture: altered }) => altered === sha256)
        .map((alteration) => `altered by the debugger: ${alterationText(alteration)}`);
      const text = undecided.get(sha256);
      return suiteOf(
        capture,
        findings,
        [...(text === undefined ? [] : [text]), ...crashes, ...altered],
        options,
      );
    }),
    ...options.failures.map(failureSuite),
  ];
  const sum = (name: 'tests' | 'failures' | 'errors'): number =>
    suites.reduce((total, suite) => total + suite[name], 0);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="vhtrace" tests="${sum('tests')}" failures="${sum('failures')}" errors="${sum('errors')}">`,
    ...suites.map(({ text }) => text),
    '</testsuites>',
    '',
  ].join('\n');
}

interface Suite {
  readonly tests: number;
  readonly failures: number;
  readonly errors: number;
  readonly text: string;
}

function suiteOf(
  { path, sha256 }: CaptureSummary,
  findings: readonly Finding[],
  said: readonly string[],
  options: ReportOptions,
): Suite {
  const own = findings.filter(({ capture }) => capture === sha256);
  const titles = new Map(
    options.rules
      .filter(({ undecidable }) => undecidable === undefined)
      .map(({ id, title }) => [id, title]),
  );
  // A finding is shown whether or not its rule is in the catalogue at hand.
  for (const { rule } of own) if (!titles.has(rule)) titles.set(rule, rule);
  const cases = Array.from(titles, ([id, title]) =>
    caseOf(
      `${id}: ${title}`,
      own.filter((finding) => finding.rule === id),
      path,
      options,
    ),
  );
  const times = (outcome: Case['outcome']): number =>
    cases.filter((each) => each.outcome === outcome).length;
  const name = escapeXml(displayPath(path));
  const problems = options.problems.filter((problem) => problem.path === path);
  const errors = problems.map(({ span, message }) => `line ${span.first}: ${message}`);
  return {
    tests: cases.length,
    failures: times('failed'),
    errors: 0,
    text: [
      `  <testsuite name="${name}" tests="${cases.length}" failures="${times('failed')}" errors="0" skipped="${times('skipped')}">`,
      ...cases.map(({ text }) => text),
      ...(said.length === 0 ? [] : [`    <system-out>${escapeXml(said.join('\n'))}</system-out>`]),
      ...(errors.length === 0
        ? []
        : [`    <system-err>${escapeXml(errors.join('\n'))}</system-err>`]),
      '  </testsuite>',
    ].join('\n'),
  };
}

interface Case {
  readonly outcome: 'passed' | 'failed' | 'skipped';
  readonly text: string;
}

function caseOf(
  name: string,
  findings: readonly Finding[],
  path: string,
  options: ReportOptions,
): Case {
  const start = `    <testcase classname="${escapeXml(displayPath(path))}" name="${escapeXml(name)}"`;
  const element = (outcome: Case['outcome'], inner: string): Case => ({
    outcome,
    text: inner === '' ? `${start}/>` : `${start}>${inner}</testcase>`,
  });
  const violations = findings.filter(
    ({ verdict, known }) => verdict === 'violation' && known === undefined,
  );
  const failed = violations.filter(({ severity }) => fails(severity, options.failOn));
  const [first] = failed;
  if (first !== undefined) {
    const message = escapeXml(`${first.message} (line ${first.at.line})`);
    const body = escapeXml(blocks(failed, options));
    return element(
      'failed',
      `<failure message="${message}" type="${first.severity}">${body}</failure>`,
    );
  }
  // Below what fails the command: no failure, but not hidden either.
  if (violations.length > 0) {
    return element('passed', `<system-out>${escapeXml(blocks(violations, options))}</system-out>`);
  }
  const known = findings.find((finding) => finding.known !== undefined);
  if (known !== undefined) {
    const reason = known.known?.reason ?? '';
    return element('skipped', skipped(`known: ${known.message} (${reason})`));
  }
  const open = openChecks(findings);
  if (open.length > 0) return element('skipped', skipped(open.map(openText).join('. ')));
  if (findings.some(({ verdict }) => verdict === 'pass')) return element('passed', '');
  return element('skipped', skipped('not exercised: nothing to judge in this capture'));
}

/** `inconclusive: missing probe vhost_log_put`; where the checks miss different things, at which lines. */
function openText({ missing, rules }: OpenChecks): string {
  const parts = rules.filter(({ isPart }) => isPart);
  const places = parts.map(({ findings }) => ` (${findingPlaces(findings, [])})`).join('');
  return `inconclusive${places}${missing === '' ? '' : `: missing ${missing}`}`;
}

const ORDER: readonly Severity[] = ['note', 'warning', 'error'];

function fails(severity: Severity, failOn: ReportOptions['failOn']): boolean {
  if (failOn === 'never') return false;
  return failOn === 'inconclusive' || ORDER.indexOf(severity) >= ORDER.indexOf(failOn);
}

function blocks(findings: readonly Finding[], options: ReportOptions): string {
  return renderFindings(findings, [], { ...options, width: 100 }, createColors(false)).join('\n');
}

function skipped(message: string): string {
  return `<skipped>${escapeXml(message)}</skipped>`;
}

function failureSuite({ path, error }: PathFailure): Suite {
  const name = escapeXml(displayPath(path));
  return {
    tests: 1,
    failures: 0,
    errors: 1,
    text: [
      `  <testsuite name="${name}" tests="1" failures="0" errors="1" skipped="0">`,
      `    <testcase classname="${name}" name="can be read"><error message="${escapeXml(error.message)}" type="${error.code}"/></testcase>`,
      '  </testsuite>',
    ].join('\n'),
  };
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

/** Text for elements and attributes. Lines stay lines; XML 1.0 has no other control characters, nor lone surrogates. */
function escapeXml(text: string): string {
  return text
    .split('\n')
    .map(printable)
    .join('\n')
    .replace(/[\ufffe\uffff]|\p{Surrogate}/gu, '\ufffd')
    .replace(/[&<>"]/g, (sign) => ENTITIES[sign] ?? '');
}
