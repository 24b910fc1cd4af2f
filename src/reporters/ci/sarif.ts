/**
 * SARIF 2.1.0: every result has a place, the steps of a violation are a code flow, what
 * is inconclusive is `open`, what a baseline knows is suppressed.
 *
 * GitHub code scanning looks at neither kinds nor suppressions and raises an alert for each result: for it
 * there is a format of its own, with new violations only.
 *
 * Source: OASIS SARIF 2.1.0; docs.github.com, "SARIF support for code scanning".
 */
import { printable } from '../../base/printable.js';
import { LIMITS, whyIdle } from '../../model/report.js';
import type {
  AlterationSummary,
  CaptureSummary,
  CheckReport,
  CrashSummary,
  Evidence,
  Finding,
  Severity,
} from '../../model/report.js';
import type { RuleInfo } from '../../model/rule-info.js';
import { crashText } from '../crash-text.js';
import { jsonText } from '../json.js';
import { inOrder } from '../order.js';
import { alterationText } from '../summary-lines.js';
import type { ReportOptions } from '../reporter.js';
import { count, thousands } from '../text.js';
import { undecidedCaptures } from '../undecided.js';
import { captureUri } from './locations.js';

/** What GitHub takes of one run: results, and steps of one result. More would refuse the upload. */
const MOST_RESULTS = 25_000;
const MOST_STEPS = 1000;

/** Pure. */
export function renderSarif(report: CheckReport, options: ReportOptions): string {
  const findings = inOrder(report).filter(
    ({ verdict }) => options.all || verdict === 'violation' || verdict === 'inconclusive',
  );
  return logOf(report, findings, [], options);
}

/** Every result is an alert; what is left out is said beside them. Pure. */
export function renderCodeScanning(report: CheckReport, options: ReportOptions): string {
  const violations = inOrder(report).filter(({ verdict }) => verdict === 'violation');
  const alerts = violations.filter(({ known }) => known === undefined);
  const known = violations.length - alerts.length;
  const { inconclusive } = report.summary;
  const left = [
    ...(known === 0
      ? []
      : [`${count(known, 'violation')} of the baseline left out: each result is an alert`]),
    ...(inconclusive === 0 ? [] : [`${count(inconclusive, 'check')} inconclusive`]),
  ];
  return logOf(report, alerts, left, options);
}

/** `left`: what is not among the findings, in words. */
function logOf(
  report: CheckReport,
  findings: readonly Finding[],
  left: readonly string[],
  options: ReportOptions,
): string {
  // Inconclusive ones come last where something has to be left out.
  const ranked = [
    ...findings.filter(({ verdict }) => verdict === 'violation'),
    ...findings.filter(({ verdict }) => verdict !== 'violation'),
  ];
  const excess = ranked.length - MOST_RESULTS;
  const index = new Map(options.rules.map(({ id }, i) => [id, i]));
  return jsonText({
    $schema:
      'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'vhtrace',
            ...(options.version === undefined ? {} : { semanticVersion: options.version }),
            rules: options.rules.map(descriptor),
          },
        },
        columnKind: 'utf16CodeUnits',
        artifacts: report.captures.map(({ path, sha256 }) => ({
          location: { uri: captureUri(path, options) },
          hashes: { 'sha-256': sha256 },
        })),
        invocations: [
          {
            executionSuccessful: options.exitCode !== 2,
            exitCode: options.exitCode,
            toolExecutionNotifications: [
              ...notifications(options),
              ...report.captures
                .filter(({ facts }) => facts === 0)
                .map((capture) =>
                  aboutCapture(capture, whyIdle(capture.path, options.problems), options),
                ),
              ...undecidedCaptures(report).map(({ capture, text }) =>
                aboutCapture(capture, text, options),
              ),
              ...report.crashes.map((crash) => aboutCrash(crash, report, options)),
              ...report.alterations.map((each) => aboutAlteration(each, report, options)),
              ...(excess > 0
                ? [notice('warning', `${thousands(excess)} more results are left out`)]
                : []),
              ...left.map((text) => notice('note', text)),
              notice('note', LIMITS),
            ],
          },
        ],
        results: ranked.slice(0, MOST_RESULTS).map((finding) => resultOf(finding, index, options)),
      },
    ],
  });
}

function descriptor(rule: RuleInfo): object {
  const { id, title, why, remedy, severity, impact, exceptions, sources, versions } = rule;
  const list = (items: readonly string[]): string => items.map((item) => `- ${item}`).join('\n');
  const help = [
    ['Why', why],
    ['Remedy', remedy],
    ['Not reported', list(exceptions)],
    ['Sources', list(sources)],
  ].filter(([, text]) => text !== '');
  return {
    id,
    name: id,
    shortDescription: { text: title },
    fullDescription: { text: why },
    help: {
      text: help.map(([name, text]) => `${name}: ${text}`).join('\n\n'),
      markdown: help.map(([name, text]) => `**${name}**\n\n${text}`).join('\n\n'),
    },
    defaultConfiguration: { level: severity },
    properties: {
      tags: ['vhost', 'live-migration', impact],
      precision: precision(severity),
      'problem.severity': problemSeverity(severity),
      qemuVersions: versions,
    },
  };
}

/** How many alerts are right, in GitHub's words: only where a legal path can look the same are some not. */
function precision(severity: Severity): string {
  return severity === 'warning' ? 'medium' : 'very-high';
}

/** What GitHub calls a note. */
function problemSeverity(severity: Severity): string {
  return severity === 'note' ? 'recommendation' : severity;
}

const KINDS = {
  violation: 'fail',
  inconclusive: 'open',
  pass: 'pass',
  'not-exercised': 'notApplicable',
} as const;

function resultOf(
  finding: Finding,
  index: ReadonlyMap<string, number>,
  options: ReportOptions,
): object {
  const {
    rule,
    verdict,
    severity,
    at,
    fingerprint,
    missing,
    device,
    vring,
    session,
    known,
    impact,
  } = finding;
  const needs = missing.length === 0 ? '' : ` (missing: ${missing.join('; ')})`;
  return {
    ruleId: rule,
    ruleIndex: index.get(rule) ?? -1,
    kind: KINDS[verdict],
    level: verdict === 'violation' ? severity : 'none',
    message: { text: printable(`${finding.message}${needs}`) },
    locations: [locationOf(at, options)],
    ...(verdict === 'violation' ? { codeFlows: [codeFlow(finding, options)] } : {}),
    ...(verdict === 'pass' && finding.evidence.length > 0
      ? { relatedLocations: finding.evidence.map((mark) => seenThere(mark, options)) }
      : {}),
    partialFingerprints: { 'vhtraceFingerprint/v1': fingerprint },
    occurrenceCount: finding.count,
    ...(known === undefined
      ? {}
      : { suppressions: [{ kind: 'external', justification: printable(known.reason) }] }),
    properties: { device, vring, session, ...(impact === undefined ? {} : { impact }) },
  };
}

function locationOf({ path, line }: Finding['at'], options: ReportOptions): object {
  return {
    physicalLocation: {
      artifactLocation: { uri: captureUri(path, options) },
      region: { startLine: line },
    },
  };
}

function seenThere(mark: Evidence, options: ReportOptions): object {
  return { ...locationOf(mark, options), message: { text: printable(mark.role) } };
}

/** The violation step by step: the lines that prove it, in their order, and the place itself. */
function codeFlow(finding: Finding, options: ReportOptions): object {
  const own: Evidence = { ...finding.at, role: finding.message };
  const steps = [...finding.evidence, own].sort(
    (a, b) => Number(a.path !== own.path) - Number(b.path !== own.path) || a.line - b.line,
  );
  const state = finding.stateBefore;
  return {
    threadFlows: [
      {
        locations: steps.slice(-MOST_STEPS).map((step) => ({
          location: seenThere(step, options),
          importance: step === own ? 'essential' : 'important',
          ...(step === own && state !== undefined
            ? { state: { before: { text: printable(state) } } }
            : {}),
        })),
      },
    ],
  };
}

/** A capture in which nothing was checked. */
function aboutCapture({ path }: CaptureSummary, text: string, folders: ReportOptions): object {
  const location = {
    physicalLocation: { artifactLocation: { uri: captureUri(path, folders) } },
  };
  return { ...notice('warning', text), locations: [location] };
}

/** No result: nothing is judged by it. */
function aboutCrash(
  crash: CrashSummary,
  { captures }: CheckReport,
  options: ReportOptions,
): object {
  const path = captures.find(({ sha256 }) => sha256 === crash.capture)?.path ?? '';
  const { line } = crash;
  return {
    ...notice('warning', `QEMU crashes: ${crashText(crash)}`),
    locations: [locationOf({ path, line }, options)],
  };
}

/** Why what this call shows is neither passed nor violated. */
function aboutAlteration(
  alteration: AlterationSummary,
  { captures }: CheckReport,
  options: ReportOptions,
): object {
  const path = captures.find(({ sha256 }) => sha256 === alteration.capture)?.path ?? '';
  const { line } = alteration;
  return {
    ...notice('note', `altered by the debugger: ${alterationText(alteration)}`),
    locations: [locationOf({ path, line }, options)],
  };
}

function notifications({ problems, failures, ...folders }: ReportOptions): object[] {
  return [
    ...failures.map(({ path, error }) => ({
      ...notice('error', `${path}: ${error.message}`),
      descriptor: { id: error.code },
    })),
    ...problems.map(({ path, code, message, span }) => ({
      ...notice('warning', message),
      descriptor: { id: code },
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: captureUri(path, folders) },
            region: { startLine: span.first, endLine: span.last },
          },
        },
      ],
    })),
  ];
}

function notice(
  level: 'error' | 'warning' | 'note',
  text: string,
): { level: string; message: object } {
  return { level, message: { text: printable(text) } };
}
