/** The facts of the captures, one a row, with what is wrong there and the states of the devices. */
import { printable } from '../../base/printable.js';
import type { BrowseRow, DeviceLane } from '../../model/browse.js';
import type { ShownNames } from '../../model/shown-names.js';
import type { MarkedRows } from '../marks.js';
import { fit, markText, thousands } from '../style.js';
import type { Style } from '../style.js';
import { argsText } from './flow-tree.js';
import { fittingLanes, LANE_WIDTH, laneCell, laneTitle, lanesOf, stateAt } from './lane-cells.js';
import type { DevicePlace } from './lane-cells.js';

export interface TimelineRowOptions {
  readonly width: number;
  readonly lanes: readonly DeviceLane[];
  /** The device that the cursor stands on, or stood on last. */
  readonly cursor: DevicePlace | undefined;
  readonly marks: MarkedRows;
  /** `virtio-net #1` by `CAPTURE:SESSION:DEVICE`. */
  readonly names: ShownNames;
  /** `mig/src/main`, or `thread 6` where it has no name. */
  readonly threadOf: (row: BrowseRow) => string | undefined;
  readonly style: Style;
}

/** Columns that facts need before states take some. */
const LEAST = 46;

/** How many lanes fit. */
function laneCount(width: number, lanes: number): number {
  return Math.max(0, Math.min(lanes, Math.floor((width - LEAST) / LANE_WIDTH)));
}

/** Names of the lanes, to stand above them at the right end of the title; in front of them how many have no room. */
export function laneTitles(
  lanes: readonly DeviceLane[],
  {
    row,
    cursor,
    width,
    style,
  }: Pick<TimelineRowOptions, 'cursor' | 'width' | 'style'> & {
    readonly row: BrowseRow | undefined;
  },
): string {
  if (row === undefined) return '';
  const own = lanesOf(lanes, row);
  const count = laneCount(width, own.length);
  const more = count > 0 && count < own.length ? ` +${own.length - count} more ` : '';
  const titles = fittingLanes(own, count, cursor).map((lane) => laneTitle(lane, style));
  return more + titles.join('');
}

export function timelineRow(row: BrowseRow | undefined, options: TimelineRowOptions): string {
  const { width, style, marks } = options;
  const { colors } = style;
  if (row === undefined) return colors.dim(` ${style.signs.cut}`);
  const own = lanesOf(options.lanes, row);
  const count = laneCount(width, own.length);
  const cells = fittingLanes(own, count, options.cursor)
    .map((lane) => laneCell(stateAt(lane, row.row), style))
    .join('');
  const room = width - count * LANE_WIDTH;
  const severity = marks.severities.get(row.row);
  const isBehindGap = severity === undefined && marks.gaps.has(row.row);
  const mark = isBehindGap ? colors.yellow(style.signs.cut) : markText(severity, style);
  const line = colors.dim(String(row.line).padStart(6));
  return fit(`${mark}${line} ${factText(row, room - 8, options)}`, room, style) + cells;
}

/** `vhost_virtqueue_set_addr(enable_log=true) vring 1  net #1  CPU 0/TCG`; who and where only where there is room. */
function factText(
  row: BrowseRow,
  room: number,
  { style, names, threadOf }: TimelineRowOptions,
): string {
  const { colors } = style;
  const name = deviceText(row, names);
  const what = widest([printable(callText(row)), printable(callText(row, 'values'))], name, room);
  const paint = row.role === 'caller' ? colors.dim : row.role === 'entry' ? colors.bold : plain;
  const who = printable(threadOf(row) ?? '');
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

/** Vring and device are harder to do without than the names of arguments. */
function widest(texts: readonly [string, string], device: string, room: number): string {
  const withDevice = device === '' ? 0 : 2 + device.length;
  const isFitting = (text: string): boolean => text.length + withDevice <= room;
  return texts.find(isFitting) ?? texts.find((text) => text.length <= room) ?? texts[1];
}

function plain(text: string): string {
  return text;
}

/** As the flow says it; `values`: without the names of the arguments. */
export function callText(row: BrowseRow, args: 'named' | 'values' = 'named'): string {
  const { name, vring, result } = row;
  const ring = vring === undefined ? '' : ` vring ${vring}`;
  const returned = result === undefined ? '' : ` = ${result}`;
  return `${name}${argsText(row.args, args)}${ring}${returned}`;
}

function deviceText(row: BrowseRow, names: ShownNames): string {
  return printable(names.device(row.capture, row) ?? row.device ?? '');
}

/** What the title says besides the name. */
export function timelineTitle(
  total: number,
  length: number,
  filter: string,
  phase: string | undefined,
  isOrdered: boolean,
): string {
  // A note is no timeline: its backtraces stand as somebody wrote them down.
  if (!isOrdered && filter === '') return 'Notes, in no known order';
  return filter === ''
    ? `Timeline${phase === undefined ? '' : `: ${phase}`}`
    : `Timeline: ${printable(filter)}, ${thousands(length)} of ${thousands(total)}`;
}
