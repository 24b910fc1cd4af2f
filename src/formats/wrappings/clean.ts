/**
 * Takes from a line what terminals and files added to it.
 *
 * Source: readline's bracketed paste; ECMA-48 for the sequences; Buildkite's agent, which stamps lines with an APC.
 * Not done: cursor movement is dropped, not replayed; no gdb output depends on it.
 */
import { MOJIBAKE, withoutMojibake } from './mojibake.js';

/* eslint-disable no-control-regex -- control characters are what this file is about */

// Nearly every line has nothing else; to find what UNCLEAN looks for takes several times as long.
const PLAIN = /^(?!\[\d{1,3}[;m])[\t -Z\]-~]*(?:\[(?![0m])[\t -Z\]-~]*)*$/;

const UNCLEAN =
  /[\x00-\x08\x0b-\x1f\x7f-\x9f\u00a0\u00ad\u061c\u200b-\u200f\u2018\u2019\u201c\u201d\u2026\u2060-\u2064\ufeff\ufffd]|^[ \t>|]*[\uff1e\u00bb\u203a]|^\\[[#]|[\w ]\\[_=<]|(?:#\d{1,6} +| in )\\_|\[(?:0(?:;\d{1,3}){0,4}m|m(?![a-z]))|^\[\d{1,3}[;m]/;

// ESC [ 33 m   ESC [ ? 2004 h   ESC ] 0 ; title BEL   ESC _ bk;t=1795320809223 BEL   ESC ( B

const ESCAPE =
  /\x1b(?:\[[0-?]{0,64}[ -/]{0,8}[@-~]|\][^\x07\x1b]{0,512}(?:\x07|\x1b\\)?|_[^\x07\x1b]{0,512}(?:\x07|\x1b\\)|[ -/][0-~]|[0-~])/g;

// "[33m#0 ...[0m", "^[[1;33m#0 ...^[[0m": what pages and editors leave of colours; one switches them off. "[mem 0x5555-0x6666]"
const COLOUR = /(?:\^\[|\u241b|\\(?:e|033|x1b|u001b))?\[(?:\d{1,3}(?:;\d{1,3}){0,4}m|m(?![a-z]))/gi;
// In front of a line whose colour goes on below: "[32m#0  f ()". "[5min] ", "[30ms]" are no colours.
const COLOUR_IN_FRONT = /^(?:\[\d{1,3}(?:;\d{1,3}){0,4}m(?![a-z]{0,8}\])){1,8}/;
const UNCOLOURED = /\[(?:0(?:;\d{1,3}){0,4}m|m(?![a-z]))/;

// With what typesetters and pages put where a word may be parted or must not (Unicode, Default_Ignorable_Code_Point).
const CONTROL = /[\x00-\x07\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2060-\u2064\ufeff]/g;

// “live_migration”: word processors and some mail programs turn all of a line. Beside a straight one they are of a
// string that the guest or the debugger printed.
const DOUBLE_QUOTES = /[\u201c\u201d]/g;
const SINGLE_QUOTES = /[\u2018\u2019]/g;

// vhost\_dev\_start, #1 \_\_poll, \[pid 12\], \<... ioctl resumed>: what Markdown editors put in front of what would be markup. Not the
// branch of a tree, "\_ vhost_dev_start", which has no name in front.
const ESCAPED =
  /\w\\[_=]|(?:#\d{1,6} +| in )\\_|^\\\[(?:pid |New |Switching |Thread |Inferior |Detaching )|^\\#\d{1,6} |^[\d:. ]{0,64}\\<\.\.\. \w/;

// Any sign may have one (CommonMark, 2.4); a string's own quotes and backslashes are left as they are.
const MARKUP_ESCAPE = /\\([_*#<>[\]()`~+=.!{}|-])/g;

// Word processors make one character of three dots, and others of angle brackets: strace's "<unfinished …>", "‹… ioctl resumed›", "\5\0"…,
// the flags of ftrace's rows: "[001] …..  1859.891787: "
const DOTS =
  /[<\u2039](unfinished |detached )\u2026[>\u203a]|[<\u2039]\u2026( \w{1,64} resumed)[>\u203a]|(")\u2026(?=[,}\])])|(?<=\[\d{3,5}\] )([A-Za-z\d.#]{0,4})\u2026(?=[A-Za-z\d.#]{0,4} {1,8}\d{1,12}\.\d{1,9}: )/g;

// Of a text in Latin-1 the byte is no character of UTF-8. Word processors write every other blank of several so.
const NO_BREAK = /\u00a0|(?<=[ \ufffd])\ufffd|\ufffd(?=[ \ufffd])/g;

// Forums and mail programs of other scripts quote with "\uff1e", "\u00bb" or "\u203a".
const QUOTE_MARKS = /^[ \t>|]{0,64}[\uff1e\u00bb\u203a][ \t>|\uff1e\u00bb\u203a]{0,64}/;

const ENTITIES: Readonly<Record<string, string>> = {
  lt: '<',
  gt: '>',
  amp: '&',
  quot: '"',
  apos: "'",
  // Editors of the web keep blanks that way where several stand side by side.
  nbsp: ' ',
};

// An apostrophe has no name in HTML 4, and Go's html/template gives numbers for all: &#34; &#39; &#43; &#60;
const ENTITY = /&(?:(lt|gt|amp|quot|apos|nbsp)|#(\d{1,7})|#[xX]([\da-fA-F]{1,6}));/g;

/** The text as a person saw it: no colours, controls, byte order mark; plain blanks; no HTML. */
export function cleanLine(line: string): string {
  return decodeEntities(cleanText(line));
}

/** The same of what never stood in a page. */
export function cleanText(line: string): string {
  if (!isUnclean(line)) return line;
  // Many a terminal leaves nothing else.
  const bare = line.endsWith('\r') ? line.slice(0, -1) : line;
  if (!isUnclean(bare)) return bare;
  const plain = withoutMojibake(bare).replace(ESCAPE, '');
  const grey = plain.replace(UNCOLOURED.test(plain) ? COLOUR : COLOUR_IN_FRONT, '');
  const blank = threeDots(grey.replace(CONTROL, '').replace(NO_BREAK, ' '));
  const text = straightQuotes(
    blank.replace(QUOTE_MARKS, (marks) => marks.replace(/[^ \t|]/g, '>')),
  );
  return eraseBackspaces(isEscaped(text) ? text.replace(MARKUP_ESCAPE, '$1') : text);
}

/** A colour is switched off in it, by what a page or an editor left of the sequence. */
export function hasColour(text: string): boolean {
  return text.includes('[') && UNCOLOURED.test(text);
}

function isUnclean(line: string): boolean {
  return !PLAIN.test(line) && (UNCLEAN.test(line) || MOJIBAKE.test(line));
}

/** `0x5555 "a &amp; b"`, `$1 = "&lt;"`: a string of the program, as gdb prints it; the machine interface escapes its quotes. */
const STRING = /(?:\b0x[\da-f]{1,16}|=) (?:"(?:\\.|[^"\\]){0,4096}"|\\"[^"]{0,4096}")/g;

/** A page that was pasted into another: `&amp;quot;`. */
const MOST_ESCAPINGS = 3;

/** Who escapes a text does so with all of it: entities in strings alone are what the program has there. */
function decodeEntities(text: string): string {
  let plain = text;
  for (let i = 0; i < MOST_ESCAPINGS && plain.includes('&') && isPage(plain); i++)
    plain = decodeOnce(plain);
  return plain;
}

function decodeOnce(text: string): string {
  return text.replace(ENTITY, (_, name?: string, decimal?: string, hex?: string) =>
    name === undefined ? characterOf(decimal ?? `0x${hex ?? ''}`) : (ENTITIES[name] ?? ''),
  );
}

function isPage(text: string): boolean {
  return text.search(ENTITY) >= 0 && text.replace(STRING, '').search(ENTITY) >= 0;
}

/** Of a number; controls and blanks that do not break are plain blanks. */
function characterOf(digits: string): string {
  const code = Number(digits);
  const isPlain = code >= 32 && !(code >= 127 && code <= 160) && code <= 0x10ffff;
  return isPlain ? String.fromCodePoint(code) : ' ';
}

/** An editor leaves no underscore out; a name that has a backslash of its own may stand beside others. */
function isEscaped(line: string): boolean {
  return ESCAPED.test(line) && !/(?:^|[^\\])_/.test(line);
}

function threeDots(line: string): string {
  if (!line.includes('\u2026')) return line;
  return line.replace(
    DOTS,
    (_, end?: string, resumed?: string, string?: string, flags?: string) => {
      if (end !== undefined) return `<${end}...>`;
      return resumed === undefined ? `${string ?? flags ?? ''}...` : `<...${resumed}>`;
    },
  );
}

function straightQuotes(line: string): string {
  if (/["']/.test(line)) return line;
  return line.replace(DOUBLE_QUOTES, '"').replace(SINGLE_QUOTES, "'");
}

// A typed "btt<BS> <BS>" is "bt".
function eraseBackspaces(text: string): string {
  if (!text.includes('\b')) return text;
  const kept: string[] = [];
  for (const character of text) {
    if (character === '\b') kept.pop();
    else kept.push(character);
  }
  return kept.join('');
}

// Quotes, list and comment margins, clocks and journals in front of a frame:
// "> > #3", "| #3", "4711  * #0", "00:08:58.944  #6", "Nov 22 03:00:00 host qemu[12]: #0", "[pid 7] #0", "+#0"
const MARGIN =
  /^(?:[ \t>|+*]|\d{1,6}(?=[ \t]{1,8}\*)|\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?= )|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d [\w.-]{1,64} [\w./-]{1,64}(?:\[\d{1,8}\])?:|\[pid +\d{1,8}\])*/;

// Most lines begin with a letter, of which only the journal's month is one of a margin.
const MARGIN_BEGINS = /^(?:[ \t>|+*\d[]|[A-Z][a-z]{2} [ \d])/;

/** Splits `> > 4711  * #0 ...` into margin and rest. */
export function splitMargin(line: string): { readonly margin: string; readonly rest: string } {
  const margin = MARGIN_BEGINS.test(line) ? (MARGIN.exec(line)?.[0] ?? '') : '';
  return { margin, rest: line.slice(margin.length) };
}

/** True for `>` or `> >` alone: an empty line of quoted mail. */
export function isEmptyQuote(line: string): boolean {
  return /^[ \t]*[>|][>| \t]*$/.test(line);
}
