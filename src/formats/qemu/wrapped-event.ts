/** An event over several lines: mail wraps long ones at a blank, a terminal at its width. */
import type { Line } from '../gdb/pending.js';
import type { EventLine, EventLines } from './event-lines.js';

/** Mail of 60 columns needs so many for the longest event of vdpa. */
const MOST_LINES = 6;

/** No terminal is narrower. */
const NARROWEST = 72;

export class WrappedEvent {
  readonly #lines: Line[];
  readonly #events: EventLines;
  #text: string;
  /** The same without blanks where the lines end; undefined where no terminal has wrapped. */
  #tight: string | undefined;

  /** `read`: what the first line is by itself; undefined for no event. */
  constructor(
    line: Line,
    readonly read: EventLine | undefined,
    events: EventLines,
  ) {
    this.#lines = [line];
    this.#events = events;
    this.#text = line.text.trimEnd();
    this.#tight = line.text.length < NARROWEST ? undefined : line.text;
  }

  /** The lines so far: the first is `read`, the others have not been read. */
  get lines(): readonly Line[] {
    return this.#lines;
  }

  /** The event if the line ends it, `open` if more may follow; undefined where the line cannot be part of it. */
  take(line: Line): EventLine | 'open' | undefined {
    const text = line.text.trim();
    if (text === '' || line.cut || this.#lines.length >= MOST_LINES) return undefined;
    this.#lines.push(line);
    this.#text += ` ${text}`;
    if (this.#tight !== undefined) this.#tight += line.text;
    const span = { first: this.#lines[0]?.lineNo ?? line.lineNo, last: line.lineNo };
    const whole = this.#events.readJoined(this.#text, span);
    if (whole !== undefined) return whole;
    const tight =
      this.#tight === undefined ? undefined : this.#events.readJoined(this.#tight, span);
    return tight ?? 'open';
  }
}
