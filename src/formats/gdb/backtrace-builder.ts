/**
 * Gathers frames into backtraces.
 *
 * A backtrace goes on while levels rise. Lines between two of its frames (locals, source lines, a
 * remark) lie inside it; lines behind its last frame do not, so they wait until it is known which.
 */
import type { Backtrace, Frame, ThreadRef } from '../../model/record.js';
import { isBare } from './frames.js';
import type { LooseKind, RecordSink } from '../record-sink.js';

/** Rising levels farther apart than this are two traces: nobody wrote that much between two frames. */
const MOST_LINES_BETWEEN = 2000;

interface OpenTrace {
  readonly first: number;
  last: number;
  readonly frames: Frame[];
  readonly levels: number[];
  readonly lines: number[];
  readonly wrapped: number[];
  readonly thread: ThreadRef | undefined;
  incomplete: boolean;
}

export class BacktraceBuilder {
  readonly #sink: RecordSink;
  #trace: OpenTrace | undefined;
  #waiting: { readonly lineNo: number; readonly kind: LooseKind }[] = [];
  /** Inner frames of the trace that comes next are known to be lost. */
  #nextIncomplete = false;

  constructor(sink: RecordSink) {
    this.#sink = sink;
  }

  get isOpen(): boolean {
    return this.#trace !== undefined;
  }

  /** The level that would go on with the open trace without a gap. */
  get nextLevel(): number | undefined {
    const level = this.#trace?.levels.at(-1);
    return level === undefined ? undefined : level + 1;
  }

  /** `thread` is that of a header directly above; only a trace that starts here takes it. */
  add(
    level: number,
    frame: Frame,
    first: number,
    last: number,
    thread: ThreadRef | undefined,
  ): void {
    const before = this.#trace?.levels.at(-1);
    if (this.#trace !== undefined && before !== undefined && level > before) {
      this.#waiting = [];
      if (level > before + 1) this.#trace.incomplete = true;
      if (last > first) this.#trace.wrapped.push(this.#trace.frames.length);
      this.#trace.last = last;
      this.#trace.frames.push(frame);
      this.#trace.levels.push(level);
      this.#trace.lines.push(first);
      return;
    }
    this.close();
    this.#trace = {
      first,
      last,
      frames: [frame],
      levels: [level],
      lines: [first],
      wrapped: last > first ? [0] : [],
      thread,
      incomplete: this.#nextIncomplete,
    };
    this.#nextIncomplete = false;
  }

  /**
   * A frame at `level` could not be read. Returns false when no open trace can take the line: then the
   * caller records the gap, and the trace that follows is incomplete.
   */
  miss(level: number, last: number): boolean {
    const before = this.#trace?.levels.at(-1);
    if (this.#trace !== undefined && before !== undefined && level > before) {
      this.#waiting = [];
      this.#trace.incomplete = true;
      this.#trace.last = last;
      return true;
    }
    this.close();
    this.#nextIncomplete = true;
    return false;
  }

  /** Outer frames are known to be lost. */
  markIncomplete(): void {
    if (this.#trace !== undefined) this.#trace.incomplete = true;
  }

  loose(lineNo: number, kind: LooseKind): void {
    if (this.#trace === undefined) {
      this.#sink.loose(lineNo, kind);
      return;
    }
    this.#waiting.push({ lineNo, kind });
    if (this.#waiting.length > MOST_LINES_BETWEEN) this.close();
  }

  /** Ends the open trace: a prompt, a header, a record or another tool's stack came. */
  close(): void {
    const trace = this.#trace;
    if (trace !== undefined) this.#sink.add(toRecord(trace));
    this.#trace = undefined;
    for (const { lineNo, kind } of this.#waiting) this.#sink.loose(lineNo, kind);
    this.#waiting = [];
  }

  /** What is missing belongs to a trace that never came. */
  forgetMissing(): void {
    this.#nextIncomplete = false;
  }
}

function toRecord(trace: OpenTrace): Backtrace {
  const { first, last, thread, incomplete } = trace;
  return {
    kind: 'backtrace',
    span: { first, last },
    // Copies, because an array that grew keeps room for more, and a log has millions of them.
    frames: trace.frames.slice(),
    levels: levelsOf(trace.levels),
    lines: trace.lines.slice(),
    wrapped: trace.wrapped.length === 0 ? NONE : trace.wrapped.slice(),
    thread,
    incomplete: incomplete || hasCutFrame(trace.frames),
  };
}

/** A frame that ends with its name, among others that do not, was cut; a stack of nothing but names was typed. */
function hasCutFrame(frames: readonly Frame[]): boolean {
  const calls = frames.filter(({ kind }) => kind === 'call');
  return calls.some(isBare) && !calls.every(isBare);
}

const NONE: readonly number[] = [];

/** 0, 1, 2 ... up to a length, by that length: nearly every backtrace has these levels. */
const plainLevels: (readonly number[] | undefined)[] = [];
const LONGEST_PLAIN = 1000;

function levelsOf(levels: readonly number[]): readonly number[] {
  const { length } = levels;
  if (length > LONGEST_PLAIN || levels.some((level, i) => level !== i)) return levels.slice();
  return (plainLevels[length] ??= levels.slice());
}
