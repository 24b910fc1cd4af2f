/**
 * The text of gdb that is held until it is known where it ends: a frame, a stop, a location or a row, one at a time. Which
 * lines go on with it is said in pending.ts, what record it becomes in finish-pending.ts.
 */
import { leveledText } from './frame-lines.js';
import { finishPending } from './finish-pending.js';
import type { FrameTable } from './frames.js';
import type { Joint } from './join.js';
import { startsStop } from './lines.js';
import { Pending } from './pending.js';
import type { Line } from './pending.js';
import type { GdbSession } from './session.js';

/** Where lines go that were held in vain. */
export interface HeldOut {
  /** The first, which is no record, whatever it looks like. */
  readonly words: (line: Line) => void;
  /** One that is to be read as if it had never been held. */
  readonly again: (line: Line) => void;
}

export class HeldText {
  #pending: Pending | undefined;

  constructor(
    private readonly session: GdbSession,
    private readonly frames: FrameTable,
    private readonly out: HeldOut,
  ) {}

  get isOpen(): boolean {
    return this.#pending !== undefined;
  }

  /** Holds a text, or adds its record if it is whole; `level` and `weak` as in {@link Pending}. */
  hold(what: Pending['what'], text: string, line: Line, level = 0, weak = false): Joint {
    const pending = new Pending(what, text, line, level, weak);
    this.#pending = pending;
    if (pending.joint.complete) this.#finish(pending, false);
    return pending.joint;
  }

  /** Takes a line that goes on with what is held; what it does not go on with ends before it. */
  take(line: Line): boolean {
    while (this.#pending !== undefined) {
      const pending = this.#pending;
      const taken = pending.take(line);
      if (!taken || pending.isWhole) this.#finish(pending, false);
      if (taken) return true;
    }
    return false;
  }

  /** Takes a line that lies inside the text without being part of it. */
  skip(line: Line): boolean {
    return this.#pending?.skip(line) ?? false;
  }

  /** `ended`: the input ends here, too. */
  end(ended = false): void {
    while (this.#pending !== undefined) this.#finish(this.#pending, ended);
  }

  /** The same; false where the pager cut the text, which may go on. */
  endUncut(): boolean {
    while (this.#pending !== undefined) {
      if (this.#pending.joint.cut) return false;
      this.#finish(this.#pending, false);
    }
    return true;
  }

  /** The line begins a frame or a stop, or goes on with what is held. */
  isFrameOrStop(line: Line): boolean {
    const frame = leveledText(line.text, this.session.nextLevel);
    if (frame !== undefined) return frame.looks !== 'none';
    return startsStop(line.text) || this.#pending?.textWith(line) !== undefined;
  }

  /** The line is a frame of a lower level than this one, or ends one that is held. */
  isFrameBelow(level: number, line: Line): boolean {
    const own = leveledText(line.text, this.session.nextLevel);
    if (own !== undefined) {
      const isLower = own.looks !== 'none' && own.level < level;
      return isLower && this.frames.read(own.text) !== undefined;
    }
    const pending = this.#pending;
    if (pending?.what !== 'frame' || pending.level >= level) return false;
    const whole = pending.textWith(line);
    return whole !== undefined && this.frames.read(whole) !== undefined;
  }

  #finish(pending: Pending, ended: boolean): void {
    this.#pending = undefined;
    const { lines, how } = finishPending(pending, ended, this.session, this.frames);
    const [head, ...rest] = lines;
    if (head === undefined) return;
    if (how === 'prose') this.out.words(head);
    else this.out.again({ ...head, released: true });
    for (const line of rest) this.out.again({ ...line, released: true });
  }
}
