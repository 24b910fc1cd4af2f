/**
 * Backtraces whose inner frames are of one stack and whose outer ones are of another: the lines between are missing, and the
 * levels go on by chance. Stacks that follow each other share their outermost frames, so that some of these come twice then, or
 * some between them are left out.
 */
import { isSameFunction } from '../../model/function-names.js';
import type { Arg, Frame } from '../../model/record.js';

/** Stacks that differ by more calls than these share fewer frames. */
const MOST_TWICE = 4;

export class SplicedStacks {
  #last: readonly Frame[] = [];
  /** The compiler may have made jumps of calls: then a caller does not stand above what it calls (gdb/dwarf2/frame-tailcall.c). */
  #isOptimised = false;

  /** The first frame below the hole in the backtrace; undefined for nearly every one. */
  see(frames: readonly Frame[]): number | undefined {
    const last = this.#last;
    this.#last = frames;
    let own = frames.length;
    for (let i = last.length - 1; own > 0 && i >= 0 && frames[own - 1] === last[i]; i--) own--;
    for (let i = 0; i < own && !this.#isOptimised; i++)
      this.#isOptimised = frames[i]?.args?.some(({ entry }) => entry !== undefined) === true;
    return twice(frames, own) ?? (this.#isOptimised ? undefined : leftOut(frames, own, last));
  }
}

/** What calls itself does so with another value somewhere, or more than once, or from where it calls itself only. */
function twice(frames: readonly Frame[], own: number): number | undefined {
  for (let i = 0; i < own; i++) {
    for (let period = 1; period <= MOST_TWICE; period++)
      if (isTwice(frames, i, period)) {
        const goesOn = isTwice(frames, i + period, period);
        return goesOn || isRecursion(frames, i, period) ? undefined : i + period;
      }
  }
  return undefined;
}

function isTwice(frames: readonly Frame[], from: number, period: number): boolean {
  for (let i = from; i < from + period; i++) if (frames[i] !== frames[i + period]) return false;
  return frames.slice(from, from + period).some(isSure);
}

/**
 * A place in the code calls one function: both times the frame above is of that, as far as it is known. Where it is not
 * shown, one frame that stands twice tells nothing else than once.
 */
function isRecursion(frames: readonly Frame[], from: number, period: number): boolean {
  const [first, second] = [frames[from - 1]?.func, frames[from + period - 1]?.func ?? ''];
  if (first === undefined) return period === 1;
  return first === '??' || second === '??' || isSameFunction(first, second);
}

/** The call that the frame is of had another caller in the last stack, which its caller here has called. */
function leftOut(
  frames: readonly Frame[],
  own: number,
  last: readonly Frame[],
): number | undefined {
  const [frame, caller] = [frames[own - 1], frames[own]];
  if (frame === undefined || caller === undefined || !isSure(frame)) return undefined;
  const at = last.indexOf(frame);
  return at >= 0 && last.indexOf(caller, at) > at + 1 ? own : undefined;
}

/** One call, and not one of two that look alike. */
function isSure(frame: Frame | undefined): boolean {
  return frame?.address !== undefined && frame.args?.some(isShown) === true;
}

function isShown({ value }: Arg): boolean {
  return value !== undefined && value !== '...' && !value.startsWith('<');
}
