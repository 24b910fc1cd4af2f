/** One violation as a block of lines: title, lines of the capture, and what is known about it. */
import { printable } from '../base/printable.js';
import type { CaptureSummary, Finding, Impact, Severity } from '../model/report.js';
import type { RuleInfo } from '../model/rule-info.js';
import type { Colors } from './colors.js';
import { captureNames, subjectOf } from './places.js';
import type { ReportOptions } from './reporter.js';
import { count, displayPath, excerptText, wrap, wrapAfter } from './text.js';

const IMPACTS: Readonly<Record<Impact, string>> = {
  corrupt: 'memory of the guest on the destination, or of QEMU, may be corrupted',
  crash: 'QEMU or the backend may crash',
  hang: 'QEMU or the guest may hang',
  leak: 'resources are leaked',
  odd: 'not harmful by itself',
};

/** Evidence lines shown of one violation; the rest is in the JSON. */
const MAX_EVIDENCE = 6;
/** Columns of a note whose name is long, on a narrow terminal. */
const LEAST = 20;
/** Lines named of its slice. */
const MAX_SLICE = 12;
/** One block a finding, in the order given. */
export function renderFindings(
  findings: readonly Finding[],
  captures: readonly CaptureSummary[],
  options: ReportOptions,
  colors: Colors,
): string[] {
  const names = captureNames(captures);
  const rules = new Map(options.rules.map((rule) => [rule.id, rule]));
  return findings.map((finding) => {
    const lines = pointsOf(finding).map(({ line }) => String(line).length);
    const layout = { gutter: ' '.repeat(Math.max(...lines)), names, options, colors };
    return renderFinding(finding, rules.get(finding.rule), layout);
  });
}

function renderFinding(finding: Finding, rule: RuleInfo | undefined, layout: Layout): string {
  const { gutter, names, colors } = layout;
  const name = names.get(finding.capture) ?? displayPath(finding.at.path);
  return [
    ...heading(finding, rule, layout),
    `${gutter}${colors.blue('-->')} ${name}:${finding.at.line}`,
    ...excerpts(finding, layout),
    ...notes(finding, rule, layout),
    '',
  ].join('\n');
}

interface Layout {
  /** Blanks as wide as the longest line number. */
  readonly gutter: string;
  readonly names: ReadonlyMap<string, string>;
  readonly options: ReportOptions;
  readonly colors: Colors;
}

function heading(
  finding: Finding,
  rule: RuleInfo | undefined,
  { colors, options }: Layout,
): string[] {
  const title = rule === undefined ? finding.message : `violated: ${rule.title}`;
  const label = `${finding.severity}[${finding.rule}]`;
  const color = colorOf(finding.severity, colors);
  return wrapAfter(label, color, `: ${printable(title)}`, options.width).map(colors.bold);
}

function colorOf(severity: Severity, colors: Colors): (text: string) => string {
  switch (severity) {
    case 'error':
      return colors.red;
    case 'warning':
      return colors.yellow;
    case 'note':
      return colors.cyan;
  }
}

interface Point {
  readonly line: number;
  readonly label: string;
  /** The place of the finding itself, not of its evidence. */
  readonly isMain: boolean;
}

/** The finding and the evidence for it, in the order of the capture. */
function pointsOf({ at, message, evidence }: Finding): Point[] {
  const main = { line: at.line, label: message, isMain: true };
  const others = evidence
    .slice(0, MAX_EVIDENCE)
    .map(({ line, role }) => ({ line, label: role, isMain: false }));
  return [main, ...others].sort((a, b) => a.line - b.line);
}

/** Lines of the capture, each with what it shows beneath, `...` where lines are left out. */
function excerpts(finding: Finding, layout: Layout): string[] {
  const { gutter, colors, options } = layout;
  const bar = `${gutter} ${colors.blue('|')}`;
  const lines = [bar];
  let before = 0;
  for (const { line, label, isMain } of pointsOf(finding)) {
    if (before > 0 && line > before + 1) lines.push(colors.blue('...'));
    if (line !== before) lines.push(excerptLine(finding.capture, line, layout));
    const color = isMain ? colorOf(finding.severity, colors) : colors.blue;
    const mark = isMain ? '^' : '-';
    for (const [i, text] of wrap(label, options.width - gutter.length - 5).entries()) {
      lines.push(`${bar} ${color(`${i === 0 ? mark : ' '} ${text}`)}`);
    }
    before = line;
  }
  return [...lines, bar];
}

function excerptLine(capture: string, line: number, { gutter, colors, options }: Layout): string {
  const number = colors.blue(`${String(line).padStart(gutter.length)} |`);
  const text = options.excerpt(capture, line);
  if (text === undefined) return number;
  return `${number} ${excerptText(text, options.width - gutter.length - 3)}`;
}

function notes(finding: Finding, rule: RuleInfo | undefined, layout: Layout): string[] {
  const why = rule && `${rule.why} (impact: ${IMPACTS[finding.impact ?? rule.impact]})`;
  const hidden = finding.evidence.length - MAX_EVIDENCE;
  const again = finding.count - 1;
  return [
    ...note('device', subjectOf(finding), layout),
    ...note('state before', finding.stateBefore, layout),
    ...note('expected', finding.expected, layout),
    ...note('allowed', finding.allowed?.join('; '), layout),
    ...note('stack', stackText(finding), layout),
    ...note('slice', sliceText(finding), layout),
    ...note('why', why, layout),
    ...note('evidence', hidden > 0 ? `${count(hidden, 'more line')} (--json)` : '', layout),
    ...note('again', again > 0 ? `${count(again, 'more time')} in this capture` : '', layout),
    ...note('help', rule?.remedy, layout),
    ...note('known bug', finding.knownBug, layout),
    ...note('more', `vhtrace explain ${finding.rule}`, layout),
  ];
}

/** Who called whom, the innermost first. */
function stackText({ stack }: Finding): string | undefined {
  return stack?.map(({ func }) => printable(func)).join(' < ');
}

/** What proves it alone, and what must have been silent in between. */
function sliceText({ slice }: Finding): string | undefined {
  if (slice === undefined) return undefined;
  const { lines, spans, watched } = slice;
  const shown = lines.slice(0, MAX_SLICE).join(', ');
  const rest = lines.length - MAX_SLICE;
  const more = rest > 0 ? ` and ${rest} more (--json)` : '';
  const proof =
    lines.length === 1
      ? `the record at line ${shown} proves it alone`
      : `the ${count(lines.length, 'record')} at lines ${shown}${more} prove it alone`;
  const names = watched.map(({ name }) => printable(name)).join(', ');
  const where = spans.map(({ first, last }) => `${first}-${last}`).join(', ');
  const silent = names === '' ? '' : `, with nothing else of ${names} in lines ${where}`;
  return `${proof}${silent}`;
}

function note(
  name: string,
  text: string | undefined,
  { gutter, options, colors }: Layout,
): string[] {
  if (text === undefined || text === '') return [];
  const indent = gutter.length + 3 + name.length + 2;
  return wrap(text, Math.max(LEAST, options.width - indent)).map((line, i) =>
    i === 0
      ? `${gutter} ${colors.blue('=')} ${colors.bold(`${name}:`)} ${line}`
      : `${' '.repeat(indent)}${line}`,
  );
}
