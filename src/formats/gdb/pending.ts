/** Lines that may be one frame, stop, location or row, held until it is known where they end. */
import { isEmptyQuote, splitMargin } from '../clean.js';
import { Joint, MOST_LINES } from './join.js';
import { isBarrier } from './lines.js';

/** A line on its way through the reader. */
export interface Line {
  /** Without controls and pager text. */
  readonly text: string;
  readonly lineNo: number;
  /** The pager cut the line here, in mid-word. */
  readonly cut: boolean;
  /** It was held once, in vain; joining it with many lines again would cost as many times the time. */
  readonly released?: boolean;
}

/** Lines that may be joined behind one that was released. */
const MOST_RELEASED_LINES = 4;

/** A text whose end is not yet known, and the lines it came from. */
export class Pending {
  readonly joint: Joint;
  readonly lines: Line[];
  /** The first line stood behind a margin, so the others do. */
  readonly #quoted: boolean;
  /** Lines that it may take in all. */
  readonly #room: number;
  #last: number;

  /** `weak`: a name alone, a frame only if a trace goes on, or its list follows. */
  constructor(
    readonly what: 'frame' | 'stop' | 'location' | 'row' | 'finish',
    text: string,
    line: Line,
    readonly level: number,
    readonly weak: boolean,
  ) {
    this.joint = new Joint(text, line.text, line.cut);
    this.lines = [line];
    this.#quoted = what === 'frame' && !/^[ \t]*#/.test(line.text);
    this.#room = line.released === true ? MOST_RELEASED_LINES : MOST_LINES;
    this.#last = line.lineNo;
  }

  /** The line where the text ends so far. */
  get last(): number {
    return this.#last;
  }

  /** Lines skipped behind that: they were not inside after all. */
  get trailing(): readonly Line[] {
    return this.lines.filter(({ lineNo }) => lineNo > this.#last);
  }

  /** Takes the line if it goes on with this text; never over a blank line, a prompt or a new frame. */
  take(line: Line): boolean {
    if (this.lines.length >= this.#room) return false;
    if (this.joint.cut) return this.#append(line, line.text);
    if (line.text.trim() === '') return false;
    if (isEmptyQuote(line.text)) return this.skip(line);
    const text = this.#continuation(line);
    return text !== undefined && this.#append(line, text);
  }

  /** The whole text, if the line goes on with it. */
  textWith(line: Line): string | undefined {
    const text = this.#continuation(line);
    return text === undefined ? undefined : `${this.joint.text} ${text.trim()}`;
  }

  /** The line without its margin; undefined where it does not go on with this text. */
  #continuation(line: Line): string | undefined {
    const { rest } = splitMargin(line.text);
    if (isBarrier(rest)) return undefined;
    const isQuoted = this.#quoted || (/^[ \t]*>/.test(line.text) && !this.joint.inAngle);
    const text = isQuoted ? rest : line.text.trimStart();
    return this.joint.wants(text) ? text : undefined;
  }

  /** The line lies inside this text without being part of it: a pager's prompt, an empty quote. */
  skip(line: Line): true {
    this.lines.push(line);
    return true;
  }

  #append(line: Line, text: string): true {
    this.joint.append(line.text, text, line.cut);
    this.#last = line.lineNo;
    return this.skip(line);
  }
}
