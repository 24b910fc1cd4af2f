/** What is known of the calls of one thread between two of its steps. */
import type { Activation } from './activation.js';
import { BareCalls } from './bare-calls.js';
import { PartsSeen } from './parts-seen.js';

/** Calls of one thread between entry and return of another. */
const MOST_PROBED = 4096;

export interface ThreadState {
  /** Calls that the last stack showed, outermost first. */
  open: Activation[];
  /** That stack was cut short: its outer callers were not shown, or are taken from the stack before. */
  isCut: boolean;
  /** A stack has shown the outermost of `open` as the outermost of the thread. */
  isRooted: boolean;
  /** How many calls are nested below the outermost of `open`, at most: others may have gone on where one is now. */
  height: number;
  /** What was open before a cut stack that shows none of it: its calls may have been made inside, and it may go on. */
  outer: Outer | undefined;
  /** How many gaps there were before that stack. */
  gaps: number;
  /** Calls known by a stop line only; closed by the next entry of the same function. */
  readonly bare: BareCalls;
  /**
   * Of those, all that no caller is known of, also if they have returned, with the number of gaps before each: the return
   * of one tells what it called.
   */
  probed: { readonly activation: Activation; readonly gaps: number }[];
  /** Of backtraces that miss frames. */
  readonly parts: PartsSeen;
  /** The call that came back last: its value may be printed next. */
  returned?: Activation | undefined;
  /**
   * Of the thread whose name is not known: it may be another than the next that is named. One ended that was not seen
   * before, or its stack stands behind others that are named, where its stop is lost.
   */
  mayBeAnother?: true;
}

type Outer = Pick<ThreadState, 'open' | 'isCut' | 'isRooted' | 'height'>;

/** A thread of which nothing is known, behind so many gaps. */
export function newThread(gaps: number, parts = new PartsSeen()): ThreadState {
  return {
    open: [],
    isCut: false,
    isRooted: false,
    height: 0,
    outer: undefined,
    gaps,
    bare: new BareCalls(),
    probed: [],
    parts,
  };
}

/** Adds a call that a stop line alone shows, behind so many gaps. */
export function addBare(state: ThreadState, activation: Activation, gaps: number): void {
  state.bare.add(activation);
  if (state.probed.length >= 2 * MOST_PROBED) state.probed.splice(0, MOST_PROBED);
  state.probed.push({ activation, gaps });
}

/** They have returned by that step. */
export function closeAll(ended: readonly Activation[], at: number): void {
  for (const activation of ended) activation.closed ??= at;
}

/** All calls of the thread that nothing has ended. */
export function allOf({ open, bare, outer }: ThreadState): readonly Activation[] {
  return [...(outer?.open ?? []), ...open, ...bare.all()];
}
