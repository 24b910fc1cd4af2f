/** The states of devices beside a row of the timeline: what the device does, its log, its rings with VHOST_VRING_F_LOG. */
import type { DeviceLane, LaneState } from '../../model/browse.js';
import { fit } from '../style.js';
import type { Style } from '../style.js';

/** Columns of a lane, with the blank before it. */
export const LANE_WIDTH = 13;

/** The state from the last change at or before a row on; undefined before the first. */
export function stateAt({ spans }: DeviceLane, row: number): LaneState | undefined {
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((spans[middle]?.row ?? Infinity) <= row) low = middle + 1;
    else high = middle;
  }
  return spans[low - 1]?.state;
}

/** A device in the QEMU process that it belongs to. */
export type DevicePlace = Pick<DeviceLane, 'capture' | 'session' | 'device'>;

/** Lanes of one QEMU process, in the order of appearance. */
export function lanesOf(
  lanes: readonly DeviceLane[],
  { capture, session }: Pick<DevicePlace, 'capture' | 'session'>,
): DeviceLane[] {
  return lanes.filter((lane) => lane.capture === capture && lane.session === session);
}

/** As many as there is room for. Where that is not all, the device at the cursor comes first, else each keeps its column. */
export function fittingLanes(
  own: readonly DeviceLane[],
  room: number,
  cursor: DevicePlace | undefined,
): DeviceLane[] {
  if (room >= own.length) return [...own];
  const isFirst = ({ capture, session, device }: DeviceLane): boolean =>
    device === cursor?.device && session === cursor.session && capture === cursor.capture;
  return [...own.filter(isFirst), ...own.filter((lane) => !isFirst(lane))].slice(0, room);
}

export function laneTitle({ name }: DeviceLane, style: Style): string {
  const short = name.replace(/^(?:virtio|vhost)-/, '');
  return fit(` ${short}`, LANE_WIDTH, style);
}

const LOG_TEXT: Readonly<Record<LaneState['log'], string>> = {
  off: 'off',
  enabling: '>on',
  on: 'LOG',
  disabling: '>off',
  unknown: '?',
};

/** ` LOG ●●○`; a device that is not started has no log to show. */
export function laneCell(state: LaneState | undefined, style: Style): string {
  const { colors, signs } = style;
  if (state === undefined) return ' '.repeat(LANE_WIDTH);
  if (state.run === 'stopped') return fit(colors.dim(' stopped'), LANE_WIDTH, style);
  const log = LOG_TEXT[state.log].padEnd(4);
  const rings = state.vrings
    .map(({ logged }) => (logged ? colors.green(signs.logged) : colors.dim(signs.plain)))
    .join('');
  const paint = { off: colors.dim, on: colors.green, unknown: colors.dim } as const;
  const colored =
    state.log === 'enabling' || state.log === 'disabling'
      ? colors.yellow(log)
      : paint[state.log](log);
  return fit(` ${colored} ${rings}`, LANE_WIDTH, style);
}
