/**
 * Lines of gdb that are known by what was read before: frames and stops by their text or its shape, and what
 * stands directly below such a line. Of a long log that is nearly every line.
 */
import { cleanLine } from '../wrappings/clean.js';
import { splitLevel } from './frame-lines.js';
import type { FrameHead } from './frame-lines.js';
import type { FrameTable } from './frames.js';
import type { KnownStops } from './known-stops.js';
import { readThreadNotice } from './lines.js';
import type { GdbOutput } from './output.js';
import { cutPager } from './pager.js';
import type { Line } from './pending.js';
import type { GdbSession } from './session.js';

const HASH = 35;
// "Thread 5 "CPU 0/TCG" hit Breakpoint 3, ..."   "Breakpoint 3, ..."
const LETTER_T = 84;
const LETTER_B = 66;

/** Longer lines are no echo of the source. */
const LONGEST_ECHO = 1_000_000;

/** What else is under construction while lines are read. */
export interface Surroundings {
  /** Ends it; false where it may take the line that comes now. */
  readonly makeWay: () => boolean;
  /** Begins a frame that the next line may go on with. */
  readonly holdFrame: (line: Line, head: FrameHead) => void;
  readonly blank: (lineNo: number) => void;
}

export class KnownLines {
  readonly #stops: KnownStops;
  readonly #frames: FrameTable;
  readonly #session: GdbSession;
  readonly #output: GdbOutput;
  readonly #around: Surroundings;
  /** The last line that was read here. */
  #last = -1;
  /** The last one that began a frame, or the blank one below. */
  #held = -1;

  constructor(
    frames: FrameTable,
    stops: KnownStops,
    session: GdbSession,
    output: GdbOutput,
    around: Surroundings,
  ) {
    this.#stops = stops;
    this.#frames = frames;
    this.#session = session;
    this.#output = output;
    this.#around = around;
  }

  /** Reads the line if nothing else can become of it than what is known; false with nothing done if not. */
  push(raw: string, lineNo: number): boolean {
    const isKnown = this.#read(raw, lineNo);
    if (isKnown) this.#last = lineNo;
    return isKnown;
  }

  #read(raw: string, lineNo: number): boolean {
    switch (raw.charCodeAt(0)) {
      case HASH:
        return this.#readFrame(raw, lineNo);
      case LETTER_T:
      case LETTER_B:
        return this.#readStop(raw, lineNo);
    }
    // Directly below a known line nothing else is under construction that might take this one.
    if (this.#last !== lineNo - 1) return false;
    const isBelowHeld = this.#held === lineNo - 1;
    if (raw !== '')
      return !isBelowHeld && (this.#readSourceEcho(raw, lineNo) || this.#readNotice(raw, lineNo));
    if (isBelowHeld) this.#held = lineNo;
    this.#around.blank(lineNo);
    return true;
  }

  #readFrame(raw: string, lineNo: number): boolean {
    const head = splitLevel(raw);
    if (head === undefined) return false;
    const known = this.#frames.line(raw.slice(head.start));
    if (known?.frame === undefined || !this.#around.makeWay()) return false;
    if (known.becomes === 'whole') this.#session.addFrame(head.level, known.frame, lineNo, lineNo);
    else {
      this.#around.holdFrame({ text: raw, lineNo, cut: false }, head);
      this.#held = lineNo;
    }
    return true;
  }

  #readStop(raw: string, lineNo: number): boolean {
    const stop = this.#stops.whole(raw);
    if (stop === undefined || !this.#around.makeWay()) return false;
    this.#session.addStop(stop.head, stop.frame, { first: lineNo, last: lineNo });
    return true;
  }

  /** With the number of the line where the debugger stands. */
  #readSourceEcho(raw: string, lineNo: number): boolean {
    if (!raw.startsWith(`${this.#session.sourceLine}\t`) || !isPlainEcho(raw)) return false;
    this.#session.output(lineNo);
    return true;
  }

  #readNotice(raw: string, lineNo: number): boolean {
    const read = readThreadNotice(raw);
    if (read === undefined) return false;
    this.#output.readLine(read, { text: raw, lineNo, cut: false });
    return true;
  }
}

// A frame, an event, a pager's prompt or a row of a table may stand in a line that begins like one of the source.
function isPlainEcho(raw: string): boolean {
  const isPlain = cleanLine(raw) === raw && cutPager(raw) === undefined;
  return isPlain && raw.length < LONGEST_ECHO && !/[#@]|breakpoint/.test(raw);
}
