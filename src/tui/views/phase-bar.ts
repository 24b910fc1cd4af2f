/** The phases of the migrations from the first fact to the last, as one row, with the cursor and the violations on it. */
import { NO_MIGRATION } from '../../model/flow.js';
import { fit } from '../style.js';
import type { Style } from '../style.js';

/** Where a part of a migration begins. */
export interface PhaseStart {
  readonly row: number;
  /** Name of the part, `iterations`. */
  readonly phase: string;
}

export interface PhaseBarOptions {
  readonly phases: readonly PhaseStart[];
  /** Facts of all captures. */
  readonly total: number;
  /** Row of the cursor. */
  readonly row: number;
  /** Rows with errors. */
  readonly errors: readonly number[];
  readonly width: number;
  readonly style: Style;
}

interface Segment {
  readonly phase: string;
  readonly from: number;
  readonly to: number;
}

/** `|setup|iterations ✗    ▼|switchover|`. */
export function phaseBar(options: PhaseBarOptions): string {
  const { phases, total, row, width, style } = options;
  const { colors } = style;
  if (phases.length === 0 || total === 0) return ' '.repeat(width);
  const segments = segmentsOf(phases, total, width);
  const cells = segments.flatMap(({ phase, from, to }) => {
    const room = to - from;
    const text = NO_MIGRATION.has(phase) ? '' : phase;
    return Array.from(fit(room > 2 ? `${style.signs.side}${text}` : style.signs.side, room, style));
  });
  const painted = cells.map((cell) => colors.magenta(cell));
  for (const error of options.errors) {
    painted[columnOf(error, total, width)] = colors.red(style.signs.error);
  }
  painted[columnOf(row, total, width)] = colors.bold(style.signs.here);
  return fit(painted.slice(0, width).join(''), width, style);
}

function columnOf(row: number, total: number, width: number): number {
  return Math.min(width - 1, Math.floor((row / total) * width));
}

/** Segments that fill the width without a gap; those too short for a column are left out. */
function segmentsOf(phases: readonly PhaseStart[], total: number, width: number): Segment[] {
  const starts = phases.map(({ row, phase }) => ({ phase, from: columnOf(row, total, width) }));
  const first = starts[0]?.from ?? width;
  const all: { phase: string; from: number }[] =
    first > 0 ? [{ phase: 'before the migration', from: 0 }, ...starts] : starts;
  return all
    .map(({ phase, from }, i) => ({ phase, from, to: all[i + 1]?.from ?? width }))
    .filter(({ from, to }) => to > from);
}

/** The part of a migration that a row is in. */
export function phaseAt(phases: readonly PhaseStart[], row: number): string | undefined {
  const phase = phases.findLast((start) => start.row <= row)?.phase;
  return phase === undefined || NO_MIGRATION.has(phase) ? undefined : phase;
}
