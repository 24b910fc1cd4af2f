/** Gathers the frames of other tools into stacks. */
import type { CaptureRecord, ForeignFrame, ForeignStack, Stamp } from '../../model/record.js';
import type { ForeignLine } from './foreign-lines.js';

/** A stack of endless recursion is told in parts. */
const MOST_FRAMES = 4096;

/** Those that print a frame's place on a line of its own. */
const WITH_PLACES: ReadonlySet<ForeignStack['tool']> = new Set(['eu-stack', 'crash', 'perf']);

interface OpenStack {
  readonly tool: ForeignStack['tool'];
  readonly stamp: Stamp;
  readonly first: number;
  last: number;
  readonly frames: ForeignFrame[];
  level: number | undefined;
}

export class StackBuilder {
  #open: OpenStack | undefined;

  get isOpen(): boolean {
    return this.#open !== undefined;
  }

  /** That of the open stack. */
  get tool(): ForeignStack['tool'] | undefined {
    return this.#open?.tool;
  }

  /**
   * Adds a line; gives the stack that it ended. Undefined when the line belongs to no stack.
   * `stamp`: what is known of the task besides. `announced`: the line above says that a stack of this tool follows.
   */
  add(
    line: ForeignLine,
    lineNo: number,
    stamp: Stamp = {},
    announced?: ForeignStack['tool'],
  ): readonly CaptureRecord[] | undefined {
    switch (line.type) {
      case 'head':
        return this.#start(line.tool, { ...stamp, ...line.stamp }, lineNo);
      case 'frame':
        return this.#addFrame(line, lineNo, stamp, announced);
      case 'inside':
        return this.#open?.tool === line.tool ? this.#extend(lineNo) : undefined;
      case 'place':
        return this.#addPlace(line, lineNo);
      case 'task':
        return undefined;
    }
  }

  /** The rest of the frame that was added last came with this line. */
  replaceLast(frame: ForeignFrame, lineNo: number): void {
    this.#open?.frames.splice(-1, 1, frame);
    this.#extend(lineNo);
  }

  /** Nothing goes on with the open stack. */
  end(): readonly CaptureRecord[] {
    const open = this.#open;
    this.#open = undefined;
    if (open === undefined) return [];
    const { tool, stamp, first, last, frames } = open;
    const span = { first, last };
    // A head without frames
    if (frames.length === 0) return [{ kind: 'chatter', span }];
    return [{ kind: 'foreign-stack', span, ...stamp, tool, frames }];
  }

  #addFrame(
    { tool, level, frame, weak }: Extract<ForeignLine, { type: 'frame' }>,
    lineNo: number,
    stamp: Stamp,
    announced: ForeignStack['tool'] | undefined,
  ): readonly CaptureRecord[] | undefined {
    const goesOn = this.#goesOn(tool, level);
    const isFirst = announced === tool && (level ?? 0) === 0;
    if (weak === true && !isFirst && !(goesOn && this.#isNext(level))) return undefined;
    const ended = goesOn ? this.#extend(lineNo) : this.#start(tool, stamp, lineNo);
    this.#open?.frames.push(frame);
    if (level !== undefined && this.#open !== undefined) this.#open.level = level;
    return ended;
  }

  /** Levels rise within a stack; some lists have `[0]` on every line. */
  #goesOn(tool: ForeignStack['tool'], level: number | undefined): boolean {
    const open = this.#open;
    if (open?.tool !== tool || open.frames.length >= MOST_FRAMES) return false;
    if (level === undefined || open.level === undefined) return true;
    return level > open.level || (tool === 'listed' && level === 0 && open.level === 0);
  }

  /** No frame is missing between. */
  #isNext(level: number | undefined): boolean {
    const last = this.#open?.level;
    return level === undefined || last === undefined || level === last + 1;
  }

  #addPlace(
    { file, line }: Extract<ForeignLine, { type: 'place' }>,
    lineNo: number,
  ): readonly CaptureRecord[] | undefined {
    const open = this.#open;
    const frame = open?.frames.at(-1);
    if (open === undefined || frame === undefined || frame.file !== undefined) return undefined;
    if (!WITH_PLACES.has(open.tool)) return undefined;
    open.frames[open.frames.length - 1] = { ...frame, file, line };
    return this.#extend(lineNo);
  }

  #start(tool: ForeignStack['tool'], stamp: Stamp, lineNo: number): readonly CaptureRecord[] {
    const ended = this.end();
    this.#open = { tool, stamp, first: lineNo, last: lineNo, frames: [], level: undefined };
    return ended;
  }

  #extend(lineNo: number): readonly CaptureRecord[] {
    if (this.#open !== undefined) this.#open.last = lineNo;
    return [];
  }
}
