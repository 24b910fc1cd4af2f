/** Rows of the list of findings. */
import { printable } from '../../base/printable.js';
import type { Alarm } from '../alarms.js';
import type { Style } from '../style.js';
import { markText } from './timeline.js';

/** `✗ LS-ALL-RINGS 812 ring 1 of ...`. */
export function findingRow(alarm: Alarm | undefined, style: Style): string {
  if (alarm === undefined) return '';
  const { colors } = style;
  const { rule, verdict, severity, at, message, count } = alarm.finding;
  const isViolation = verdict === 'violation';
  const mark = isViolation ? markText(severity, style) : colors.dim('?');
  const times = count > 1 ? ` ${style.signs.times}${count}` : '';
  const text = `${rule} line ${at.line}: ${printable(message)}${times}`;
  return `${mark} ${isViolation ? text : colors.dim(text)}`;
}
