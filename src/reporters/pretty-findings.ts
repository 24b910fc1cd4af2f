/** One violation as a block of lines: title, lines of the capture, and what is known about it. */
import { printable } from '../base/printable.js';
import type { Finding, Impact, RuleInfo, Severity } from '../model/report.js';
import type { Colors } from './colors.js';
import type { ReportOptions } from './reporter.js';
import { count, excerptText, wrap } from './text.js';

const IMPACTS: Readonly<Record<Impact, string>> = {
  corrupt: 'guest memory is corrupted on the destination',
  crash: 'QEMU or the backend may crash',
  hang: 'QEMU or the guest may hang',
  leak: 'resources are leaked',
  odd: 'not harmful by itself',
};

/** Evidence lines shown of one violation; the rest is in the JSON. */
const MAX_EVIDENCE = 6;
/** Further places named of a violation that occurs again. */
const MAX_PLACES = 5;

/** Blocks in the order given; a violation that occurs again on the same subject is printed once. */
export function renderFindings(
  findings: readonly Finding[],
  options: ReportOptions,
  colors: Colors,
): string[] {
  const groups = new Map<string, Finding[]>();
  for (const finding of findings) {
    const { fingerprint, capture, session, device, vring } = finding;
    const key = JSON.stringify([fingerprint, capture, session, device, vring]);
    const group = groups.get(key);
    if (group === undefined || options.all) groups.set(options.all ? `${groups.size}` : key, [finding]);
    else group.push(finding);
  }
  const rules = new Map(options.rules.map((rule) => [rule.id, rule]));
  return Array.from(groups.values(), (group) => renderGroup(group, rules, options, colors));
}

function renderGroup(
  [finding, ...again]: readonly Finding[],
  rules: ReadonlyMap<string, RuleInfo>,
  options: ReportOptions,
  colors: Colors,
): string {
  if (finding === undefined) return '';
  const rule = rules.get(finding.rule);
  const lines = [finding.at, ...finding.evidence].map(({ line }) => String(line).length);
  const gutter = ' '.repeat(Math.max(...lines));
  const layout: Layout = { gutter, options, colors };
  return [
    heading(finding, rule, colors),
    `${gutter}${colors.blue('-->')} ${printable(finding.at.path)}:${finding.at.line}`,
    ...mainExcerpt(finding, layout),
    ...notes(finding, rule, again, layout),
    '',
  ].join('\n');
}

interface Layout {
  /** Blanks as wide as the longest line number. */
  readonly gutter: string;
  readonly options: ReportOptions;
  readonly colors: Colors;
}

function heading(finding: Finding, rule: RuleInfo | undefined, colors: Colors): string {
  const label = colorOf(finding.severity, colors)(`${finding.severity}[${finding.rule}]`);
  return `${colors.bold(label)}${colors.bold(`: ${printable(rule?.title ?? finding.message)}`)}`;
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

function mainExcerpt(finding: Finding, layout: Layout): string[] {
  const { gutter, colors, options } = layout;
  const bar = `${gutter} ${colors.blue('|')}`;
  const excerpt = excerptLine(finding.at.path, finding.at.line, layout);
  const color = colorOf(finding.severity, colors);
  const message = wrap(finding.message, options.width - gutter.length - 5);
  const label = message.map((text, i) => `${bar} ${color(`${i === 0 ? '^' : ' '} ${text}`)}`);
  return excerpt === undefined ? label : [bar, excerpt, ...label, bar];
}

function excerptLine(path: string, line: number, layout: Layout): string | undefined {
  const { gutter, colors, options } = layout;
  const text = options.excerpt(path, line);
  if (text === undefined) return undefined;
  const number = colors.blue(`${String(line).padStart(gutter.length)} |`);
  return `${number} ${excerptText(text, options.width - gutter.length - 3)}`;
}

function notes(
  finding: Finding,
  rule: RuleInfo | undefined,
  again: readonly Finding[],
  layout: Layout,
): string[] {
  const why = rule && `${rule.why} (impact: ${IMPACTS[rule.impact]})`;
  const explain = `vhtrace explain ${finding.rule}`;
  const help = rule === undefined ? explain : `${rule.remedy}; more: ${explain}`;
  return [
    ...note('device', subject(finding), layout),
    ...note('state before', finding.stateBefore, layout),
    ...note('expected', finding.expected, layout),
    ...note('why', why, layout),
    ...evidence(finding, layout),
    ...note('again', placesOf(again), layout),
    ...note('help', help, layout),
  ];
}

function subject({ device, vring, session }: Finding): string | undefined {
  if (device === null) return undefined;
  const parts = [device, ...(vring === null ? [] : [`vring ${vring}`])];
  return `${parts.join(', ')}${session === 0 ? '' : ` (session ${session + 1})`}`;
}

function placesOf(again: readonly Finding[]): string | undefined {
  if (again.length === 0) return undefined;
  const places = again.slice(0, MAX_PLACES).map(({ at }) => `line ${at.line}`);
  const rest = again.length - places.length;
  return `${count(again.length, 'more time')}: ${places.join(', ')}${rest > 0 ? ', ...' : ''}`;
}

function note(name: string, text: string | undefined, { gutter, options, colors }: Layout): string[] {
  if (text === undefined || text === '') return [];
  const indent = gutter.length + 3 + name.length + 2;
  return wrap(text, Math.max(40, options.width - indent)).map((line, i) =>
    i === 0
      ? `${gutter} ${colors.blue('=')} ${colors.bold(`${name}:`)} ${line}`
      : `${' '.repeat(indent)}${line}`,
  );
}

function evidence(finding: Finding, layout: Layout): string[] {
  const others = finding.evidence.filter(
    ({ path, line }) => path !== finding.at.path || line !== finding.at.line,
  );
  const lines = others.slice(0, MAX_EVIDENCE).flatMap(({ path, line, role }) => {
    const excerpt = excerptLine(path, line, layout);
    const place = note('set up by', `${path}:${line} ${role}`, layout);
    return excerpt === undefined ? place : [...place, excerpt];
  });
  const rest = others.length - MAX_EVIDENCE;
  if (rest <= 0) return lines;
  return [...lines, ...note('set up by', `${count(rest, 'more line')} (--json lists all)`, layout)];
}
