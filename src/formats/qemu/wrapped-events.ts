/** An event over several lines: mail wraps long ones at a blank, a terminal at its width. */
import type { Line } from '../gdb/pending.js';
import type { GdbSession } from '../gdb/session.js';
import type { EventLine, EventLines } from './event-lines.js';
import type { Joining } from './wrap-joints.js';

/** Mail of 60 columns needs so many for the longest event of vdpa. */
const MOST_LINES = 6;

/** Where lines go that were held in vain. */
export interface WrappedOut {
  /** The first, which only looked like the beginning of an event. */
  readonly words: (line: Line) => void;
  /** One behind it. */
  readonly again: (line: Line) => void;
}

/** Without a value a line is hardly an event. */
const HAS_VALUE = /^\S+ .*?[A-Za-z]{2}\W{1,4}\d/;

/** What a number that was broken may end with, no word such as "added"; and a name. */
const NUMBER = /^[\da-fA-F]*\d[\da-fA-F]*$/;
const WORD = /^[\w.-]+$/;

interface Held {
  readonly lines: Line[];
  /** What the first lines are by themselves; undefined for no event. */
  read: EventLine | undefined;
  /** How many lines that takes, where it is an event with all its arguments. */
  whole: number;
}

export class WrappedEvents {
  #held: Held | undefined;

  constructor(
    private readonly events: EventLines,
    private readonly session: GdbSession,
    private readonly out: WrappedOut,
  ) {}

  /** Holds an event, since the next line may go on with it. */
  add(line: Line, read: EventLine): void {
    if (line.released === true || (read.record.kind !== 'event' && read.mayGoOn !== true)) {
      this.end();
      this.#addEvent(read);
    } else this.#hold(line, read);
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
    const isTaken = this.#join(held, line);
    if (!isTaken) this.end();
    return isTaken;
  }

  end(): void {
    const held = this.#held;
    if (held === undefined) return;
    this.#held = undefined;
    const { lines, read, whole } = held;
    const [head] = lines;
    if (read !== undefined) this.#addEvent(read);
    else if (head !== undefined) this.#missBeginning(head);
    for (let i = Math.max(whole, 1); i < lines.length; i++) {
      const line = lines[i];
      if (line !== undefined) this.out.again({ ...line, released: true });
    }
  }

  #hold(line: Line, read: EventLine | undefined): void {
    this.end();
    this.events.joints.see(line.text);
    const isWhole = read !== undefined && read.mayGoOn !== true && !this.#mayBeCut(line, read);
    this.#held = { lines: [line], read, whole: isWhole ? 1 : 0 };
  }

  /** Inside of its name, which nobody knows then. */
  #mayBeCut({ text }: Line, { record }: EventLine): boolean {
    if (record.kind !== 'event' || record.args !== undefined || record.text !== '') return false;
    return this.events.joints.isLongest(text);
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

  /** False where the line cannot be part of what is held. */
  #join(held: Held, line: Line): boolean {
    const { lines, whole } = held;
    if (line.text.trim() === '' || line.cut || lines.length >= MOST_LINES) return false;
    const texts = [...lines, line].map(({ text }) => text);
    const joining = this.events.joints.join(texts);
    const how = joining && (whole === 0 ? howWell(joining) : this.#goesOn(held, joining, texts));
    if (joining !== undefined && how !== undefined) return this.#use(how, joining, held, line);
    // It is the next event, or a line of something else.
    if (whole > 0 || this.events.begins(line.text)) return false;
    lines.push(line);
    return true;
  }

  #use(how: How, joining: Joining, held: Held, line: Line): boolean {
    const { lines } = held;
    if (how !== 'cut') lines.push(line);
    const span = {
      first: lines[0]?.lineNo ?? line.lineNo,
      last: lines.at(-1)?.lineNo ?? line.lineNo,
    };
    held.whole = lines.length;
    if (how === 'known') {
      this.events.joints.learn(
        joining,
        lines.map(({ text }) => text),
      );
      held.read = this.events.readJoined(joining.text, span);
    } else held.read = this.events.missJoined(span);
    return how !== 'cut';
  }

  /** What is held is an event without the last line, which may be of something else. */
  #goesOn({ read }: Held, joining: Joining, texts: readonly string[]): How | undefined {
    if (read?.record.kind !== 'event') return undefined;
    const last = texts.at(-1)?.trim() ?? '';
    // What has words of the event's format is hardly of anything else.
    const isValue = Object.values(joining.args).some((value) => value.endsWith(last));
    if (!isValue || Object.values(read.record.args ?? {}).at(-1) === '') return howWell(joining);
    const above = texts.at(-2) ?? '';
    const isOneWord = !/\s/.test(last);
    if (this.events.joints.isHardWidth(above.length)) return isOneWord ? howWell(joining) : 'cut';
    const isRest = NUMBER.test(last) || (this.events.joints.isLongest(above) && WORD.test(last));
    return isRest && joining.gaps.at(-1) === '' ? 'unknown' : undefined;
  }
}

/** `cut`: the value of what is held goes on, and nobody knows whether in the next line. */
type How = 'known' | 'unknown' | 'cut';

function howWell({ isKnown }: Joining): How {
  return isKnown ? 'known' : 'unknown';
}
