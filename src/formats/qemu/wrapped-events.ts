/** An event over several lines: mail wraps long ones at a blank, a terminal at its width. */
import type { Line } from '../gdb/pending.js';
import type { GdbSession } from '../gdb/session.js';
import type { EventLine, EventLines } from './event-lines.js';

/** Mail of 60 columns needs so many for the longest event of vdpa. */
const MOST_LINES = 6;

/** No terminal is narrower. */
const NARROWEST = 72;

/** Where lines go that were held in vain. */
export interface WrappedOut {
  /** The first, which only looked like the beginning of an event. */
  readonly words: (line: Line) => void;
  /** One behind it. */
  readonly again: (line: Line) => void;
}

/** Without a value a line is hardly an event. */
const HAS_VALUE = /^\S+ .*?[A-Za-z]{2}\W{1,4}\d/;

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
    private readonly session: GdbSession,
    private readonly out: WrappedOut,
  ) {}

  /** Adds an event, or holds it where the next line may go on with it. */
  add(line: Line, read: EventLine): void {
    if (read.mayGoOn === true && line.released !== true) this.#hold(line, read);
    else this.#addEvent(read);
  }

  /** Holds a line that is no event by itself if it begins like one. */
  begin(line: Line): boolean {
    if (line.released === true || !this.events.begins(line.text)) return false;
    this.#hold(line, undefined);
    return true;
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
      this.#addEvent(taken);
    }
    return taken !== undefined;
  }

  end(): void {
    const held = this.#held;
    if (held === undefined) return;
    this.#held = undefined;
    const [head, ...rest] = held.lines;
    if (held.read !== undefined) this.#addEvent(held.read);
    else if (head !== undefined) this.#missBeginning(head);
    for (const line of rest) this.out.again({ ...line, released: true });
  }

  #hold(line: Line, read: EventLine | undefined): void {
    this.end();
    const tight = line.text.length < NARROWEST ? undefined : line.text;
    this.#held = { lines: [line], read, text: line.text.trimEnd(), tight };
  }

  #addEvent({ record, problem }: EventLine): void {
    if (problem !== undefined) this.session.problem('EVENT_UNREAD', problem, record.span);
    this.session.addEvent(record);
  }

  /** Nothing completes what the line begins. */
  #missBeginning(line: Line): void {
    if (!HAS_VALUE.test(line.text)) {
      this.out.words({ ...line, released: true });
      return;
    }
    const span = { first: line.lineNo, last: line.lineNo };
    const message = 'an event is cut, or has arguments of no known format';
    this.session.problem('EVENT_UNREAD', message, span);
    this.session.gap(span, 'an event could not be read');
  }

  /** The event if the line ends it, `open` if more may follow; undefined where the line cannot be part of it. */
  #join(held: Held, line: Line): EventLine | 'open' | undefined {
    const text = line.text.trim();
    if (text === '' || line.cut || held.lines.length >= MOST_LINES) return undefined;
    const joined = `${held.text} ${text}`;
    const tight = held.tight === undefined ? undefined : held.tight + line.text;
    const span = { first: held.lines[0]?.lineNo ?? line.lineNo, last: line.lineNo };
    const whole =
      this.events.readJoined(joined, span) ??
      (tight === undefined ? undefined : this.events.readJoined(tight, span));
    if (whole !== undefined) return whole;
    // It is the next event.
    if (this.events.begins(line.text)) return undefined;
    held.lines.push(line);
    held.text = joined;
    held.tight = tight;
    return 'open';
  }
}
