/** The first row: which capture, and what is wrong in all of them. */
import { printable } from '../../base/printable.js';
import type { BrowseCapture, Judged } from '../../model/browse.js';
import type { Severity } from '../../model/report.js';
import { count, justify } from '../style.js';
import type { Style } from '../style.js';

export interface HeaderOptions {
  readonly captures: readonly BrowseCapture[];
  /** Index of the capture that the cursor is in. */
  readonly capture: number;
  /** Undefined while the rules are at work; an error where they could not. */
  readonly judged: Judged | Error | undefined;
  readonly width: number;
  readonly style: Style;
}

export function headerRow(options: HeaderOptions): string {
  const { captures, capture, width, style } = options;
  const { colors } = style;
  const current = captures[capture];
  const name = current === undefined ? '' : captureName(current);
  const number = captures.length > 1 ? ` ${capture + 1}/${captures.length}` : '';
  const unread = current === undefined || current.unread === 0 ? '' : ` ${current.unread} unread`;
  const left = colors.bold(` ${printable(name)}`) + colors.dim(number) + colors.yellow(unread);
  return justify(left, `  ${verdictText(options)} `, width, style);
}

/** Columns from which on there is room for more than the name, what is unread and the verdicts. */
const WITH_DEVICES = 90;

function verdictText({ judged, width, style, captures }: HeaderOptions): string {
  const { colors, signs } = style;
  // Known before the rules are: there is nothing to wait for.
  if (captures.every(({ facts }) => facts === 0)) return colors.yellow('nothing to check');
  if (judged === undefined) return colors.dim(`judging${signs.cut}`);
  if (judged instanceof Error) return colors.red('could not be judged');
  const { violations, pass, inconclusive } = judged.report.summary;
  const isDecided = pass > 0;
  const { devices, crashes, waits, gaps = [] } = judged.report;
  const isWide = width >= 60;
  const found = (severity: Severity, color: (text: string) => string): string => {
    const number = violations[severity];
    if (number === 0) return '';
    return color(isWide ? count(number, severity) : `${number}${signs[severity]}`);
  };
  const parts = [
    width >= WITH_DEVICES && captures.length > 0 ? colors.dim(count(devices.length, 'device')) : '',
    violations.error + violations.warning + violations.note === 0
      ? (isDecided && crashes.length === 0 ? colors.green : colors.yellow)(
          !isWide ? `0${signs.error}` : isDecided ? 'no violation' : 'nothing decided',
        )
      : '',
    found('error', colors.red),
    ...crashes
      .slice(0, 1)
      .map(({ line }) => colors.red(isWide ? `crash at line ${line}` : 'crash')),
    ...waits
      .slice(0, 1)
      .map(({ line }) => colors.yellow(isWide ? `waits at line ${line}` : 'waits')),
    gaps.length > 0 && isWide ? colors.yellow(count(gaps.length, 'gap')) : '',
    found('warning', colors.yellow),
    found('note', colors.cyan),
    inconclusive === 0
      ? ''
      : colors.dim(isWide ? `${inconclusive} inconclusive` : `${inconclusive}?`),
  ];
  return parts.filter((part) => part !== '').join('  ');
}

/** In one word. */
export function captureName({ path }: BrowseCapture): string {
  return path === '-' ? '<stdin>' : path.slice(path.lastIndexOf('/') + 1);
}
