/**
 * Frames, stops and events in lines that nobody claims, behind a text that margin-kinds.ts does not know: signs of a
 * comment or a list, numbers, brackets, a word with a colon (`// `, `# `, `|| `, `vm1: `, `12) `), or blanks.
 *
 * Such a text is a margin where what stands behind it is known by itself. Words are no margin but in a block of lines:
 * a person cites one frame in a sentence, and not its caller in the next line behind the same words.
 * Not read, but told: what a diff of logs adds and removes (`-#1  ...`), frames without `#`, cells and citations that close.
 */
import { anyOf } from '../../base/any-of.js';
import { splitAtFrame } from '../gdb/frames-of-line.js';
import type { Line } from '../gdb/pending.js';
import type { GdbSession } from '../gdb/session.js';
import type { Margins } from './margins.js';
import type { EventTable } from '../qemu/event-table.js';
import { beginsEvent, readEvent } from '../qemu/qemu-trace.js';
import { isSimpletrace } from '../qemu/simpletrace-text.js';

/** What stands behind the margin. */
interface Found {
  readonly what: 'frame' | 'stop' | 'event';
  /** Of a frame. */
  readonly level: number;
  /** The margin as it stands in the line. */
  readonly prefix: string;
  readonly rest: string;
  /** Why it is not to be read. */
  readonly why?: string;
}

/** What is told and not read. */
interface Unread {
  readonly what: Found['what'];
  /** Of a frame that may be one of the open backtrace. */
  readonly level?: number;
  readonly why: string;
  /** The line above is told with it. */
  readonly isSecond?: boolean;
}

const INNER_STAMPED = /(?<!\d)\d{1,10}@\d{1,12}\.\d{1,9}:[a-z]/;
const STAMP_BEGINS = /^[\da-z]/;

const TOKEN = anyOf([
  // "//"  "*"  ";"  "--"  "||"  "> >"  "•"
  /[^\w\s#\u0080-\uffff]{1,8}|#{1,6}|[\u2022\u00b7\u2502]/,
  // "12"  "12:"  "12)"  "00:00:01.123"  "2026-11-28"
  /\d[\d:.,TZ+-]{0,40}[)|]?/,
  // "[qemu-1]"  "<7>"
  /\[[^[\]]{1,64}\]:?|<[^<>]{1,64}>/,
  // "vm1:"  "qemu[12]:"  "JD>"
  /[A-Za-z][\w./@+-]{0,63}(?:\[\d{1,10}\])?[:>]/,
]).source;

const TOKENS = `^[ \\t]{0,64}(?:(?:${TOKEN})[ \\t]{1,64})`;

/** `gdb.txt:#0`, `\#0`, `//#0`, `-#0`. */
const GLUED = /(?:[/*;%!|>:"'`\\]{1,4}|[+-]|[\w./+-]{1,64}:)?/.source;

const PREFIX = new RegExp(
  `${TOKENS}{0,6}${GLUED}(?=#\\d{1,6}[ \\t]|Thread \\d|(?:Temporary b|B)reakpoint \\d|[a-z]\\w*_\\w|[A-Z][a-z]{2} [ \\d]\\d \\d\\d:\\d\\d:\\d\\d)`,
);

const MARGIN = new RegExp(`${TOKENS}{1,6}$`);

/** `0x5555`, and what people write for one: `0x…`, `0x55...f00`. */
const ADDRESS = /(?:0x[\da-f]{1,16}|(?:0x[\da-f]{0,16})?(?:\.{2,8}|\u2026)[\da-f]{0,16})/.source;
const CALL =
  /[A-Za-z_$~*?@][^ \t(){}="',;]{0,255} \((?:\)|\.{2,}\)|\u2026\)|[A-Za-z_]\w{0,127}(?:@entry)?=|$)/
    .source;
const PLACE = /\) (?:at \S{1,1024}:\d{1,9}|from \S{1,1024})[ \t]*$/;

/** `f() at x.c:12`, as people and other tools write it: the place is what shows that it is no sentence. */
const GLUED_CALL = new RegExp(
  `[A-Za-z_$~*?@][^ \\t(){}="',;]{0,255}\\((?=(?:\\)|\\.{2,}\\)|\u2026\\)|[A-Za-z_]\\w{0,127}(?:@entry)?=))(?=.*${PLACE.source})`,
).source;

const FRAME = new RegExp(
  `^#(\\d{1,6})(?:[ \\t]+${ADDRESS}[ \\t]+in[ \\t]+${CALL}|[ \\t]+<signal handler called>|(?: {2}|(?<=#\\d{2,6}) )${CALL}|[ \\t]+${CALL}(?=.*${PLACE.source})|[ \\t]+(?:${ADDRESS}[ \\t]+in[ \\t]+)?${GLUED_CALL})`,
);

/** `0  0x5555 in f (a=1) at x.c:12`, `[0] f (a=1) at x.c:12`: git and Markdown take `#` for a sign of their own. */
const WITHOUT_HASH = new RegExp(
  `${TOKENS}{0,4}(?:\\[\\d{1,4}\\]|\\(?\\d{1,4}[:.)]?)[ \\t]{1,4}(?=${ADDRESS}[ \\t]+in[ \\t]+${CALL}|${CALL}(?:$|.*(?:,[ \\t]*$|${PLACE.source})))`,
);

const STOP = new RegExp(
  `^(?:Thread \\d{1,6}(?:\\.\\d{1,6})? (?:"[^"]{0,64}" hit |\\(Thread 0x)|(?:Temporary b|B)reakpoint \\d{1,6}(?:\\.\\d{1,6})?, (?:${ADDRESS} in )?${CALL})`,
);

/** Of a cell or a citation: it does not end with the line's text. */
const CLOSING = /[ \t]{0,8}([|"'`])[|"'`]{0,3}[ \t]*,?$/;

/** Longer lines are no frame. */
const LONGEST_LINE = 16_384;
/** Longer ones are no event: the log backend's longest have 1,000 characters. */
const LONGEST_EVENT = 4096;
const LONGEST_PREFIX = 256;

/** Lines of a block may be wrapped. */
const MOST_LINES_BETWEEN = 3;

const BEHIND = 'stands behind a text that is no known margin: take that off to have it read';

export class UnknownMargins {
  readonly #events: EventTable;
  /** The last line that has such a thing behind words. */
  #words:
    | { readonly shape: string; readonly level: number; readonly lineNo: number; isTold: boolean }
    | undefined;

  /** What stood in front of the last frame that had something there. */
  #prefix = '';
  readonly #margins: Margins;
  readonly #session: GdbSession;

  /** `margins`: what is learned goes there; `session`: what is not read is told there. */
  constructor(events: EventTable, margins: Margins, session: GdbSession) {
    this.#events = events;
    this.#margins = margins;
    this.#session = session;
  }

  /** Lines that say less may stand behind the same margin. `isNewest`: no line was read since. */
  learn(prefix: string, isNewest: boolean): void {
    if (isNewest && prefix.trim() !== '' && isMargin(prefix))
      this.#margins.learn(marginLike(prefix));
  }

  /** The same, of a frame. */
  learnFrame(prefix: string, isNewest: boolean): void {
    this.#prefix = prefix;
    this.learn(prefix, isNewest);
  }

  /** A stamp is found behind anything; other lines behind the same margin have none. */
  learnInFrontOfStamp(line: string, isNewest: boolean): void {
    if (STAMP_BEGINS.test(line)) return;
    this.learn(line.slice(0, Math.max(0, line.search(INNER_STAMPED))), isNewest);
  }

  /** What a line that nobody claims has behind its margin: to be read, and those below with it, or told. */
  behind(line: Line, isNewest: boolean): Line | 'told' | undefined {
    const found = this.find(line.text);
    const unread = found === undefined ? this.#inBlock(line) : this.#whyUnread(found);
    if (unread !== undefined) return this.#tell(unread, line);
    if (found === undefined) return undefined;
    if (isNewest) this.#margins.learn(marginLike(found.prefix));
    this.#prefix = found.prefix;
    return { ...line, text: found.rest };
  }

  #whyUnread(found: Found): Unread | undefined {
    const { what, level, why } = found;
    if (why !== undefined) return what === 'frame' ? { what, level, why } : { what, why };
    if (this.#mayGoOn(found)) return undefined;
    return { what, why: 'a frame stands behind another text than the frame above' };
  }

  #tell({ what, level, why, isSecond }: Unread, { lineNo }: Line): 'told' {
    const span = { first: lineNo, last: lineNo };
    const code = what === 'event' ? 'EVENT_UNREAD' : 'FRAME_UNREAD';
    this.#session.problem(
      code,
      why,
      isSecond === true ? { first: lineNo - 1, last: lineNo } : span,
    );
    // Of another stack it is no part of the open one.
    if (level === undefined)
      this.#session.gap(span, 'a stop, a frame or an event could not be read');
    else this.#session.missFrame(level, span);
    return 'told';
  }

  /** Lines of two processes may follow each other, each behind its own text. */
  #mayGoOn({ what, level, prefix }: Found): boolean {
    if (what !== 'frame' || level === 0 || !this.#session.inBacktrace) return true;
    return marginLike(prefix).exec(this.#prefix)?.[0] === this.#prefix;
  }

  /** Undefined for nearly every line. */
  find(line: string): Found | undefined {
    if (line.length > LONGEST_LINE) return undefined;
    const prefix = PREFIX.exec(line)?.[0] ?? '';
    if (prefix !== '' && prefix.length <= LONGEST_PREFIX) {
      const found = this.#findBehind(prefix, line.slice(prefix.length));
      if (found !== undefined) return found;
    }
    const lost = WITHOUT_HASH.exec(line)?.[0];
    if (lost === undefined) return undefined;
    const level = Number(/(\d+)\D*$/.exec(lost)?.[1] ?? 0);
    const why = `frame ${level} has lost its "#": put that back to have it read`;
    return { what: 'frame', level, prefix: lost, rest: line.slice(lost.length), why };
  }

  #findBehind(prefix: string, rest: string): Found | undefined {
    const close = CLOSING.exec(rest);
    const isClosed = close !== null && prefix.includes(close[1] ?? '');
    const text = isClosed ? rest.slice(0, close.index) : rest;
    const found = this.#whatIs(text);
    if (found === undefined) return undefined;
    // The other side of a diff has the line, too, or another in its place.
    const isToTell = isClosed || /[+-]$/.test(prefix);
    return { ...found, prefix, rest, ...(isToTell ? { why: `${nameOf(found)} ${BEHIND}` } : {}) };
  }

  #whatIs(text: string): Pick<Found, 'what' | 'level'> | undefined {
    if (text.startsWith('#')) {
      const level = FRAME.exec(text)?.[1];
      return level === undefined ? undefined : { what: 'frame', level: Number(level) };
    }
    if (STOP.test(text)) return { what: 'stop', level: 0 };
    return this.isEvent(text) ? { what: 'event', level: 0 } : undefined;
  }

  /** A name of an event that is known. */
  has(name: string): boolean {
    return this.#events.has(name);
  }

  /** The text is an event by itself. */
  isEvent(text: string): boolean {
    if (text.length > LONGEST_EVENT) return false;
    const isStamped = /^[A-Z]/.test(text);
    if (!isStamped && !this.#events.has(/^\w*/.exec(text)?.[0] ?? '')) return false;
    if (!isTelling(text)) return false;
    if (isSimpletrace(text)) return true;
    if (beginsEvent(text, this.#events)) return true;
    const read = readEvent(text, 0, false, this.#events);
    return read?.event.args !== undefined && !read.damaged;
  }

  /** Why a line is a problem in which words stand in front, as in a line above. */
  #inBlock({ text, lineNo }: Line): Unread | undefined {
    if (text.length > LONGEST_LINE) return undefined;
    const found = this.#behindWords(text);
    if (found === undefined) return undefined;
    const last = this.#words;
    const shape = found.prefix.replaceAll(/\d+/g, '0');
    this.#words = { shape, level: found.level, lineNo, isTold: false };
    if (last?.shape !== shape || lineNo - last.lineNo > MOST_LINES_BETWEEN) return undefined;
    if (found.what !== 'event' && found.level !== last.level + 1) return undefined;
    this.#words.isTold = true;
    const isSecond = found.what === 'frame' && !last.isTold && last.lineNo === lineNo - 1;
    const why = isSecond
      ? `frames #${last.level} and #${found.level} ${BEHIND.replace('stands', 'stand')}`
      : `${nameOf(found)} ${BEHIND}`;
    return { what: found.what, why, isSecond };
  }

  #behindWords(line: string): Found | undefined {
    const split = splitAtFrame(line);
    if (split !== undefined) {
      const { head, rest, level } = split;
      return { what: 'frame', level, prefix: head, rest };
    }
    if (line.length > LONGEST_EVENT) return undefined;
    let tries = 0;
    for (const { index } of line.matchAll(/(?<=[ \t])[a-z]\w*_\w+(?= )/g)) {
      if (this.isEvent(line.slice(index))) {
        return { what: 'event', level: 0, prefix: line.slice(0, index), rest: line.slice(index) };
      }
      tries += 1;
      if (tries === MOST_NAMES) break;
    }
    return undefined;
  }
}

const MOST_NAMES = 8;

function nameOf({ what, level }: Pick<Found, 'what' | 'level'>): string {
  return what === 'frame' ? `frame #${level}` : what === 'stop' ? 'a stop' : 'an event';
}

/** True for nothing but signs, numbers, brackets and words with a colon. */
function isMargin(prefix: string): boolean {
  return prefix.length <= LONGEST_PREFIX && MARGIN.test(prefix);
}

/** The margin of the lines below: other numbers may stand in it, of other lengths. */
function marginLike(prefix: string): RegExp {
  const parts = prefix.match(/[ \t]+|[^ \t]+/g) ?? [];
  const source = parts.map((part, i) => {
    if (part.trim() === '') return isNumber(parts[i + 1]) ? '[ \\t]*' : part;
    const literal = part.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);
    return isNumber(part) ? literal.replaceAll(/\d+/g, String.raw`\d+`) : literal;
  });
  return new RegExp(`^${source.join('')}`);
}

function isNumber(part: string | undefined): boolean {
  return part !== undefined && /\d/.test(part) && !/[A-SU-Ya-z_]/.test(part);
}

/**
 * A pointer, or a number behind a name: `idx: 1`, `num=256`, `val 15`. What has neither is no evidence behind the mark of a list.
 * Word by word, because a pattern for all of it goes back and forth over long ones.
 */
function isTelling(text: string): boolean {
  if (/0x[\da-f]{2}/.test(text)) return true;
  const words = text.split(/[:=]* [ :=]*/);
  return words.some((word, i) => {
    const name = word.search(/[A-Za-z]{2}/);
    if (name < 0) return false;
    if (/\d/.test(words[i + 1] ?? '')) return true;
    const rest = word.slice(name + 2);
    const sign = rest.search(/[:=]/);
    return sign >= 0 && /\d/.test(rest.slice(sign));
  });
}
