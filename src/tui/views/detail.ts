/** Rows of the detail pane. */
import { printable } from '../../base/printable.js';
import { LABEL } from '../detail-entries.js';
import type { DetailEntry } from '../detail-entries.js';
import { markText } from '../style.js';
import type { Style } from '../style.js';
import { argsText } from './flow-tree.js';

const VERDICTS = { error: 'violation', warning: 'warning', note: 'note' } as const;

export function detailRow(entry: DetailEntry | undefined, style: Style): string {
  const { colors } = style;
  switch (entry?.kind) {
    case undefined:
      return '';
    case 'alarm': {
      const { rule, severity, verdict, at } = entry.finding;
      const isViolation = verdict === 'violation';
      const mark = isViolation ? markText(severity, style) : colors.dim('?');
      const word = isViolation ? VERDICTS[severity] : 'inconclusive';
      return `${mark} ${colors.bold(rule)} ${word} at line ${at.line}`;
    }
    case 'more':
      return `${' '.repeat(entry.indent)}${entry.text}`;
    case 'heading':
      return colors.dim(printable(entry.text));
    case 'text':
      return `${colors.cyan(printable(entry.label).padEnd(LABEL - 1))} ${entry.text}`;
    case 'frame': {
      const at = entry.frame.at === null ? '' : colors.dim(` at ${printable(entry.frame.at)}`);
      const number = colors.dim(`#${entry.index}`.padEnd(3));
      return `${number} ${printable(entry.frame.func)}${argsText(entry.args)}${at}`;
    }
    case 'fold':
      return colors.dim(`${style.signs.closed} ${entry.count} outer frames (Enter unfolds)`);
    case 'place':
    case 'line':
      return `${colors.dim(String(entry.line).padStart(6))} ${printable(entry.text)}`;
  }
}
