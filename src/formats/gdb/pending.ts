/** Lines that may be one frame, stop, location or row, held until it is known where they end. */
import { isEmptyQuote, splitMargin } from '../wrappings/clean.js';
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
  /** More of the line follows, which has a record of its own. */
  readonly goesOn?: boolean;
}

/** Lines that may be joined behind one that was released. */
const MOST_RELEASED_LINES = 4;

const MAY_HAVE_BLANKS: ReadonlySet<Pending['what']> = new Set(['frame', 'stop', 'location']);

const FENCE = /^[ \t]{0,3}`{3,}[ \t]*$/;

/** A text whose end is not yet known, and the lines it came from. */
export class Pending {
  readonly joint: Joint;
  readonly lines: Line[];
  /** The first line stood behind a margin, so the others do. */
  readonly #quoted: boolean;
  /** Lines that it may take in all. */
  readonly #room: number;
  #last: number;
  /** The line above was blank: between each two lines there may be one more. */
  #isBehindBlank = false;
  /** A fence of Markdown is open inside of it. */
  #isFenced = false;

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

  /** Nothing that follows belongs to it. */
  get isWhole(): boolean {
    return this.joint.complete && !this.#isFenced;
  }

  /** The line where the text ends so far. */
  get last(): number {
    return this.#last;
  }

  /** Lines skipped behind that: they were not inside after all. */
  get trailing(): readonly Line[] {
    return this.lines.filter(({ lineNo }) => lineNo > this.#last);
  }

  /**
   * Takes the line if it goes on with this text; never over a prompt or a new frame, and over one blank line only where nothing
   * else looks like that.
   */
  take(line: Line): boolean {
    if (this.lines.length >= this.#room) return false;
    if (this.joint.cut) return this.#append(line, line.text);
    if (FENCE.test(line.text)) return this.#takeFence(line);
    if (this.joint.complete) return false;
    if (line.text.trim() === '') return this.#takeBlank(line);
    if (isEmptyQuote(line.text)) return this.skip(line);
    const text = this.#continuation(line);
    if (text === undefined || (this.#isBehindBlank && !this.joint.surelyWants(text))) return false;
    return this.#append(line, text);
  }

  /** Trackers that were imported put the place of a frame into a block of code of its own, and lost nothing of it. */
  #takeFence(line: Line): boolean {
    if (this.#isFenced && this.joint.complete) {
      this.#isFenced = false;
      this.#last = line.lineNo;
      return this.skip(line);
    }
    if (this.#isFenced || this.what !== 'frame' || this.joint.open) return false;
    if (!this.joint.text.endsWith(')')) return false;
    this.#isFenced = true;
    this.#isBehindBlank = true;
    return this.skip(line);
  }

  /** Text that was copied with an empty line below each. */
  #takeBlank(line: Line): boolean {
    if (this.#isFenced) return this.skip(line);
    if (this.#isBehindBlank || !MAY_HAVE_BLANKS.has(this.what)) return false;
    this.#isBehindBlank = true;
    return this.skip(line);
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
    this.#isBehindBlank = false;
    return this.skip(line);
  }
}
