/**
 * A stack of the machine interface: one record has the frames, a later one their arguments.
 *
 * Source: gdb/mi/mi-cmd-stack.c, mi_cmd_stack_list_frames() and mi_cmd_stack_list_args().
 * Not read: the `children` that frame filters put into a frame.
 */
import type { Arg, Backtrace, CaptureRecord, ThreadRef } from '../../model/record.js';
import type { MiItem } from './lines.js';
import { argsOf, itemsOf, numberOf, textOf } from './values.js';
import type { MiFrames } from './values.js';

/** The program's arguments are asked for at once, or never. */
const MOST_WAITING = 64;

/** Arguments by level. */
export type StackArgs = ReadonlyMap<number, readonly Arg[] | undefined>;

/** Frames that may still get their arguments. */
export interface HeldStack {
  readonly lineNo: number;
  readonly thread: ThreadRef | undefined;
  readonly frames: readonly (readonly MiItem[])[];
  readonly levels: readonly number[];
  /** What the stop printed of frame 0. */
  readonly innermost: readonly Arg[] | undefined;
  /** Records below it, which lie inside when the arguments come. */
  readonly waiting: CaptureRecord[];
}

/** The frames of `stack=[frame={level="0",...},...]` and their levels. */
export function readStack(
  items: readonly MiItem[],
): Pick<HeldStack, 'frames' | 'levels'> | undefined {
  const frames: (readonly MiItem[])[] = [];
  const levels: number[] = [];
  for (const { value } of itemsOf(items, 'stack') ?? []) {
    const level = typeof value === 'string' ? undefined : numberOf(textOf(value, 'level'));
    if (typeof value === 'string' || level === undefined || level <= (levels.at(-1) ?? -1))
      continue;
    frames.push(value);
    levels.push(level);
  }
  return frames.length === 0 ? undefined : { frames, levels };
}

/** The arguments of `stack-args=[frame={level="0",args=[...]},...]`. */
export function readStackArgs(items: readonly MiItem[]): StackArgs {
  const args = new Map<number, readonly Arg[] | undefined>();
  for (const { value } of itemsOf(items, 'stack-args') ?? []) {
    const level = typeof value === 'string' ? undefined : numberOf(textOf(value, 'level'));
    if (typeof value === 'string' || level === undefined) continue;
    args.set(level, argsOf(itemsOf(value, 'args')));
  }
  return args;
}

/** False for the arguments of another thread's stack: what the stop printed has other names. */
export function mayBelong(args: StackArgs, { innermost }: HeldStack): boolean {
  const first = args.get(0);
  return first === undefined || innermost === undefined || namesOf(first) === namesOf(innermost);
}

function namesOf(args: readonly Arg[]): string {
  return args.map(({ name }) => name).join();
}

/** True while the record may lie between frames and arguments: nothing happened. */
export function mayLieInside(record: CaptureRecord, { waiting }: HeldStack): boolean {
  if (waiting.length >= MOST_WAITING) return false;
  return record.kind === 'chatter' || (record.kind === 'command' && ONLY_ASKS.test(record.text));
}

const ONLY_ASKS = /^\d*-(?:stack-(?:list|info)|thread-(?:info|list))-/;

// `--no-values` gives names alone.
function hasValues(args: readonly Arg[] | undefined): boolean {
  return args?.some(({ value, entry }) => (value ?? entry) !== '...') === true;
}

/** The backtrace that the command line would have printed, up to line `last`. */
export function toBacktrace(
  { lineNo, thread, frames, levels, innermost }: HeldStack,
  args: StackArgs,
  last: number,
  table: MiFrames,
): Backtrace {
  return {
    kind: 'backtrace',
    span: { first: lineNo, last },
    frames: frames.map((items, i) => {
      const level = levels[i] ?? i;
      const own = args.get(level);
      return table.read(items, level === 0 && !hasValues(own) ? (innermost ?? own) : own);
    }),
    levels,
    lines: frames.map(() => lineNo),
    wrapped: [],
    thread,
    incomplete: false,
  };
}
