/**
 * Frames whose name lost a part on its way here. Nothing in such a line shows it, but gdb names the code at one address alike in
 * every backtrace (gdb/stack.c, find_frame_funname()), and what stopped alike in the stop and in the backtrace below it.
 */
import { isMaimed, lacksPart } from '../../base/maimed.js';
import type { Frame } from '../../model/record.js';

/** Addresses that are remembered; a program has as many calls on the ways to its breakpoints. */
const MOST_ADDRESSES = 16_384;

interface Named {
  frame: Frame;
  /** Of the frame that had it first. */
  line: number;
  /** More than one frame has it. */
  isSure: boolean;
}

/** What does not fit what came before. */
export interface TornName {
  /** The line with the other name, where it may be that one that is torn. */
  readonly before: number | undefined;
}

export class TornNames {
  readonly #named = new Map<string, Named>();

  /** Takes a frame of a backtrace; undefined for nearly every one. */
  see(frame: Frame, line: number): TornName | undefined {
    const { address, kind } = frame;
    if (address === undefined || kind !== 'call') return undefined;
    const named = this.#named.get(address);
    if (named === undefined) {
      if (this.#named.size >= MOST_ADDRESSES) this.#named.clear();
      this.#named.set(address, { frame, line, isSure: false });
      return undefined;
    }
    if (named.frame.func === frame.func) {
      named.isSure = true;
      return undefined;
    }
    const isTorn = isTornPair(named.frame, frame);
    const before = isTorn && !named.isSure ? named.line : undefined;
    // Another program may have other code there.
    if (!named.isSure) this.#named.set(address, { frame, line, isSure: false });
    return isTorn ? { before } : undefined;
  }
}

/** What is made up may have one address everywhere: the rest of the name has to tell. Without symbols it is `??`. */
function isTornPair(before: Frame, frame: Frame): boolean {
  if (!isAtOnePlace(before, frame) || before.func === '??') return false;
  return frame.func === '??' || isMaimed(before.func, frame.func);
}

function isAtOnePlace(one: Frame, other: Frame): boolean {
  return one.line === other.line && one.file === other.file;
}

/** The stop and frame 0 of its backtrace are of one place, and not of one call. */
export function isTornStop(stop: Frame, frame: Frame): boolean {
  if (!isAtOnePlace(stop, frame)) return false;
  if (stop.func !== frame.func) return true;
  const values = new Map(frame.args?.map(({ name, value }) => [name, value]));
  return (stop.args ?? []).some(({ name, value = '' }) =>
    isMaimed(value, values.get(name) ?? value),
  );
}

/** Pointers that a function hands on, by what they are called on the way. */
const HANDED_ON: ReadonlyMap<string, string> = new Map([
  ['dev', 'vhost_dev'],
  ['hdev', 'vhost_dev'],
  ['vdev', 'VirtIODevice'],
  ['vq', 'vhost_virtqueue'],
  ['listener', 'MemoryListener'],
]);

/** In one stack `dev=0x5555573f9c50` and `dev=0x5555573`. */
export function hasTornPointer(frames: readonly Frame[]): boolean {
  const whole = new Map<string, string>();
  for (const { args } of frames) {
    for (const { name, value } of args ?? []) {
      const what = HANDED_ON.get(name);
      if (what === undefined || value?.startsWith('0x') !== true || value === '0x0') continue;
      const other = whole.get(what);
      if (other !== undefined && (lacksPart(other, value) || lacksPart(value, other))) return true;
      whole.set(what, value);
    }
  }
  return false;
}
