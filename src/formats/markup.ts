/**
 * Takes off what forms of the web add to lines of gdb: the hard breaks of Markdown, stars around a name, ends of cells.
 *
 * Source: CommonMark 0.31, 6.7 (a backslash at the end of a line); GitLab and Jira write `<br/>`; pages of trackers and
 *         mail archives put the text into `<pre>`, whose first and last line may have the tag beside them.
 */

/** `)\`, `vhost.c:12\`, `libc.so.6\`, `a=1, \`, `(gdb) bt\`: nothing of gdb itself ends like that. */
const BREAK = /^(?:\(gdb\) [\w ]+|.*(?:[,):]|:\d+|\.so[.\d]*))[ \t]*\\$/;

/** `#0  0x5555 in **f** (a=1)`. */
const BOLD = /(#\d+[ \t]+(?:0x[0-9a-f]+ in )?)\*\*([^*\s()]+)\*\*(?=[ \t]*\()/;

// Alone on a line it is no part of the text.
const OPENING = /^<pre(?: [^<>]{0,256})?>(?:<code(?: [^<>]{0,256})?>)?(?=.)/;

/** `| #0  f () at x.c:1 |`: the bar in front is a margin. */
const CELL_ENDS = /(?<=[^ \t|])[ \t]{1,256}\|{1,2}[ \t]{0,8}$/;

/** The line as it was pasted. */
export function stripMarkup(line: string): string {
  const plain = line.startsWith('|') ? line.replace(CELL_ENDS, '') : line;
  const bare = plain.startsWith('<pre') ? plain.replace(OPENING, '') : plain;
  const text = bare.includes('**') ? bare.replace(BOLD, '$1$2') : bare;
  if (text.endsWith('>')) return text.replace(/<br ?\/?>$|(?<=.)(?:<\/code>)?<\/pre>$/, '');
  // A string may go on behind a backslash.
  return text.endsWith('\\') && BREAK.test(text) && isOutsideString(text)
    ? text.slice(0, -1).trimEnd()
    : text;
}

/** No string is open at the end of the text. */
export function isOutsideString(text: string): boolean {
  return text.split('"').length % 2 === 1;
}
