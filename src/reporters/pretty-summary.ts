/** What was read and checked, in a few lines; the last ones are the verdict and what it cannot say. */
import { printable } from '../base/printable.js';
import { LIMITS } from '../model/report.js';
import type { CaptureSummary, CheckReport, Finding } from '../model/report.js';
import { baselineLines } from './baseline-text.js';
import { crashText } from './crash-text.js';
import type { Colors } from './colors.js';
import { inOrder } from './order.js';
import { captureNames } from './places.js';
import type { ReportOptions } from './reporter.js';
import { count, displayPath, rulesOffText, thousands, wrap } from './text.js';

/** Lines of a list before `--all` is asked for. */
const MAX_LINES = 8;

/** Captures, devices, migrations, rules and the verdict. */
export function renderSummary(report: CheckReport, options: ReportOptions, colors: Colors): string {
  const sections = [
    section('captures', captureLines(report.captures, options)),
    section('devices', deviceLines(report, options)),
    section('QEMU', profileLines(report, options)),
    section('migrations', migrationLines(report, options)),
    section('crashes', crashLines(report, options)),
    section('altered by the debugger', alterationLines(report, options)),
    section('problems', problemLines(options)),
    section('known', knownLines(report, options)),
    section('passed', passedLines(report, options)),
    section('cannot tell', inconclusiveLines(report, options)),
    options.all ? section('not exercised', ruleList(report, 'not-exercised', options)) : '',
  ];
  const shown = sections.filter(Boolean).join('');
  const isChecked = report.captures.some(({ facts }) => facts > 0);
  const limits = isChecked ? `${colors.dim(wrap(LIMITS, options.width).join('\n'))}\n` : '';
  return `${shown}${shown === '' ? '' : '\n'}${verdictLine(report, options, colors)}${limits}`;

  function section(title: string, lines: readonly string[]): string {
    if (lines.length === 0) return '';
    return [colors.bold(title), ...lines.map((line) => `  ${line}`), ''].join('\n');
  }
}

function limited(lines: readonly string[], options: ReportOptions): readonly string[] {
  if (options.all || lines.length <= MAX_LINES) return lines;
  return [...lines.slice(0, MAX_LINES), `... and ${lines.length - MAX_LINES} more (--all)`];
}

function captureLines(
  captures: readonly CaptureSummary[],
  options: ReportOptions,
): readonly string[] {
  const names = captureNames(captures);
  const lines = captures.map((capture) => {
    const formats = capture.formats.length > 0 ? capture.formats.join(' + ') : 'no known format';
    const notes = capture.ordered ? '' : '; notes: judged as unordered snippets (--assume-ordered)';
    const unclaimed =
      capture.unclaimed > 0 ? ` (${thousands(capture.unclaimed)} of no known format)` : '';
    return `${names.get(capture.sha256) ?? ''}: ${formats}, ${count(capture.lines, 'line')}${unclaimed}, ${count(capture.facts, 'protocol fact')}${notes}`;
  });
  return limited(lines, options);
}

function crashLines(report: CheckReport, options: ReportOptions): readonly string[] {
  const lines = report.crashes.map(
    (crash) =>
      `line ${crash.line}${whichCapture(report, crash.capture)}: ${printable(crashText(crash))}`,
  );
  return limited(lines, options).flatMap((line) => hanging(line, options));
}

function alterationLines(report: CheckReport, options: ReportOptions): readonly string[] {
  const lines = report.alterations.map(
    ({ capture, func, line, command, commandLine }) =>
      `${printable(func)} (line ${line}${whichCapture(report, capture)}) by "${printable(command)}" (line ${commandLine}): its effect counts for nothing`,
  );
  return limited(lines, options);
}

function deviceLines(report: CheckReport, options: ReportOptions): readonly string[] {
  const sessions = new Set(report.devices.map(({ session }) => session));
  const lines = report.devices.map((device) => {
    const { capture, session, address, backend, backendLine, name, vrings } = device;
    const inSession = sessions.size > 1 ? `, session ${session}` : '';
    const where = `${whichCapture(report, capture)}${inSession}`;
    const rings =
      vrings.length === 0
        ? 'no vring seen'
        : `${vrings.length === 1 ? 'vring' : 'vrings'} ${vrings.join(', ')}`;
    const what = name === undefined ? '' : ` ${printable(name)}`;
    const by = backendLine === undefined ? '' : `, line ${backendLine}`;
    return `${address}${what} (backend ${backend}${by}${where}): ${rings}`;
  });
  return limited(lines, options);
}

function profileLines(report: CheckReport, options: ReportOptions): readonly string[] {
  const lines = new Set<string>();
  for (const { capture, qemuAtLeast, qemuAtMost, signs, conflict } of report.profiles) {
    if (qemuAtLeast === null && qemuAtMost === null && !conflict) continue;
    const where = whichCapture(report, capture).replace(/^, /, ' in ');
    const by = signs.map(({ line, shows }) => (line === null ? shows : `${shows} (line ${line})`));
    const doubt = conflict ? 'contradictory signs: ' : '';
    lines.add(`${versions(qemuAtLeast, qemuAtMost)}${where}: ${doubt}${by.join(', ')}`);
  }
  return limited([...lines], options).flatMap((line) => hanging(printable(line), options));
}

function versions(atLeast: string | null, atMost: string | null): string {
  if (atLeast === null) return atMost === null ? 'version unknown' : `${atMost} or before`;
  if (atMost === null) return `${atLeast} or later`;
  return atLeast === atMost ? atLeast : `${atLeast} to ${atMost}`;
}

/** A long line, wrapped, its later parts indented. */
function hanging(line: string, options: ReportOptions): string[] {
  return wrap(line, options.width - 6).map((part, i) => (i === 0 ? part : `    ${part}`));
}

function migrationLines(report: CheckReport, options: ReportOptions): readonly string[] {
  const groups = new Map<string, number>();
  for (const { capture, outcome, phases } of report.migrations) {
    const seen = [...new Set(phases)].join(', ');
    const where = whichCapture(report, capture).replace(/^, /, ' in ');
    const end = outcome === 'unknown' ? 'outcome not shown' : outcome;
    const line = `${end}${where}${seen === '' ? '' : `; phases seen: ${seen}`}`;
    groups.set(line, (groups.get(line) ?? 0) + 1);
  }
  const lines = Array.from(groups, ([line, times]) =>
    printable(times === 1 ? line : `${thousands(times)} x ${line}`),
  );
  return limited(lines, options);
}

/** `, FILE` where there are several captures to tell apart. */
function whichCapture(report: CheckReport, sha256: string): string {
  if (report.captures.length < 2) return '';
  const name = captureNames(report.captures).get(sha256);
  return name === undefined ? '' : `, ${name}`;
}

function problemLines(options: ReportOptions): readonly string[] {
  const lines = options.problems.map(
    ({ path, span, message }) => `${displayPath(path)}:${span.first}: ${printable(message)}`,
  );
  return limited(lines, options);
}

/** Violations that the baseline knows, and what of the baseline is out of date. */
function knownLines(report: CheckReport, options: ReportOptions): readonly string[] {
  if (report.baseline === undefined) return [];
  const found = inOrder(report).flatMap(({ rule, at, message, known }) =>
    known === undefined
      ? []
      : [`${rule} ${displayPath(at.path)}:${at.line}: ${message} (${known.reason})`],
  );
  const [head = '', ...stale] = baselineLines(report.baseline);
  return limited([head, ...stale, ...found].map(printable), options);
}

function passedLines(report: CheckReport, options: ReportOptions): readonly string[] {
  return ruleList(report, 'pass', options);
}

/** Rules of the findings with this verdict, each once, with their number where there are several: the sum is the verdict's. */
function ruleList(
  report: CheckReport,
  verdict: Finding['verdict'],
  options: ReportOptions,
): readonly string[] {
  const rules = new Map<string, number>();
  for (const finding of report.findings) {
    if (finding.verdict !== verdict) continue;
    rules.set(finding.rule, (rules.get(finding.rule) ?? 0) + 1);
  }
  const names = [...rules].sort().map(([rule, times]) => (times > 1 ? `${rule} (${times})` : rule));
  return limited(wrap(names.join(', '), options.width - 2), options);
}

/** What is missing, and the rules that miss it; often one thing is missing for many. */
function inconclusiveLines(report: CheckReport, options: ReportOptions): readonly string[] {
  const rules = new Map<string, { times: number; missing: Set<string> }>();
  for (const { rule, verdict, missing } of report.findings) {
    if (verdict !== 'inconclusive') continue;
    const entry = rules.get(rule) ?? { times: 0, missing: new Set() };
    entry.times++;
    for (const each of missing) entry.missing.add(each);
    rules.set(rule, entry);
  }
  const groups = new Map<string, string[]>();
  for (const [rule, { times, missing }] of [...rules].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const what = [...missing].join('; ');
    const names = groups.get(what) ?? [];
    names.push(times > 1 ? `${rule} (${times})` : rule);
    groups.set(what, names);
  }
  const lines = Array.from(groups, ([what, names]) =>
    what === '' ? names.join(', ') : `${names.join(', ')}: missing ${what}`,
  );
  return limited(lines, options).flatMap((line) => hanging(line, options));
}

function verdictLine(report: CheckReport, options: ReportOptions, colors: Colors): string {
  const { violations, pass, inconclusive } = report.summary;
  const unused = report.coverage.filter(
    ({ exercised, inconclusive: undecided }) => exercised + undecided === 0,
  ).length;
  const { error, warning, note } = violations;
  const wrong = [
    error > 0 ? colors.red(count(error, 'error')) : '',
    warning > 0 ? colors.yellow(count(warning, 'warning')) : '',
    note > 0 ? colors.cyan(count(note, 'note')) : '',
    report.summary.known === undefined ? '' : `${report.summary.known} known`,
  ].filter(Boolean);
  const idle = unused === 0 ? '' : `, ${count(unused, 'rule')} had nothing to judge`;
  const checked = `${count(pass, 'check')} passed, ${thousands(inconclusive)} could not be decided${idle}${rulesOffText(report.rulesOff)}`;
  const unread = options.failures.length;
  const unreadable = `${count(unread, 'file')} could not be read`;
  const files = unread === 0 ? '' : `${unreadable}\n`;
  if (wrong.length > 0) return `${files}${colors.bold(wrong.join(', '))}; ${checked}\n`;
  const nothing = colors.yellow('nothing was checked');
  if (report.captures.length === 0) {
    return `${nothing}: ${unread === 0 ? 'there is no capture' : unreadable}\n`;
  }
  if (report.captures.every(({ facts }) => facts === 0)) {
    const why = 'there is no vhost or migration call in what was read';
    return `${files}${nothing}: ${why}\n`;
  }
  // "No violation" would read like a pass.
  if (pass === 0) return `${files}${colors.yellow('nothing could be decided')}; ${checked}\n`;
  return `${files}${colors.green('no violation found')}; ${checked}\n`;
}
