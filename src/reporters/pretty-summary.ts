/** What was read and checked, in a few lines; the last ones are the verdict and what it cannot say. */
import { append } from '../base/append.js';
import { printable } from '../base/printable.js';
import { LIMITS } from '../model/report.js';
import type { CheckReport, Finding } from '../model/report.js';
import { baselineLines } from './baseline-text.js';
import { crashText, noViolation } from './crash-text.js';
import type { Colors } from './colors.js';
import { openChecks } from './open-checks.js';
import { failureText } from './failure-text.js';
import { inOrder } from './order.js';
import { captureNames, findingPlaces } from './places.js';
import type { ReportOptions } from './reporter.js';
import { count, displayPath, rulesOffText, thousands, wrap, wrapAfter } from './text.js';
import {
  alterationLines,
  deviceLines,
  endpointLines,
  gapLines,
  migrationLines,
  openGapsText,
  profileLines,
  whichCapture,
} from './summary-lines.js';
import { nothingChecked, undecidedAdditions, undecidedHeadline } from './undecided.js';
import { waitText } from './wait-text.js';

/** Lines of a list before `--all` is asked for. */
const MAX_LINES = 8;
/** Lines of no format that are named before that. */
const NAMED_UNCLAIMED = 3;

/** Captures, devices, migrations, rules and the verdict. */
export function renderSummary(report: CheckReport, options: ReportOptions, colors: Colors): string {
  const sections = [
    // Where QEMU hangs, that is what is asked.
    section('waits', waitLines(report, options)),
    section('captures', captureLines(report, options)),
    section('devices', limited(deviceLines(report), options)),
    section('backends', limited(endpointLines(report), options)),
    section('QEMU', limited(profileLines(report), options)),
    section('migrations', limited(migrationLines(report), options)),
    section('crashes', crashLines(report, options)),
    section('reported by QEMU', failureLines(report, options)),
    section('altered by the debugger', limited(alterationLines(report), options)),
    section('records missing', limited(gapLines(report, options.problems), options)),
    section('problems', problemLines(options)),
    section('known', knownLines(report, options)),
    section('passed', passedLines(report, options)),
    section('inconclusive', inconclusiveLines(report, options)),
    options.all ? section('not exercised', ruleList(report, 'not-exercised', options)) : '',
  ];
  const shown = sections.filter(Boolean).join('');
  const isChecked = report.captures.some(({ facts }) => facts > 0);
  const limits = isChecked ? `${colors.dim(wrap(LIMITS, options.width).join('\n'))}\n` : '';
  return `${shown}${shown === '' ? '' : '\n'}${verdictLines(report, options, colors).join('\n')}\n${limits}`;

  function section(title: string, lines: readonly string[]): string {
    if (lines.length === 0) return '';
    const rows = lines.flatMap((line) => hanging(line, options));
    return [colors.bold(title), ...rows.map((row) => `  ${row}`), ''].join('\n');
  }
}

function limited(lines: readonly string[], options: ReportOptions): readonly string[] {
  if (options.all || lines.length <= MAX_LINES) return lines;
  return [...lines.slice(0, MAX_LINES), `... and ${lines.length - MAX_LINES} more (--all)`];
}

function captureLines(report: CheckReport, options: ReportOptions): readonly string[] {
  const { captures } = report;
  const names = captureNames(captures);
  const undecided = undecidedAdditions(report);
  const lines = captures.map((capture) => {
    const formats = capture.formats.length > 0 ? capture.formats.join(' + ') : 'no known format';
    const notes = capture.ordered ? '' : '; notes: judged as unordered snippets (--assume-ordered)';
    const unclaimed = unclaimedText(capture, options);
    const masks = (capture.masks ?? [])
      .map((mask) => `; ${mask} stands for different addresses: nothing is judged by it`)
      .join('');
    return `${names.get(capture.sha256) ?? ''}: ${formats}, ${count(capture.lines, 'line')}${unclaimed}, ${count(capture.facts, 'protocol fact')}${notes}${masks}${undecided.get(capture.sha256) ?? ''}`;
  });
  return limited(lines, options);
}

/** ` (2 of no known format: lines 144, 146)`; of many the first, and with --all as many as the report has. */
function unclaimedText(
  { unclaimed, unclaimedLines }: CheckReport['captures'][number],
  { all }: ReportOptions,
): string {
  if (unclaimed === 0) return '';
  const named = all ? unclaimedLines : unclaimedLines.slice(0, NAMED_UNCLAIMED);
  const more = unclaimed > named.length ? `, ...${all ? '' : ' (--all)'}` : '';
  const lines = unclaimed === 1 ? 'line' : 'lines';
  return ` (${thousands(unclaimed)} of no known format: ${lines} ${named.join(', ')}${more})`;
}

function crashLines(report: CheckReport, options: ReportOptions): readonly string[] {
  const lines = report.crashes.map(
    (crash) =>
      `line ${crash.line}${whichCapture(report, crash.capture)}: ${printable(crashText(crash))}`,
  );
  return limited(lines, options).flatMap((line) => hanging(line, options));
}

function waitLines(report: CheckReport, options: ReportOptions): readonly string[] {
  const lines = report.waits.map(
    (wait) =>
      `line ${wait.line}${whichCapture(report, wait.capture)}, ${printable(waitText(wait))}`,
  );
  return limited(lines, options).flatMap((line) => hanging(line, options));
}

function failureLines(report: CheckReport, options: ReportOptions): readonly string[] {
  const lines = report.reported.map(
    (failure) =>
      `line ${failure.line}${whichCapture(report, failure.capture)}: ${printable(failureText(failure))}`,
  );
  return limited(lines, options).flatMap((line) => hanging(line, options));
}

/** A line that is too long, wrapped, its later parts indented. */
function hanging(line: string, options: ReportOptions): string[] {
  const safe = printable(line);
  if (safe.length <= options.width - 2) return [safe];
  return wrap(line, options.width - 6).map((part, i) => (i === 0 ? part : `    ${part}`));
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

/** One rule a line where all is asked for, with its places. */
function passedLines(report: CheckReport, options: ReportOptions): readonly string[] {
  if (!options.all) return ruleList(report, 'pass', options);
  return Array.from(byRule(report, 'pass'), ([rule, own]) => ruleText(rule, own, report, true));
}

/** Rules of the findings with this verdict, each once, with their number where there are several: the sum is the verdict's. */
function ruleList(
  report: CheckReport,
  verdict: Finding['verdict'],
  options: ReportOptions,
): readonly string[] {
  const names = Array.from(byRule(report, verdict), ([rule, { length: times }]) =>
    times > 1 ? `${rule} (${times})` : rule,
  );
  const lines = wrap(names.join(', '), options.width - 2);
  if (options.all || lines.length <= MAX_LINES) return lines;
  const rest = lines.slice(MAX_LINES).join(' ').split(', ');
  // The number behind a name may have got onto the next line.
  const more = rest.filter((name) => /^[A-Z]/.test(name)).length;
  return [...lines.slice(0, MAX_LINES), `... and ${count(more, 'more rule')} (--all)`];
}

/** Findings with this verdict, by the ids of their rules in order. */
function byRule(
  { findings }: CheckReport,
  verdict: Finding['verdict'],
): ReadonlyMap<string, readonly Finding[]> {
  const rules = new Map<string, Finding[]>();
  for (const finding of findings)
    if (finding.verdict === verdict) append(rules, finding.rule, finding);
  return new Map([...rules].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** `DS-FLAG (2)`; where all is asked for `DS-FLAG (2: line 417, 510)`. */
function ruleText(
  rule: string,
  findings: readonly Finding[],
  { captures }: CheckReport,
  hasPlaces: boolean | undefined,
): string {
  const times = findings.length > 1 ? String(findings.length) : '';
  const places = hasPlaces === true ? findingPlaces(findings, captures) : '';
  const inner = [times, places].filter(Boolean).join(': ');
  return inner === '' ? rule : `${rule} (${inner})`;
}

function inconclusiveLines(report: CheckReport, options: ReportOptions): readonly string[] {
  const lines = openChecks(report.findings).map(({ missing, rules }) => {
    const names = rules.map(({ rule, findings, isPart }) =>
      ruleText(rule, findings, report, isPart || options.all),
    );
    const gaps = openGapsText(
      report,
      rules.flatMap(({ findings }) => findings),
    );
    const what = missing === '' ? '' : `: missing ${missing}`;
    return `${names.join(', ')}${what}${gaps}`;
  });
  return limited(lines, options);
}

function verdictLines(
  report: CheckReport,
  options: ReportOptions,
  colors: Colors,
): readonly string[] {
  const unread = options.failures.length;
  const unreadable = `${count(unread, 'file')} could not be read`;
  const line = (head: string, color: (text: string) => string, rest: string): readonly string[] =>
    wrapAfter(head, color, rest, options.width);
  const files = unread === 0 ? [] : [unreadable];
  if (report.captures.length === 0) {
    return line(
      'nothing was checked',
      colors.yellow,
      `: ${unread === 0 ? 'there is no capture' : unreadable}`,
    );
  }
  if (report.captures.every(({ facts }) => facts === 0)) {
    const why = `: ${whyNothing(report, options)}`;
    return [...files, ...line(nothingChecked(report), colors.yellow, why)];
  }
  const rest = `; ${checkedText(report)}`;
  const undecided = undecidedHeadline(report);
  if (undecided !== undefined) return [...files, ...line(undecided, colors.yellow, rest)];
  const { violations, known } = report.summary;
  const { error, warning, note } = violations;
  const wrong: [string, (text: string) => string][] = [
    [error > 0 ? count(error, 'error') : '', colors.red],
    [warning > 0 ? count(warning, 'warning') : '', colors.yellow],
    [note > 0 ? count(note, 'note') : '', colors.cyan],
    [known === undefined ? '' : `${known} known`, (text) => text],
  ];
  const shown = wrong.filter(([text]) => text !== '');
  if (shown.length === 0) return [...files, ...line(noViolation(report), colors.green, rest)];
  const colored = shown.map(([text, color]) => color(text)).join(', ');
  const head = shown.map(([text]) => text).join(', ');
  return [...files, ...line(head, () => colors.bold(colored), rest)];
}

function whyNothing({ captures }: CheckReport, { problems }: ReportOptions): string {
  if (problems.some(({ code }) => code === 'UNREAD_PROTOCOL')) {
    return 'no call of the logging protocol could be read';
  }
  const formats = new Set(captures.flatMap((capture) => capture.formats));
  if (formats.has('foreign-stack')) {
    return `stacks of other tools than gdb are kept without their arguments; no call of the logging protocol was read${OTHER_STACKS}`;
  }
  const hasStacks = formats.has('gdb') || formats.has('gdb-mi');
  return `no call of the logging protocol was read${hasStacks ? OTHER_STACKS : ''}`;
}

const OTHER_STACKS = '; vhtrace flows shows the stacks that were';

/** `71 checks passed, 12 inconclusive, 29 rules not exercised` */
function checkedText({ summary, coverage, rulesOff }: CheckReport): string {
  const unused = coverage.filter(
    ({ exercised, inconclusive }) => exercised + inconclusive === 0,
  ).length;
  const idle = unused === 0 ? '' : `, ${count(unused, 'rule')} not exercised`;
  const { pass, inconclusive } = summary;
  return `${count(pass, 'check')} passed, ${thousands(inconclusive)} inconclusive${idle}${rulesOffText(rulesOff)}`;
}
