/**
 * Takes off what forms of the web add to lines of gdb: the hard breaks of Markdown, stars around a name, backticks around a
 * frame, ends of cells, tags of HTML at both ends. Those inside of a line stay, as do lines of nothing else: gdb writes
 * `std::vector<p>`, `0x5555 <p>`.
 *
 * Source: CommonMark 0.31, 6.1 (code spans) and 6.7 (a backslash at the end of a line); GitLab and Jira write `<br/>`; pages
 *         of trackers and mail archives put the text into `<pre>`, whose first and last line may have the tag beside them;
 *         exports of Jira, GitHub and GitLab have paragraphs, lists and cells.
 */

const NAMES =
  '(?:p|br|pre|code|tt|samp|kbd|div|span|table|tbody|thead|tr|td|th|ul|ol|li|dl|dt|dd|blockquote)';
const TAG = `</?${NAMES}(?: [^<>]{0,256})?/?>`;

/** `)\`, `vhost.c:12\`, `libc.so.6\`, `a=1, \`, `(gdb) bt\`: nothing of gdb itself ends like that. */
const BREAK = /^(?:\(gdb\) [\w ]+|.*(?:[,):]|:\d+|\.so[.\d]*))[ \t]*\\$/;

/** `#0  0x5555 in **f** (a=1)`. */
const BOLD = /(#\d+[ \t]+(?:0x[0-9a-f]+ in )?)\*\*([^*\s()]+)\*\*(?=[ \t]*\()/;

/** `<b>f</b> (a=1) at <a href="x">a.c</a>:3<o:p></o:p>`: no name and no type has a tag that closes. */
const PAIR =
  /<(a|b|i|u|em|strong|tt|code|kbd|samp|mark|font|span|o:p)(?: [^<>]{0,512})?>([^<>]{0,512})<\/\1>/gi;

/** A line, or an item of a list, that is one frame in backticks of its own: "- `#0  f (a=1) at x.c:1`". Words beside it quote it. */
const CODE = /^([ \t]{0,64}(?:[-*+\u2022][ \t]{1,8})?)`([ \t]*#\d+[ \t][^`]*)`[ \t]{0,8}$/;

// The line of a frame that was wrapped may begin with a symbol, `<p>, opaque=0x5555)`; text behind a tag does not go on like that.
const OPENING = new RegExp(`^[ \\t]{0,64}(?:${TAG}){1,16}(?=[ \\t]*[^ \\t,.:;)}\\]"'<>])`, 'i');

/** The same where tags end the line, too: a command behind the prompt of a list, `<p> >disable 3</p>`, begins with a sign. */
const OPENING_OF_PAIR = new RegExp(`^[ \\t]{0,64}(?:${TAG}){1,16}(?=[ \\t]*[^ \\t<])`, 'i');

// What only opens something is no end of a line: `0x5555 <p>`.
const CLOSING = new RegExp(`(?:</${NAMES}>|<br ?/?>){1,16}[ \\t]{0,8}$`, 'i');
const ONLY_TAGS = new RegExp(`^[ \\t]{0,64}(?:(?!<br)${TAG}){1,16}[ \\t]{0,8}$`, 'i');

const EMPTY = new RegExp(`^[ \\t]{0,64}(?:${TAG}[ \\t]{0,8}){0,16}$`, 'i');

/** Hardly a line has a tag at one of its ends. */
const BEGINS = /^[ \t]{0,64}<[a-z/]/i;
const ENDS = />[ \t]{0,8}$/;

/** `| #0  f () at x.c:1 |`: the bar in front is a margin. */
const CELL_ENDS = /(?<=[^ \t|])[ \t]{1,256}\|{1,2}[ \t]{0,8}$/;

/** What begins like a frame behind its level, as only gdb writes it. */
const FRAME = String.raw`(?=0x[0-9a-f]+ in [^ ]|<signal handler|[A-Za-z_][\w.]* \((?:\)|\.{3}\)|\w+(?:@entry)?=))`;

/**
 * What pages make of `#1  f (a=1) at x.c:2`, which they take for the number of an issue, "[#1](https://host/issues/1) f (a=1)",
 * `<a href="/i/1">#1</a> f (a=1)`, and people: "[#1] f (a=1)", "#1: f (a=1)", "#1f (a=1)".
 */
const LEVELS: readonly RegExp[] = [
  new RegExp(String.raw`^([ \t]{0,64})\[#(\d{1,6})\](?:\([^()\s]{1,512}\))?[ \t]{1,8}${FRAME}`),
  new RegExp(String.raw`^([ \t]{0,64})<a [^<>]{0,512}>#(\d{1,6})</a>[ \t]{1,8}${FRAME}`, 'i'),
  new RegExp(String.raw`^([ \t]{0,64})#(\d{1,6}):?[ \t]{0,8}${FRAME}`),
];

/** Hardly a line of gdb has one: its own has blanks behind the number. */
const DECORATED = /^[ \t]{0,64}(?:\[#\d|<a [^<>]{0,512}>#\d|#\d{1,6}[:A-Za-z_<])/i;

function bareLevel(line: string): string {
  if (!DECORATED.test(line)) return line;
  return LEVELS.reduce((text, level) => text.replace(level, '$1#$2  '), line);
}

/** "27074 at 1795320809.223469:vhost_commit": archives of mailing lists take a stamp of QEMU's for an address of mail. */
const STAMP_AS_ADDRESS = /^([ \t>|]{0,64}\d{1,10}) at (?=\d{1,12}\.\d{1,9}:[a-z]\w*_)/;

/** The line as it was pasted. */
export function stripMarkup(decorated: string): string {
  const level = bareLevel(decorated);
  const line = STAMP_AS_ADDRESS.test(level) ? level.replace(STAMP_AS_ADDRESS, '$1@') : level;
  const plain = line.startsWith('|') ? line.replace(CELL_ENDS, '') : line;
  const untagged = plain.includes('</') ? plain.replace(PAIR, withoutPair) : plain;
  // `<p class="MsoNormal"><o:p>&nbsp;</o:p></p>`: what Outlook makes of an empty line.
  if (untagged !== plain && EMPTY.test(untagged)) return '';
  const bare = BEGINS.test(untagged) ? untagged.replace(openingOf(untagged), '') : untagged;
  const code = bare.includes('`') ? bare.replace(CODE, '$1$2') : bare;
  const text = code.includes('**') ? code.replace(BOLD, '$1$2') : code;
  if (ENDS.test(text)) return ONLY_TAGS.test(text) ? text : text.replace(CLOSING, '');
  // A string may go on behind a backslash.
  return text.endsWith('\\') && BREAK.test(text) && isOutsideString(text)
    ? text.slice(0, -1).trimEnd()
    : text;
}

/** What a string of the program holds is its own. */
function withoutPair(pair: string, _tag: string, inner: string, at: number, line: string): string {
  return isOutsideString(line.slice(0, at)) ? inner : pair;
}

function openingOf(line: string): RegExp {
  return ENDS.test(line) && CLOSING.test(line) ? OPENING_OF_PAIR : OPENING;
}

/** No string is open at the end of the text. */
export function isOutsideString(text: string): boolean {
  return text.split('"').length % 2 === 1;
}
