/**
 * Gathers frames into backtraces.
 *
 * A backtrace goes on while levels rise. Lines between two of its frames (locals, source lines, a
 * remark) lie inside it; lines behind its last frame do not, so they wait until it is known which.
 */
import type { Backtrace, Frame, Span, ThreadRef } from '../../model/record.js';
import { isBare } from './frames.js';
import { SplicedStacks } from './spliced-stacks.js';
import { TornNames, TornPointers } from './torn-names.js';
import type { TornName } from './torn-names.js';
import type { LooseKind, RecordSink } from '../record-sink.js';

/** Rising levels farther apart than this are two traces: nobody wrote that much between two frames. */
const MOST_LINES_BETWEEN = 2000;

interface OpenTrace {
  readonly first: number;
  last: number;
  readonly frames: Frame[];
  /** The level of the last frame. */
  level: number;
  /** Of each frame; undefined while these are 0, 1, 2 ..., as nearly all are. */
  levels: number[] | undefined;
  /** Of each frame; undefined while each stands on the line below the one before. */
  lines: number[] | undefined;
  readonly wrapped: number[];
  /** Frames below a person's words; undefined where there are none. */
  parted: number[] | undefined;
  readonly thread: ThreadRef | undefined;
  incomplete: boolean;
}

/** A line that may stand between two frames. */
interface Waiting {
  readonly lineNo: number;
  /** `cut`: somebody says that lines were cut out here. */
  readonly kind: LooseKind | 'cut';
  readonly why?: string;
}

export class BacktraceBuilder {
  readonly #sink: RecordSink;
  readonly #names = new TornNames();
  readonly #spliced = new SplicedStacks();
  readonly #pointers = new TornPointers();
  #trace: OpenTrace | undefined;
  #waiting: Waiting[] = [];
  /** Inner frames of the trace that comes next are known to be lost. */
  #nextIncomplete = false;
  /** It was told that frames are left out. */
  #isHoleTold = false;

  constructor(sink: RecordSink) {
    this.#sink = sink;
  }

  get isOpen(): boolean {
    return this.#trace !== undefined;
  }

  /** The level that would go on with the open trace without a gap. */
  get nextLevel(): number | undefined {
    return this.#trace === undefined ? undefined : this.#trace.level + 1;
  }

  /** `thread` is that of a header directly above; only a trace that starts here takes it. */
  add(
    level: number,
    frame: Frame,
    first: number,
    last: number,
    thread: ThreadRef | undefined,
  ): void {
    const trace = this.#trace;
    if (trace !== undefined && level > trace.level) {
      const isCut = this.#waiting.length > 0 && this.#partAtWords(trace);
      if (level > trace.level + 1) {
        if (!trace.incomplete) this.#tellHole(trace.level, level, trace.last, first);
        trace.incomplete = true;
      }
      trace.incomplete ||= isCut;
      addTo(trace, level, frame, first, last);
      return;
    }
    this.close();
    this.#trace = {
      first,
      last,
      frames: [frame],
      level,
      levels: level === 0 ? undefined : [level],
      lines: undefined,
      wrapped: last > first ? [0] : [],
      parted: undefined,
      thread,
      incomplete: this.#nextIncomplete,
    };
    this.#nextIncomplete = false;
  }

  /** Once: a log that somebody has shortened may miss frames in all of its backtraces. */
  #tellHole(inner: number, outer: number, last: number, first: number): void {
    if (this.#isHoleTold) return;
    this.#isHoleTold = true;
    const message = `no frame stands between #${inner} and #${outer}: who called whom is not known there, and where it is like that below`;
    this.#sink.problem('FRAME_UNREAD', message, { first: last, last: first });
  }

  /** What stands in front of its next frame is inside of the trace; a person's words and marks part it. True for a mark. */
  #partAtWords(trace: OpenTrace): boolean {
    const isCut = this.#waiting.some(({ kind }) => kind === 'cut');
    if (isCut || this.#waiting.some(({ kind }) => kind === 'human'))
      (trace.parted ??= []).push(trace.frames.length);
    this.#waiting = [];
    return isCut;
  }

  /**
   * A frame at `level` could not be read. Returns false when no open trace can take the line: then the
   * caller records the gap, and the trace that follows is incomplete.
   */
  miss(level: number, last: number): boolean {
    if (this.#trace !== undefined && level > this.#trace.level) {
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
    if (this.#trace === undefined) this.#sink.loose(lineNo, kind);
    else this.#wait({ lineNo, kind });
  }

  /** Somebody cut lines out behind a frame of the open trace: others of it, or all up to what comes next. */
  cut(lineNo: number, why: string): void {
    this.#wait({ lineNo, kind: 'cut', why });
  }

  #wait(waiting: Waiting): void {
    this.#waiting.push(waiting);
    if (this.#waiting.length > MOST_LINES_BETWEEN) this.close();
  }

  /** Ends the open trace: a prompt, a header, a record or another tool's stack came. */
  close(): void {
    const trace = this.#trace;
    if (trace !== undefined) this.#add(toRecord(trace));
    this.#trace = undefined;
    if (this.#waiting.length === 0) return;
    for (const { lineNo, kind, why = '' } of this.#waiting) {
      if (kind !== 'cut') this.#sink.loose(lineNo, kind);
      else this.#sink.add({ kind: 'gap', span: { first: lineNo, last: lineNo }, why });
    }
    this.#waiting = [];
  }

  #add(backtrace: Backtrace): void {
    const lineOf = (frame: number): number => backtrace.lines[frame] ?? backtrace.span.first;
    const pointer = this.#pointers.see(backtrace.frames, lineOf);
    let isTorn = pointer !== undefined;
    if (pointer !== undefined) {
      const message = `${pointer.value} is elsewhere with other digits: a pointer is damaged`;
      this.#tell(message, lineOf(pointer.frame), pointer, backtrace.span);
    }
    const fresh = this.#names.fresh(backtrace.frames);
    for (const [i, frame] of backtrace.frames.slice(0, fresh).entries()) {
      const line = lineOf(i);
      const torn = this.#names.see(backtrace, i, line);
      if (torn === undefined) continue;
      isTorn = true;
      const message = `${frame.address ?? ''} is in ${frame.func} here, and elsewhere in another function: a name is damaged`;
      this.#tell(message, line, torn, backtrace.span);
    }
    const hole = backtrace.incomplete || isTorn ? undefined : this.#spliced.see(backtrace.frames);
    if (hole !== undefined) this.#tellSpliced(backtrace, hole);
    const parted = hole === undefined ? {} : { parted: [...(backtrace.parted ?? NONE), hole] };
    this.#sink.add(
      isTorn || hole !== undefined ? { ...backtrace, ...parted, incomplete: true } : backtrace,
    );
  }

  #tellSpliced({ levels, lines }: Backtrace, hole: number): void {
    const [inner, outer] = [levels[hole - 1] ?? 0, levels[hole] ?? 0];
    const message = `frames #${inner} and #${outer} are of two stacks: the lines between them are missing`;
    this.#sink.problem('FRAME_UNREAD', message, {
      first: lines[hole - 1] ?? 0,
      last: lines[hole] ?? 0,
    });
  }

  #tell(message: string, line: number, { before }: TornName, { first }: Span): void {
    const span = { first: line, last: line };
    this.#sink.problem('FRAME_UNREAD', message, span);
    if (before === undefined) return;
    const reach = { from: before, to: before };
    const at = { first, last: first - 1 };
    this.#sink.add({
      kind: 'gap',
      span: at,
      why: 'a name or a pointer in a backtrace is damaged',
      reach,
    });
  }

  /** What is missing belongs to a trace that never came. */
  forgetMissing(): void {
    this.#nextIncomplete = false;
  }
}

function addTo(trace: OpenTrace, level: number, frame: Frame, first: number, last: number): void {
  const { length } = trace.frames;
  if (trace.levels === undefined && level !== length) trace.levels = upFrom(0, length);
  if (trace.lines === undefined && first !== trace.first + length) {
    trace.lines = upFrom(trace.first, length);
  }
  if (last > first) trace.wrapped.push(length);
  trace.last = last;
  trace.level = level;
  trace.frames.push(frame);
  trace.levels?.push(level);
  trace.lines?.push(first);
}

function toRecord(trace: OpenTrace): Backtrace {
  const { first, last, frames, levels, lines, wrapped, parted, thread, incomplete } = trace;
  const backtrace: Backtrace = {
    kind: 'backtrace',
    span: { first, last },
    // Copies, because an array that grew keeps room for more, and a log has millions of them.
    frames: frames.slice(),
    levels: levels === undefined ? plainLevels(frames.length) : levels.slice(),
    lines: lines === undefined ? upFrom(first, frames.length) : lines.slice(),
    wrapped: wrapped.length === 0 ? NONE : wrapped.slice(),
    thread,
    incomplete: incomplete || hasCutFrame(frames),
  };
  return parted === undefined ? backtrace : { ...backtrace, parted };
}

/** A frame that ends with its name, among others that do not, was cut; a stack of nothing but names was typed. */
function hasCutFrame(frames: readonly Frame[]): boolean {
  let bare = 0;
  let calls = 0;
  for (const frame of frames) {
    if (frame.kind === 'call') calls++;
    if (isBare(frame)) bare++;
  }
  return bare > 0 && bare < calls;
}

const NONE: readonly number[] = [];

const levelsOfLength: (readonly number[] | undefined)[] = [];
const LONGEST_SHARED = 1000;

/** 0, 1, 2 ...: one array for all backtraces of a length. */
function plainLevels(length: number): readonly number[] {
  if (length > LONGEST_SHARED) return upFrom(0, length);
  return (levelsOfLength[length] ??= upFrom(0, length));
}

function upFrom(first: number, length: number): number[] {
  const numbers = new Array<number>(length);
  for (let i = 0; i < length; i++) numbers[i] = first + i;
  return numbers;
}
