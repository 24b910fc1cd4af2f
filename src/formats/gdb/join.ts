/**
 * Decides whether a line continues the text before it: gdb wraps at the terminal's width, mail and
 * terminals wrap again.
 *
 * Source: gdb/stack.c, print_frame() and print_frame_args(), their wrap_here() calls (gdb 7 to 18).
 */

/** A broken quote must not swallow the file; real frames take a dozen lines. */
export const MOST_LINES = 64;

/** Text under construction: the lines of one frame, stop or row, joined as far as they came. */
export class Joint {
  #text: string;
  /** Of the line that came last, as it stands in the capture. */
  #lastLength: number;
  /** All lines so far are of one length. */
  #isEven = true;
  #lastEndsBlank: boolean;
  #depth = 0;
  #inString = false;
  #cut: boolean;

  /** `raw` is the whole line in which `text` stands. */
  constructor(text: string, raw: string, cut: boolean) {
    this.#text = text.trimEnd();
    this.#lastLength = raw.length;
    this.#lastEndsBlank = text.endsWith(' ');
    this.#cut = cut;
    if (cut) this.#text = text;
    this.#scan(text);
  }

  get text(): string {
    return this.#text;
  }

  /** Brackets or a string are still open, or the pager cut here. */
  get open(): boolean {
    return this.#cut || this.#inString || this.#depth > 0;
  }

  /** A `<` is open: the `>` with which a line begins closes it. */
  get inAngle(): boolean {
    if (isNameOpen(this.#text)) return true;
    return this.open && !this.#inString && /<[^<>]*$/.test(this.#text.slice(-256));
  }

  /** The pager cut the text in mid-word: whatever comes next belongs to it. */
  get cut(): boolean {
    return this.#cut;
  }

  /** Nothing may follow: the place is known, so open brackets are damage. */
  get complete(): boolean {
    if (this.#cut) return false;
    if (COMPLETE.test(this.#text.slice(-4096))) return true;
    return !this.open && (MARKER.test(this.#text) || TAILED.test(this.#text.slice(-4096)));
  }

  /** Would `line` (without margin) go on with this text? */
  wants(line: string): boolean {
    if (this.#cut) return true;
    if (this.complete) return false;
    if (this.open || isNameOpen(this.#text)) return true;
    if (LIST.test(line) || this.#goesOnWithName(line)) return true;
    // "Thread 3 "CPU 1/KVM" hit Breakpoint 1,"
    if (this.#text.endsWith(',')) return true;
    // "#27 0x00007f8c in" / "... () from" / "... () at"
    if (/(?:^|[ \t)])(?:at|from|in)$/.test(this.#text.slice(-64))) return /^\S/.test(line);
    // "    at ./nptl/pthread_create.c:442"   "    from /usr/lib64/libglib-2.0.so.0"
    if (this.#text.endsWith(')')) return PLACE.test(line);
    return this.#goesOnWithPlace(line.trimEnd());
  }

  /** The same, of a line that is hardly anything else: the arguments that follow, the place. */
  surelyWants(line: string): boolean {
    const text = line.trimEnd();
    if (this.open) return ARGUMENT.test(text) || COMPLETE.test(text);
    const isHalf = /(?:^|[ \t)])(?:at|from)$/.test(this.#text.slice(-64));
    return isHalf ? PATH.test(text) : WHOLE_PLACE.test(text) || LIST.test(text);
  }

  /** `raw` is the line with its indentation, `line` the same without margin. */
  append(raw: string, line: string, cut: boolean): void {
    const glue = this.#glue(raw, line);
    const added = this.#cut ? raw : line;
    this.#text += glue + (cut ? added : added.trimEnd());
    this.#scan(glue + added);
    const isFold = FOLD.test(raw) && raw.length !== this.#lastLength;
    const length = isFold ? raw.length - 1 : raw.length;
    if (length !== this.#lastLength) this.#isEven = false;
    this.#lastLength = length;
    this.#lastEndsBlank = raw.endsWith(' ');
    this.#cut = cut;
  }

  #glue(raw: string, line: string): string {
    if (this.#cut || this.#isHardWrap(raw, line)) return '';
    // "va (" + "fmt=..."   "arg=<" + "optimized out>"
    return /\($|[ =]<$/.test(this.#text.slice(-2)) ? '' : ' ';
  }

  /** Was the text wrapped in mid-word, so that no blank is lost? */
  #isHardWrap(raw: string, line: string): boolean {
    if (this.#lastEndsBlank) return false;
    const isFold = FOLD.test(raw);
    if (/^[ \t]/.test(raw) && raw !== line && !isFold) return false;
    if (!this.open) {
      return this.#goesOnWithPlace(line.trimEnd()) || this.#goesOnWithName(line);
    }
    // A terminal of 80 columns or more, whatever it is that it wrapped.
    if (raw === line && this.#lastLength >= 79) return !BEHIND_BLANK.test(line);
    return this.#isEven && this.#isTorn(line);
  }

  /** The terminal's own wrap: "... at ../util/qemu" + "-option.c:1167", "... at x.c:" + "1167", "... a" + "t x.c:1167". */
  #goesOnWithPlace(line: string): boolean {
    const end = this.#text.slice(-4096);
    const word = HALF_WORD.exec(end)?.[1];
    if (word !== undefined) return /^(?:at|from)[ \t]+\S+$/.test(word + line);
    return UNFINISHED_PLACE.test(end) && (end.endsWith(':') ? /^\d+$/ : /^\S*:\d+$/).test(line);
  }

  /** A terminal of 80 columns wrapped in the function's name: "0x5555 in vhost_log_" + "sync (section=0x5555". */
  #goesOnWithName(line: string): boolean {
    return (
      this.#lastLength >= 79 &&
      /[ \t](?!in$)\w+$/.test(this.#text.slice(-256)) &&
      NAME_END.test(line)
    );
  }

  /** gdb prints no blank between the end of the text and `line`, and one would change what is there. */
  #isTorn(line: string): boolean {
    const isMidWord = /[\w@.:+-]$/.test(this.#text) && /^(?:[\w@.:+]|=(?! ))/.test(line);
    return isMidWord && !this.#inString && !this.#inWords;
  }

  /** `<optimized out>`, unlike the symbol in `0x5555 <ram_state>`, has blanks. */
  get #inWords(): boolean {
    return this.inAngle && !/\b0x[0-9a-f]+ <[^<>\s]*$/.test(this.#text.slice(-256));
  }

  #scan(text: string): void {
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (this.#inString) {
        if (code === BACKSLASH) i++;
        else if (code === DOUBLE) this.#inString = false;
      } else if (code === DOUBLE) this.#inString = true;
      else if (code === SINGLE) i += characterLength(text, i);
      else if (code === OPEN_ROUND || code === OPEN_CURLY || code === OPEN_SQUARE) {
        this.#depth++;
      } else if (code === CLOSE_ROUND || code === CLOSE_CURLY || code === CLOSE_SQUARE)
        this.#depth--;
    }
  }
}

// "    (child_bs=0x5555, errp=0x7ffd)": gdb 10 to 12 put the whole list on its own line
const LIST = /^\((?:\)|\.\.\.\)|[^ \t,=(){}<>"'@]*(?:@entry)?=|address@hidden)/;

// ") at ../hw/virtio/vhost.c:2082"   ") from /lib64/libc.so.6"
// "atqemu-2.12/vl.c:12": the paste lost a blank
// "at": mail wrapped in front of a long path
const PLACE = /^(?:at|from|at[ \t]+\S.*:\d+|at[ \t]+\S+|at[^\s:/]+\/\S+:\d+|from[ \t]+\S+)[ \t]*$/;
const WHOLE_PLACE = /^(?:at[ \t]+\S.*:\d+|from[ \t]+\S+)$/;
const PATH = /^(?:\S+:\d+|\/\S+)$/;
const ARGUMENT = /^[A-Za-z_]\w*(?:@entry)?=/;
const COMPLETE = /\)[ \t]*(?:at[ \t]+\S.*:\d+|from[ \t]+\S+)$/;
// "at vhost.c:12.": the text around a frame goes on, and the frame does not
const TAILED = /\)[ \t]*at[ \t]+\S+:\d+(?:[.,;|`]|\\[nr]|\^M)+$/;
const MARKER = /<(?:signal handler called|function called from gdb)>$/;
const NAME_END = /^\w+ \((?:\)|\.\.\.\)|\w+(?:@entry)?=)/;
const HALF_WORD = /\)[ \t]+(a|fr?o?)$/;
const UNFINISHED_PLACE = /\)[ \t]*at[ \t]+(?:\S*[^\s:\d]|[^\s:]+:?)$/;

// A line of a form (RFC 822) goes on behind one blank; gdb indents by four.
const FOLD = /^ \S/;
// "0x5555" + "<ram_state>", "15" + "'\\017'": the terminal kept no blank at the end of the line
const BEHIND_BLANK = /^[<"']/;

const DOUBLE = 34;
const SINGLE = 39;
const BACKSLASH = 92;
const OPEN_ROUND = 40;
const CLOSE_ROUND = 41;
const OPEN_SQUARE = 91;
const CLOSE_SQUARE = 93;
const OPEN_CURLY = 123;
const CLOSE_CURLY = 125;

const CHARACTER = /'(?:\\[0-7]{1,3}|\\.|[^\\'])'/uy;

// '(' and '\'' open nothing; a lone ' is a Rust lifetime.
function characterLength(text: string, at: number): number {
  CHARACTER.lastIndex = at;
  const match = CHARACTER.exec(text);
  return match === null ? 0 : match[0].length - 1;
}

const ANGLES = /operator(?:<<|<=?|->|>>|>=?)|->|[<>"]|[ ]\(/g;

/** `0x5555 in std::list<std::pair<int,`, `<pl011::State as`: the name of the function goes on. */
function isNameOpen(text: string): boolean {
  if (!text.includes('<')) return false;
  let depth = 0;
  for (const [sign] of text.matchAll(ANGLES)) {
    if (sign === '<') depth++;
    else if (sign === '>') depth--;
    // The argument list, or the name of a thread.
    else if (sign === '"' || (sign === ' (' && depth === 0)) return false;
  }
  return depth > 0;
}

/** `) at ../hw/virtio/vho`: a place without a line that is no library either; the input was cut there. */
export function isHalfPlace(text: string): boolean {
  const end = text.slice(-4096);
  return (
    /\)[ \t]+(?:at|from)$/.test(end) ||
    (/\)[ \t]+at[ \t]+[^:]*:?$/.test(end) && !/\.so[.\d]*$/.test(end))
  );
}
