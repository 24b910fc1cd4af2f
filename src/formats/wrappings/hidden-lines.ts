/**
 * What a line that nobody claims has inside: a frame of gdb, a stop of the machine interface, an event of QEMU or of the kernel's
 * tracers, with something around it that is not known: JSON of another shape, tags, the words of a logger.
 *
 * A sentence that names functions has none of these, and what a person cites in one stands behind a word: frames and events
 * behind words are told where they are a block (unknown-margins.ts).
 */

/** Behind a sign, a tab or a line break that was escaped. */
const FRAME =
  /(?:[^\w\s,.;:()-][ \t]{0,4}|\t|\\[nrt])#\d{1,6}[ \t]{1,2}(?:0x[\da-f]{4,16} in [^\s()]{1,255} \(|[A-Za-z_~][^\s()]{0,255} \((?:\)|\.\.\.\)|[A-Za-z_]\w{0,127}(?:@entry)?=))/;

const MI = /\^done,stack=\[|\*stopped,(?:reason|frame|bkptno|thread-id)=/;

/** "vhost-3496-3503  [001] ..... 123.456789: log_write: (...)"    "...: log_write <-vhost_net_ioctl" */
const KERNEL =
  /\S-\d{1,10} {1,8}(?:\([ \d-]{1,16}\) {1,4})?\[\d{3}\] (?:\S{4,6} {1,8})?\d{1,9}\.\d{6}: \w[\w:]{0,64}(?:: | <-)/;

const STAMPED = /(?<=[^\d])\d{1,10}@\d{1,12}\.\d{1,9}:([a-z]\w*)/;

/** In quotes, behind a tag or a key: `"vhost_section mem"`, `<td>vhost_section mem</td>`. */
const SET_OFF = /(?<=["'>=|])[a-z]\w*_\w+ [^"'<]*/g;
const MOST_NAMES = 8;

/** A line of a mail whose text is encoded (RFC 2045, 6.8) is so by itself: four characters are three bytes. */
const BASE64 = /^[A-Za-z\d+/]{40,76}={0,2}$/;
const DECODED =
  /VHOST_USER_|#\d{1,4} {1,2}0x[\da-f]{8,16} in |\bvhost_[a-z_]+ \(|\d@\d{10}\.\d{6}:[a-z]/;

/** No log's lines are longer, but for those that hold all of it. */
const LONGEST_LINE = 65_536;

/** An event by itself; `has`: one that is known has the name. */
export interface KnownEvents {
  readonly has: (name: string) => boolean;
  readonly isEvent: (text: string) => boolean;
}

/** What it is; undefined for nearly every line. */
export function hiddenIn(line: string, events: KnownEvents): string | undefined {
  const text = line.length > LONGEST_LINE ? line.slice(0, LONGEST_LINE) : line;
  if (text.includes('#') && FRAME.test(text)) return 'gdb';
  if (text.includes(',') && MI.test(text)) return "gdb's machine interface";
  if (text.includes('[') && KERNEL.test(text)) return "the kernel's tracers";
  if (isHiddenEvent(text, events)) return "QEMU's trace";
  return BASE64.test(text) && DECODED.test(Buffer.from(text, 'base64').toString('latin1'))
    ? 'a capture in base64'
    : undefined;
}

function isHiddenEvent(text: string, { has, isEvent }: KnownEvents): boolean {
  const stamped = text.includes('@') ? STAMPED.exec(text)?.[1] : undefined;
  if (stamped !== undefined && has(stamped)) return true;
  let tries = 0;
  for (const [event] of text.matchAll(SET_OFF)) {
    if (isEvent(event.trimEnd())) return true;
    tries += 1;
    if (tries === MOST_NAMES) break;
  }
  return false;
}
