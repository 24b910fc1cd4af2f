/** An event over several lines: mail wraps long ones at a blank, a terminal at its width. */
import type { Line } from '../gdb/pending.js';
import type { EventLine, EventLines } from './event-lines.js';

/** Mail of 60 columns needs so many for the longest event of vdpa. */
const MOST_LINES = 6;

/** No terminal is narrower. */
const NARROWEST = 72;

/** Where lines go that are held no more. */
export interface WrappedOut {
  /** What is one event, of one line or several. */
  readonly event: (read: EventLine) => void;
  /** A first line that is no event by itself, and that nothing completes. */
  readonly beginning: (line: Line) => void;
  /** One behind the first. */
  readonly again: (line: Line) => void;
}

interface Held {
  readonly lines: Line[];
  /** What the first line is by itself; undefined for no event. */
  readonly read: EventLine | undefined;
  text: string;
  /** The same without blanks where the lines end; undefined where no terminal has wrapped. */
  tight: string | undefined;
}

export class WrappedEvents {
  #held: Held | undefined;

  constructor(
    private readonly events: EventLines,
    private readonly out: WrappedOut,
  ) {}

  /** Holds a line that may be the beginning of an event. */
  hold(line: Line, read: EventLine | undefined): void {
    this.end();
    const tight = line.text.length < NARROWEST ? undefined : line.text;
    this.#held = { lines: [line], read, text: line.text.trimEnd(), tight };
  }

  get isOpen(): boolean {
    return this.#held !== undefined;
  }

  /** Takes a line that goes on with what is held; what it does not go on with ends before it. */
  take(line: Line): boolean {
    const held = this.#held;
    if (held === undefined) return false;
    const taken = this.#join(held, line);
    if (taken === undefined) this.end();
    else if (taken !== 'open') {
      this.#held = undefined;
      this.out.event(taken);
    }
    return taken !== undefined;
  }

  end(): void {
    const held = this.#held;
    if (held === undefined) return;
    this.#held = undefined;
    const [head, ...rest] = held.lines;
    if (held.read !== undefined) this.out.event(held.read);
    else if (head !== undefined) this.out.beginning(head);
    for (const line of rest) this.out.again(line);
  }

  /** The event if the line ends it, `open` if more may follow; undefined where the line cannot be part of it. */
  #join(held: Held, line: Line): EventLine | 'open' | undefined {
    const text = line.text.trim();
    if (text === '' || line.cut || held.lines.length >= MOST_LINES) return undefined;
    held.lines.push(line);
    held.text += ` ${text}`;
    if (held.tight !== undefined) held.tight += line.text;
    const span = { first: held.lines[0]?.lineNo ?? line.lineNo, last: line.lineNo };
    const whole = this.events.readJoined(held.text, span);
    if (whole !== undefined) return whole;
    const tight = held.tight === undefined ? undefined : this.events.readJoined(held.tight, span);
    return tight ?? 'open';
  }
}
