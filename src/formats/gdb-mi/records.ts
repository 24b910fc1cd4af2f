/**
 * The records of the machine interface while they open and close: a stack that waits for its arguments,
 * a backtrace that comes through the console.
 *
 * Console frames go through the same session as those of the command line, so that both give the same
 * backtraces.
 */
import type { Backtrace, CaptureRecord, Frame, ThreadRef } from '../../model/record.js';
import { mayLieInside, toBacktrace } from './stack.js';
import type { HeldStack, StackArgs } from './stack.js';
import type { MiFrames } from './values.js';
import { GdbSession } from '../gdb/session.js';
import { RecordSink } from '../record-sink.js';

/** Console frames of one record; a hostile log has levels without end. */
const MOST_FRAMES = 4096;

const NO_ARGS: StackArgs = new Map();

export class MiRecords {
  readonly #frames: MiFrames;
  #sink = new RecordSink();
  #session = new GdbSession(this.#sink);
  #held: HeldStack | undefined;
  /** The last line that a record or a frame has. */
  #done = 0;
  #frameCount = 0;
  /** The last stack since the program stopped, and what it showed. */
  #shown: { readonly record: Backtrace; readonly key: string } | undefined;

  constructor(frames: MiFrames) {
    this.#frames = frames;
  }

  /** The first line that is not part of a record yet, not before `lineNo`. */
  freeFrom(lineNo: number): number {
    return Math.max(lineNo, this.#done + 1);
  }

  get held(): HeldStack | undefined {
    return this.#held;
  }

  add(record: CaptureRecord): void {
    const held = this.#held;
    if (held !== undefined && mayLieInside(record, held)) held.waiting.push(record);
    else {
      this.#release();
      this.#put(record);
    }
  }

  chatter(lineNo: number): void {
    this.add({ kind: 'chatter', span: { first: lineNo, last: lineNo } });
  }

  /** A prompt or an answer: nothing goes on behind it. */
  close(): void {
    this.#session.closeAll();
  }

  /** The program runs: the same stack is another one next time. */
  resume(): void {
    this.#shown = undefined;
  }

  hold(stack: HeldStack): void {
    this.#release();
    this.#held = stack;
  }

  /** The arguments of the held stack stand on line `last`. */
  merge(args: StackArgs, last: number): void {
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) this.#putStack(toBacktrace(held, args, last, this.#frames));
  }

  /** `Thread 3 (Thread 0x7f.. (LWP 7)):` of the console. */
  addHeader(thread: ThreadRef, first: number, last: number): void {
    if (first <= this.#done) return;
    this.#release();
    this.#session.addHeader(thread, { first, last });
    this.#done = last;
  }

  /** A frame of the console; undefined when it could not be read. */
  addFrame(level: number, frame: Frame | undefined, first: number, last: number): void {
    this.#release();
    const next = this.#session.nextLevel;
    const goesOn = next !== undefined && level >= next && this.#frameCount < MOST_FRAMES;
    // Two backtraces in one piece of the stream: the line belongs to the first.
    if (!goesOn && first <= this.#done) {
      this.#session.markIncomplete();
      return;
    }
    if (!goesOn) this.#session.settle();
    if (!goesOn && this.#frameCount >= MOST_FRAMES) this.#session.closeAll();
    this.#frameCount = goesOn ? this.#frameCount + 1 : 1;
    if (frame === undefined) this.#session.missFrame(level, { first, last });
    else this.#session.addFrame(level, frame, first, last);
    this.#done = last;
  }

  markIncomplete(): void {
    this.#session.markIncomplete();
  }

  /** The records that are finished. */
  take(): readonly CaptureRecord[] {
    return this.#sink.take().map((record) => this.#once(record));
  }

  /** All of them. */
  end(): readonly CaptureRecord[] {
    this.#release();
    this.#session.closeAll();
    const records = this.#sink.finish().map((record) => this.#once(record));
    this.#sink = new RecordSink();
    this.#session = new GdbSession(this.#sink);
    this.#shown = undefined;
    return records;
  }

  #release(): void {
    const held = this.#held;
    if (held === undefined) return;
    this.#held = undefined;
    this.#putStack(toBacktrace(held, NO_ARGS, held.lineNo, this.#frames));
    for (const record of held.waiting) this.#put(record);
  }

  #putStack(record: Backtrace): void {
    this.#put(record);
    this.#shown = { record, key: keyOf(record) };
  }

  #put(record: CaptureRecord): void {
    const { first, last } = record.span;
    if (record.kind === 'chatter') {
      for (let line = first; line <= last; line++) this.#session.output(line);
    } else this.#session.addOutput(record);
    this.#done = last;
  }

  /** The console's backtrace of a stack that a record has shown carries nothing new. */
  #once(record: CaptureRecord): CaptureRecord {
    const shown = this.#shown;
    if (record.kind !== 'backtrace' || shown === undefined || record === shown.record)
      return record;
    const isAgain = record.thread === undefined && keyOf(record) === shown.key;
    return isAgain ? { kind: 'chatter', span: record.span } : record;
  }
}

function keyOf({ frames, levels }: Backtrace): string {
  return frames.map(({ func }, i) => `${levels[i] ?? i} ${func}`).join('\n');
}
