/**
 * A log of a debugger that was copied page by page, where a page begins with lines of the one before: what they say
 * happened once. Pages end in the middle of a stack, so that the head of one stack goes on with the callers of another.
 */
import type { CaptureRecord, Frame } from '../../model/record.js';

/** The stacks that are looked at: a page is shorter. */
const MOST_STACKS = 1000;
/** Of those that begin alike. */
const MOST_TRIED = 16;

interface Stack {
  readonly frames: readonly Frame[];
  /** Of each frame, as its line. */
  readonly levels: readonly number[];
  readonly lines: readonly number[];
  /** The last one with the same innermost frame. */
  readonly alike: number | undefined;
}

/** Looks for a stack of two, below which the same stacks come once more, and the one that it was begun as. */
export class OverlappingPastes {
  #stacks: Stack[] = [];
  /** By its innermost frame the last stack; equal frames near each other are one object. */
  readonly #latest = new Map<Frame, number>();
  #line: number | undefined;
  /** The debugger has stopped again since the last stack. */
  #isOver = false;

  follow(record: CaptureRecord): void {
    if (record.kind === 'stop') this.#isOver = true;
    if (this.#line !== undefined || record.kind !== 'backtrace') return;
    const { frames, lines, levels } = record;
    if (this.#isSelected(record)) return;
    const [inner] = frames;
    if (levels[0] !== 0 || inner === undefined) {
      if (!this.#isOver) this.#goOn(record);
      return;
    }
    this.#isOver = false;
    if (this.#stacks.length >= MOST_STACKS) this.#forget();
    const alike = this.#latest.get(inner);
    let joint = alike;
    for (let i = 0; i < MOST_TRIED && joint !== undefined; i++) {
      this.#line ??= this.#jointLine(joint, frames);
      joint = this.#stacks[joint]?.alike;
    }
    this.#latest.set(inner, this.#stacks.length);
    this.#stacks.push({ frames, levels, lines, alike });
  }

  /** Line where the second page begins. */
  get line(): number | undefined {
    return this.#line;
  }

  /** One frame of the stack above it, as `up`, `down` and `frame 2` print. */
  #isSelected({ frames, levels }: Pick<Stack, 'frames' | 'levels'>): boolean {
    const above = this.#stacks.at(-1);
    const at = above?.levels.indexOf(levels[0] ?? -1) ?? -1;
    return frames.length === 1 && above?.frames[at] === frames[0];
  }

  /** Callers without the functions that they call are those of another page, too. */
  #goOn({ frames, levels, lines }: Omit<Stack, 'alike'>): void {
    const last = this.#stacks.pop();
    if (last === undefined) return;
    this.#stacks.push({
      frames: [...last.frames, ...frames],
      levels: [...last.levels, ...levels],
      lines: [...last.lines, ...lines],
      alike: last.alike,
    });
  }

  /** `frames`: what was printed in whole of the stack at `joint`. */
  #jointLine(joint: number, frames: readonly Frame[]): number | undefined {
    const between = this.#stacks.length - joint - 1;
    const begun = this.#stacks[joint];
    const first = this.#stacks[joint - between - 1];
    if (begun === undefined || first === undefined) return undefined;
    const own = commonLength(begun.frames, frames);
    const callers = begun.frames.slice(own);
    const isLevel = first.levels.at(-callers.length) === begun.levels[own];
    const isSpliced = callers.length > 0 && isLevel && endsWith(first.frames, callers);
    if (!isSpliced || !this.#isRepeated(joint, between)) return undefined;
    // What came that many stacks ago and comes again is what a loop does.
    if (between > 0) return isSame(first.frames, begun.frames) ? undefined : begun.lines[own];
    // One place in the code calls one function, and with the same callers not both this one and what it calls.
    const callee = first.frames.at(-callers.length - 1);
    const isOther = callee !== undefined && callee.func !== begun.frames[own - 1]?.func;
    return isOther && endsWith(frames, callers) ? begun.lines[own] : undefined;
  }

  /** So many stacks below the joint are those above it. */
  #isRepeated(joint: number, count: number): boolean {
    for (let i = 1; i <= count; i++) {
      const above = this.#stacks[joint - count - 1 + i]?.frames ?? [];
      const below = this.#stacks[joint + i]?.frames ?? [];
      if (!isSame(above, below)) return false;
    }
    return true;
  }

  #forget(): void {
    this.#stacks = [];
    this.#latest.clear();
  }
}

function commonLength(one: readonly Frame[], other: readonly Frame[]): number {
  let length = 0;
  while (length < one.length && one[length] === other[length]) length += 1;
  return length;
}

function isSame(one: readonly Frame[], other: readonly Frame[]): boolean {
  return one.length === other.length && endsWith(one, other);
}

function endsWith(frames: readonly Frame[], tail: readonly Frame[]): boolean {
  const start = frames.length - tail.length;
  return start >= 0 && tail.every((frame, i) => frame === frames[start + i]);
}
