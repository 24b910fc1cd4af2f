/** Rows of the list of findings. */
import { printable } from '../../base/printable.js';
import type { BrowseCapture } from '../../model/browse.js';
import type { Alarm } from '../alarms.js';
import { markText } from '../style.js';
import type { Style } from '../style.js';
import { captureName } from './header.js';

/** `✗ LS-ALL-RINGS line 812: ring 1 of ...`; `gdb.txt:812` where there are several `captures`. */
export function findingRow(
  alarm: Alarm | undefined,
  captures: readonly BrowseCapture[],
  style: Style,
): string {
  if (alarm === undefined) return '';
  const { colors } = style;
  const { rule, verdict, severity, at, message, count } = alarm.finding;
  const isViolation = verdict === 'violation';
  const mark = isViolation ? markText(severity, style) : colors.dim('?');
  const times = count > 1 ? ` ${style.signs.times}${count}` : '';
  const capture = captures.length > 1 ? captures[alarm.capture] : undefined;
  const place =
    capture === undefined ? `line ${at.line}` : `${printable(captureName(capture))}:${at.line}`;
  const text = `${rule} ${place}: ${printable(message)}${times}`;
  return `${mark} ${isViolation ? text : colors.dim(text)}`;
}
