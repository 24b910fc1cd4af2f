/**
 * Makes text of unknown origin safe for a terminal.
 *
 * A capture may hold escape sequences (colours of gdb, or a title-setting sequence that somebody
 * planted); bidirectional controls reorder what the reader sees without changing the bytes, and characters
 * without width make two names look alike.
 */

// C0 without the tab, DEL, C1, line and paragraph separators, bidi marks, embeddings and isolates, what has no width, BOM.
// eslint-disable-next-line no-control-regex -- control characters are what this is about
const UNSAFE = /[\0-\x08\n-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** One line in which every control character is visible: `\x1b` for ESC, `\u202e` for a bidi override. A tab becomes a space. */
export function printable(text: string): string {
  return text.replaceAll('\t', ' ').replace(UNSAFE, escapeCharacter);
}

function escapeCharacter(character: string): string {
  const code = character.charCodeAt(0);
  return code > 0xff
    ? `\\u${code.toString(16).padStart(4, '0')}`
    : `\\x${code.toString(16).padStart(2, '0')}`;
}
