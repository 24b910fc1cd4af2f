/** How the thread of a stack began: what its outermost frames show never changes as long as it lives. */
import type { Frame } from '../../model/record.js';
import { argText, pointerOf } from '../../model/values.js';
import { plainName } from '../functions.js';
import type { FrameMeaning } from './frame-meaning.js';

export interface ThreadRoot {
  /** It is the thread that the program began with. */
  readonly isMain: boolean;
  /** The function that the thread was made for; undefined for the main thread, and where it is not shown. */
  readonly begin: Frame | undefined;
}

const OF_MAIN = /^(?:main$|_start$|__libc_start_)/;

/** A coroutine has a stack of its own, in whichever thread it runs. */
const COROUTINE = 'coroutine_trampoline';

/** It calls what the thread was made for; where clone3() seems to do so, frames were taken out. */
const STARTS = /^(?:qemu_thread_start|start_thread)$/;

/** Frames of the C library and of QEMU around the first function of a thread, at most. */
const MOST_OUTERMOST = 8;

/** Undefined where the stack does not reach the outermost functions of its thread. */
export function rootOf(
  frames: readonly Frame[],
  meanings: readonly FrameMeaning[],
): ThreadRoot | undefined {
  let isMain = false;
  let at = -1;
  for (let i = frames.length - 1; i >= Math.max(0, frames.length - MOST_OUTERMOST); i--) {
    const func = frames[i]?.func ?? '';
    if (meanings[i]?.isOutermost !== true) continue;
    if (func === COROUTINE) return undefined;
    isMain ||= OF_MAIN.test(func);
    at = i;
  }
  if (at < 0) return undefined;
  const isStart = !isMain && STARTS.test(frames[at]?.func ?? '');
  return { isMain, begin: isStart ? frames[at - 1] : undefined };
}

/** No thread has both. */
export function areOfTwoThreads(one: ThreadRoot, other: ThreadRoot): boolean {
  if (one.isMain !== other.isMain) return true;
  const [a, b] = [one.begin, other.begin];
  if (a === undefined || b === undefined || a === b) return false;
  if (a.func === '??' || b.func === '??') return false;
  if (plainName(a.func) !== plainName(b.func)) return true;
  return (a.args ?? []).some(({ name }) => {
    const [own, its] = [pointerOf(argText(a, name)), pointerOf(argText(b, name))];
    return own !== undefined && its !== undefined && own !== its;
  });
}

/** As {@link areOfTwoThreads}, also of stacks from which somebody may have taken frames. */
export function areSurelyOfTwoThreads(one: ThreadRoot, other: ThreadRoot): boolean {
  return (
    [one, other].every((root) => root.isMain || isOfThread(root)) && areOfTwoThreads(one, other)
  );
}

/** What the thread was made for is called once: frames between are missing, and the inner ones are of another stack. */
export function beginsTwice(frames: readonly Frame[], root: ThreadRoot | undefined): boolean {
  const begin = root?.begin;
  if (root === undefined || begin === undefined || !isOfThread(root)) return false;
  return frames.some((frame) => frame !== begin && frame.func === begin.func);
}

/** Where frames were taken out, the thread seems to begin with what is left. */
function isOfThread({ begin }: ThreadRoot): boolean {
  return begin?.func.includes('thread') === true;
}
