/**
 * Frames whose name lost a part on its way here. Nothing in such a line shows it, but gdb names the code at one address alike in
 * every backtrace (gdb/stack.c, find_frame_funname()), and what stopped alike in the stop and in the backtrace below it.
 */
import { isMaimed, lacksPart } from '../../base/maimed.js';
import { isSameFunction } from '../../model/function-names.js';
import type { Arg, Backtrace, Frame } from '../../model/record.js';

/** Addresses that are remembered; a program has as many calls on the ways to its breakpoints. */
const MOST_ADDRESSES = 16_384;

/** Calls that are inlined into each other; compilers stop earlier. */
const MOST_INLINED = 16;

interface Named {
  readonly frame: Frame;
  /** Of the frame that had it first. */
  readonly line: number;
  /** More than one frame has it. */
  isSure: boolean;
}

/** What does not fit what came before. */
export interface TornName {
  /** The line with the other name, where it may be that one that is torn. */
  readonly before: number | undefined;
}

export class TornNames {
  /** By address: what is inlined there, and what that is inlined into, have one. */
  readonly #named = new Map<string, Named[]>();
  /** The last backtrace, and how many of its outermost frames the one before had, too. */
  #last: readonly Frame[] = [];
  #shared = 0;

  /** So many inner frames of a backtrace are to be seen: the others came twice, and thousands of backtraces have them. */
  fresh(frames: readonly Frame[]): number {
    const last = this.#last;
    const most = Math.min(frames.length, last.length);
    let shared = 0;
    while (shared < most && frames.at(-1 - shared) === last.at(-1 - shared)) shared++;
    const known = Math.min(shared, this.#shared);
    this.#last = frames;
    this.#shared = shared;
    return frames.length - known;
  }

  /** Takes a frame of a backtrace, by its place there; undefined for nearly every one. */
  see(backtrace: Backtrace, at: number, line: number): TornName | undefined {
    const frame = backtrace.frames[at];
    if (frame?.address === undefined || frame.kind !== 'call') return undefined;
    const { address, func } = frame;
    const named = this.#named.get(address);
    if (named === undefined) {
      if (this.#named.size >= MOST_ADDRESSES) this.#forget();
      this.#named.set(address, [{ frame, line, isSure: false }]);
      return undefined;
    }
    const own = named.find((known) => isSameFunction(known.frame.func, func));
    if (own !== undefined) {
      own.isSure = true;
      return undefined;
    }
    const beside = inlinedBeside(backtrace, at);
    const others = named.filter(
      (known) => !beside.some((inlined) => isSameFunction(inlined, known.frame.func)),
    );
    const torn = others.find((known) => isTornPair(known.frame, frame));
    this.#put(named, torn, { frame, line, isSure: false }, others.length < named.length);
    if (torn === undefined) return undefined;
    // It is told each time.
    this.#last = [];
    return { before: torn.isSure ? undefined : torn.line };
  }

  /** `isInlined`: what has the address besides stands beside it. */
  #put(named: Named[], torn: Named | undefined, fresh: Named, isInlined: boolean): void {
    if (torn !== undefined) {
      if (!torn.isSure) named.splice(named.indexOf(torn), 1, fresh);
    } else if (isInlined) {
      if (named.length < MOST_INLINED) named.push(fresh);
      // Another program may have other code there.
    } else if (!named.some(({ isSure }) => isSure)) named.splice(0, named.length, fresh);
  }

  #forget(): void {
    this.#named.clear();
    this.#last = [];
  }
}

/**
 * Functions of the frames right above and below that have the address of the frame: gdb prints what is inlined with the
 * address of what it is inlined into (gdb/inline-frame.c).
 */
function inlinedBeside({ frames, levels }: Backtrace, at: number): readonly string[] {
  const beside: string[] = [];
  for (const step of [-1, 1])
    for (let i = at + step; frames[i]?.address === frames[at]?.address; i += step) {
      const isNext = (levels[i] ?? 0) === (levels[i - step] ?? 0) + step;
      if (!isNext || beside.length > 2 * MOST_INLINED) break;
      beside.push(frames[i]?.func ?? '');
    }
  return beside;
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
  // One text twice: so it is with nearly all.
  if (stop === frame || stop.file === undefined || !isAtOnePlace(stop, frame)) return false;
  if (!isSameFunction(stop.func, frame.func)) return true;
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

/** Values of one kind that are remembered; a capture has as many devices and rings. */
const MOST_POINTERS = 256;

/** Digits of a pointer that is no made-up one; all of a process have as many. */
const LEAST_LONG = '0x5555573f9c'.length;

/** A pointer that does not fit another. */
export interface TornPointer extends TornName {
  readonly frame: number;
  readonly value: string;
}

interface Shown {
  readonly line: number;
  isSure: boolean;
}

/** Pointers that lost digits, or have some twice: the same object with all of them stands elsewhere. */
export class TornPointers {
  readonly #shown = new Map<string, Map<string, Shown>>();

  /** Takes the frames of a backtrace; undefined for nearly every one. */
  see(frames: readonly Frame[], lineOf: (frame: number) => number): TornPointer | undefined {
    let torn: TornPointer | undefined;
    const inStack = new Map<string, string>();
    // A log has millions of frames: an iterator for each of them would take longer than all else here.
    for (let frame = 0; frame < frames.length; frame++) {
      const { args = NONE } = frames[frame] ?? {};
      for (const { name, value } of args) {
        const what = HANDED_ON.get(name);
        if (what === undefined || value?.startsWith('0x') !== true || value === '0x0') continue;
        const other = inStack.get(what);
        if (other === value) continue;
        inStack.set(what, value);
        const before = this.#before(what, value, lineOf(frame));
        const isTorn = other !== undefined && lacksDigits(other, value);
        if (isTorn || before !== undefined) torn ??= { frame, value, before: before?.line };
      }
    }
    return torn;
  }

  /** Where another value stands of which this one may be a part, or which may be a part of this; without line where that one is sure. */
  #before(what: string, value: string, line: number): { line: number | undefined } | undefined {
    const shown = this.#shown.get(what) ?? new Map<string, Shown>();
    this.#shown.set(what, shown);
    const own = shown.get(value);
    if (own !== undefined) {
      own.isSure = true;
      return undefined;
    }
    if (shown.size >= MOST_POINTERS || !ADDRESS.test(value)) return undefined;
    shown.set(value, { line, isSure: false });
    for (const [other, { line: first, isSure }] of shown)
      if (isPartOfLong(other, value)) return { line: isSure ? undefined : first };
    return undefined;
  }
}

const NONE: readonly Arg[] = [];

const ADDRESS = /^0x[\da-f]{1,16}$/;

function isPartOfLong(one: string, other: string): boolean {
  const [short, long] = one.length < other.length ? [one, other] : [other, one];
  return long.length >= LEAST_LONG && 2 * short.length >= long.length && lacksPart(short, long);
}

function lacksDigits(one: string, other: string): boolean {
  return lacksPart(one, other) || lacksPart(other, one);
}
