/**
 * Calls of strace over several lines: a terminal wraps them at its width, mail at a blank.
 *
 * A call has an end of its own (grammars/strace.peggy), so that a line which begins one and has none tells that the next
 * may go on with it, or that it was cut. What is put together has to be a whole call.
 */
import { hasStraceHead, holdsTwo, isTornEnd, mayHoldEnd, straceLine } from './strace-line.js';
import type { StraceLine } from './strace-line.js';

/** No terminal is narrower. */
const NARROWEST = 72;

/** A message with all that strace prints of it, on a terminal of 80 columns. */
const MOST_LINES = 16;

/** Process or time in front, or a call that a log of vhost is about: hardly words. */
const STAMPED = /^ {0,8}(?:\[pid {1,8}\d|\d)/;

/** Of a vhost device, or of a connection that its messages may go over. */
const OF_PROTOCOL = /VHOST_|\b0x[\da-f]{0,6}af[\da-f]{2}\b|, 0xaf, |msg(?:\(| resumed)/;

/** "<... ioctl resum" */
const TORN_RESUMPTION = /<\.\.\.(?: \w{0,64}(?: \w{0,6})?)?$/;

/** Something of the protocol may be in the line, as far as it is there. */
export function mayBeProtocol(text: string): boolean {
  return OF_PROTOCOL.test(text);
}

/** The line begins a call, and the end of the call is not in it. */
export function beginsCall(text: string): boolean {
  const hasHead = hasStraceHead(text) || (STAMPED.test(text) && TORN_RESUMPTION.test(text));
  return hasHead && (STAMPED.test(text) || mayBeProtocol(text)) && !mayHoldEnd(text);
}

/** "4784  04:18:10.018000 io ctl(13, VHOST_SET_LOG_BASE, 0x7fd2611fe8c0) = 0": a call by what is behind its name. */
export function hasTornName(text: string): boolean {
  return STAMPED.test(text) && /\(\d{1,8}(?:<\S*>)?, (?:VHOST_[A-Z]|\{msg_name)/.test(text);
}

/** Nobody else's line, wherever it stands. */
export function isSurelyCall(text: string): boolean {
  return STAMPED.test(text) && /\b(?:ioctl\(\d.*VHOST_|(?:send|recv)msg\(\d)/.test(text);
}

export class WrappedCall {
  readonly #first: number;
  readonly #width: number;
  #last: number;
  #text: string;
  #read: StraceLine | undefined;
  /** The last line reaches to where a terminal wraps. */
  #isFull = false;

  /** `read`: what the line is by itself. */
  constructor(text: string, lineNo: number, read: StraceLine | undefined) {
    this.#text = text;
    this.#width = text.length;
    this.#first = lineNo;
    this.#last = lineNo;
    this.#read = read;
  }

  get span(): { readonly first: number; readonly last: number } {
    return { first: this.#first, last: this.#last };
  }

  get text(): string {
    return this.#text;
  }

  /** The call as far as it is there; undefined where it is none. */
  get read(): StraceLine | undefined {
    return this.#read;
  }

  /** What it failed with is missing, or a part of that. */
  get isTorn(): boolean {
    return this.#read !== undefined && isTornEnd(this.#read, this.#text);
  }

  /** Nothing can go on with it. */
  get isWhole(): boolean {
    return this.#read !== undefined && !this.isTorn && !(this.#isFull && /= \d+$/.test(this.#text));
  }

  /** The line goes on with the call, and is taken into it; false for any other. */
  goesOn(line: string, lineNo: number): boolean {
    if (lineNo !== this.#last + 1 || lineNo - this.#first >= MOST_LINES) return false;
    if (hasStraceHead(line) || line.length > this.#width + 1) return false;
    // A terminal leaves out nothing, but for a blank at the end of its line; mail leaves out the blank.
    const texts = [this.#text + line, `${this.#text} ${line.trimStart()}`];
    if (/(?:,|[ )]=)$/.test(this.#text)) texts.reverse();
    const whole = texts.find((text) => isWhole(text));
    const isFull = line.length >= NARROWEST && line.length >= this.#width - 1;
    if (whole === undefined && (!isFull || this.#read !== undefined)) return false;
    this.#text = whole ?? texts[0] ?? this.#text;
    this.#read = whole === undefined ? undefined : straceLine(whole);
    this.#last = lineNo;
    this.#isFull = isFull;
    return true;
  }
}

function isWhole(text: string): boolean {
  const read = straceLine(text);
  return read !== undefined && !holdsTwo(text, read) && !isTornEnd(read, text);
}
