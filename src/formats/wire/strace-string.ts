/**
 * A C string as strace prints it → its bytes.
 *
 * Producer: strace's src/util.c, string_quote(): by default octal escapes and printable characters, with
 * -x hexadecimal escapes for strings that are not all ASCII, with -xx for every byte.
 */

/** Far more than a vhost-user message has. */
const MOST_BYTES = 8192;

const QUOTE = 34;
const BACKSLASH = 92;

const NAMED: Readonly<Record<string, number>> = {
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
};

// \x05   \5  \05  \005   \n   \"   \\
const ESCAPE = /\\(?:x([0-9a-f]{2})|([0-7]{1,3})|([^]))/y;

export interface StringBytes {
  readonly bytes: readonly number[];
  /** Index behind the closing quote. */
  readonly end: number;
  /** Bytes are missing at its end: `"\5\0"...`, or the line itself was cut. */
  readonly cut: boolean;
}

/**
 * `\x0260\x44`: a character that is printed by itself beside one that could be, and is an escape. strace chooses one way for
 * all that are printable.
 */
export function hasTornEscape(text: string): boolean {
  if (!PRINTABLE_ESCAPE.test(text)) return false;
  // A blank may stand for a line break.
  return BARE.test(text.replaceAll(' ', '').replaceAll(WHOLE_ESCAPE, ''));
}

const PRINTABLE_ESCAPE = /\\x(?:[3-6][\da-f]|2[013-9a-f]|5[\dabd-f]|7[\da-e])/;
const WHOLE_ESCAPE = /\\x[\da-f]{2}/g;
const BARE = /[^\\]/;

/** The bytes of the string whose opening quote stands before `start`. */
export function bytesOfString(text: string, start: number): StringBytes {
  const bytes: number[] = [];
  let at = start;
  while (at < text.length && bytes.length < MOST_BYTES) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return { bytes, end: at + 1, cut: text.startsWith('...', at + 1) };
    if (code !== BACKSLASH) {
      bytes.push(code & 0xff);
      at += 1;
      continue;
    }
    ESCAPE.lastIndex = at;
    const escape = ESCAPE.exec(text);
    if (escape === null) break;
    bytes.push(byteOf(escape));
    at = ESCAPE.lastIndex;
  }
  return { bytes, end: at, cut: true };
}

function byteOf([, hex, octal, character = '']: RegExpExecArray): number {
  if (hex !== undefined) return parseInt(hex, 16);
  if (octal !== undefined) return parseInt(octal, 8) & 0xff;
  return NAMED[character] ?? character.charCodeAt(0) & 0xff;
}
