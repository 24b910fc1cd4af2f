/** Stacks → the calls of known functions that they show. */
import type { Backtrace, Frame } from '../../model/record.js';
import type { Call } from './calls.js';
import { callOf, meaningOf } from './frame-meaning.js';
import type { FrameMeaning } from './frame-meaning.js';
import { plainName } from '../functions.js';
import { innerFrames } from './inner-frames.js';
import { framesOfHandler } from './other-programs.js';

/** What the frames of successive stacks mean. */
export class StackMeanings {
  /** The last stack. */
  private shown: { readonly frames: readonly Frame[]; readonly meanings: readonly FrameMeaning[] } =
    { frames: [], meanings: [] };

  /** Those of the outer frames are known from the stack before. */
  of(frames: readonly Frame[]): readonly FrameMeaning[] {
    const { frames: before, meanings } = this.shown;
    const inner = innerFrames(frames, before).map(meaningOf);
    const outer = meanings.slice(meanings.length - (frames.length - inner.length));
    this.shown = { frames, meanings: inner.concat(outer) };
    return this.shown.meanings;
  }
}

/** Calls of a stack, outermost first. */
interface StackCalls {
  readonly calls: readonly Call[];
  readonly callLines: readonly number[];
  /** The innermost frame is one of them; told by its place: a part and its function may look alike. */
  readonly isCall: boolean;
}

export function callsOf(bt: Backtrace, meanings: readonly FrameMeaning[]): StackCalls {
  const calls: Call[] = [];
  const callLines: number[] = [];
  const ofOthers = framesOfHandler(bt.frames);
  let isCall = false;
  for (let i = bt.frames.length - 1; i >= ofOthers; i--) {
    const frame = bt.frames[i];
    const call = meanings[i]?.call;
    if (frame === undefined || call === undefined) continue;
    // Where the text ends in a name, that may be the beginning of a longer one: vhost_log_sync[_range].
    const mayGoOn = bt.incomplete && i === bt.frames.length - 1 && frame.args === undefined;
    if (mayGoOn || isPartOfNext(bt, i)) continue;
    calls.push(call);
    callLines.push(bt.lines[i] ?? bt.span.first);
    isCall = i === 0;
  }
  return { calls, callLines, isCall };
}

/**
 * The calls of a stack, outermost first, of which the innermost one was shown by the stop as well: the line of a stop has
 * arguments where the stack is shown without (`set print frame-arguments presence`, gdb/stack.c).
 */
export function withStop(calls: readonly Call[], frame: Frame | undefined): readonly Call[] {
  const call = calls.at(-1);
  const stop = frame === undefined || frame === call?.frame ? undefined : callOf(frame);
  if (call === undefined || stop?.func !== call.func) return calls;
  const told = TOLD.filter((name) => call[name] === undefined && stop[name] !== undefined);
  if (told.length === 0) return calls;
  const values = Object.fromEntries(told.map((name) => [name, stop[name]]));
  return [...calls.slice(0, -1), { ...call, ...values }];
}

/** What arguments tell of a call. */
const TOLD = ['pointer', 'enable', 'value', 'idx', 'vq', 'backendType'] as const;

/**
 * Whether the frame is a part of the function that its caller is: an optimising compiler cuts functions in two (GCC
 * tree-ssa-ipa-split.cc, `f.part.0`), and gdb stops in both. None of the known functions calls itself.
 */
function isPartOfNext({ frames, levels }: Backtrace, i: number): boolean {
  const [frame, next] = [frames[i], frames[i + 1]];
  if (frame === undefined || next === undefined) return false;
  return levels[i + 1] === (levels[i] ?? 0) + 1 && plainName(frame.func) === plainName(next.func);
}
