/** The facts of the captures, one a row, with what is wrong there and the states of the devices. */
import { printable } from '../../base/printable.js';
import type { BrowseRow, DeviceLane } from '../../model/browse.js';
import type { Severity } from '../../model/report.js';
import { shownThread, shownValue } from '../../model/shown.js';
import { fit, thousands } from '../style.js';
import type { Style } from '../style.js';
import { LANE_WIDTH, laneCell, laneTitle, lanesOf, stateAt } from './lane-cells.js';

export interface TimelineRowOptions {
  readonly width: number;
  readonly lanes: readonly DeviceLane[];
  /** The worst that is wrong at a row. */
  readonly marks: ReadonlyMap<number, Severity>;
  /** `virtio-net #1` by `CAPTURE:SESSION:DEVICE`. */
  readonly names: ReadonlyMap<string, string>;
  readonly style: Style;
}

/** Columns that facts need before states take some. */
const LEAST = 46;

/** How many lanes fit. */
function laneCount(width: number, lanes: number): number {
  return Math.max(0, Math.min(lanes, Math.floor((width - LEAST) / LANE_WIDTH)));
}

/** Names of the lanes, to stand above them at the right end of the title. */
export function laneTitles(
  lanes: readonly DeviceLane[],
  row: BrowseRow | undefined,
  width: number,
  style: Style,
): string {
  if (row === undefined) return '';
  const own = lanesOf(lanes, row);
  const count = laneCount(width, own.length);
  return own
    .slice(0, count)
    .map((lane) => laneTitle(lane, style))
    .join('');
}

export function timelineRow(row: BrowseRow | undefined, options: TimelineRowOptions): string {
  const { width, style, marks } = options;
  const { colors } = style;
  if (row === undefined) return colors.dim(` ${style.signs.cut}`);
  const own = lanesOf(options.lanes, row);
  const cells = own
    .slice(0, laneCount(width, own.length))
    .map((lane) => laneCell(stateAt(lane, row.row), style))
    .join('');
  const room = width - laneCount(width, own.length) * LANE_WIDTH;
  const mark = markText(marks.get(row.row), style);
  const line = colors.dim(String(row.line).padStart(6));
  return fit(`${mark}${line} ${factText(row, room - 8, options)}`, room, style) + cells;
}

export function markText(severity: Severity | undefined, { colors, signs }: Style): string {
  switch (severity) {
    case undefined:
      return ' ';
    case 'error':
      return colors.red(signs.error);
    case 'warning':
      return colors.yellow(signs.warning);
    case 'note':
      return colors.cyan(signs.note);
  }
}

/** `vhost_virtqueue_set_addr(on) vring 1  net #1  5 CPU 0/TCG`; who and where only where there is room. */
function factText(row: BrowseRow, room: number, { style, names }: TimelineRowOptions): string {
  const { colors } = style;
  const what = printable(callText(row));
  const paint = row.role === 'caller' ? colors.dim : row.role === 'entry' ? colors.bold : plain;
  const name = deviceText(row, names);
  const who = row.thread === undefined ? '' : printable(shownThread(row.thread));
  const parts = [
    { text: name, paint: colors.cyan },
    { text: who, paint: colors.dim },
  ];
  let text = paint(what);
  let length = what.length;
  for (const part of parts) {
    if (part.text === '' || length + 2 + part.text.length > room) continue;
    text += `  ${part.paint(part.text)}`;
    length += 2 + part.text.length;
  }
  return text;
}

function plain(text: string): string {
  return text;
}

export function callText(row: BrowseRow): string {
  const { func, kind, value, enable, vring, result } = row;
  const shown = value === undefined ? undefined : shownValue(kind, value);
  const args = [shown, enable === undefined ? undefined : enable ? 'on' : 'off'].filter(
    (arg) => arg !== undefined,
  );
  const ring = vring === undefined ? '' : ` vring ${vring}`;
  const returned = result === undefined ? '' : ` = ${result}`;
  return `${func}${args.length === 0 ? '' : `(${args.join(', ')})`}${ring}${returned}`;
}

function deviceText(
  { capture, session, device }: BrowseRow,
  names: ReadonlyMap<string, string>,
): string {
  if (device === undefined) return '';
  return printable(names.get(`${capture}:${session}:${device}`) ?? device);
}

/** What the title says besides the name. */
export function timelineTitle(
  total: number,
  length: number,
  filter: string,
  phase: string | undefined,
): string {
  return filter === ''
    ? `Timeline${phase === undefined ? '' : `: ${phase}`}`
    : `Timeline: ${printable(filter)}, ${thousands(length)} of ${thousands(total)}`;
}
