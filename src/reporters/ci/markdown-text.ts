/**
 * Text → Markdown that reads well as plain text, too: what would be markup is code, set in backquotes like a
 * function or an event, so that no backslash is needed. Source: CommonMark 0.31, code spans.
 */
import { printable } from '../../base/printable.js';
import { wrap } from '../text.js';

/** Code that the text sets in backquotes itself, a call with its arguments, or a word. */
const PARTS = /`[^`]+`|\w+\([^()`]*\)|[^\s`]+|`|\s+/g;

/** Markup wherever it stands, and signs of identifiers and expressions. */
const IS_CODE = /[_*<>[\]\\&=|~]|\(\)/;

/** What would begin a heading or a list at the beginning of a line, even amid a paragraph. */
const IS_BLOCK = /^(?:#{1,6}|[-+]|1[.)])(?= |$)/;

/** Signs around a word that are no part of it; a bracket may belong to it. */
const BEFORE = /^["'(]+/;
const AFTER = `"',.;:)…`;

/** Text as lines of Markdown that are no longer than `width`, where words allow. Pure; linear. */
export function markedLines(text: string, width: number): string[] {
  return wrap(marked(text), width).map((line) => line.replace(IS_BLOCK, (sign) => `\`${sign}\``));
}

/** One line of text as Markdown. */
export function marked(text: string): string {
  return printable(text).replace(PARTS, (part) => {
    if (part === '`') return '\\`';
    if (part.startsWith('`')) return part;
    return part.trim() === '' ? part : markedWord(part);
  });
}

function markedWord(word: string): string {
  if (!IS_CODE.test(word)) return word;
  const before = BEFORE.exec(word)?.[0] ?? '';
  const rest = word.slice(before.length);
  let end = rest.length;
  while (end > 0 && AFTER.includes(rest.charAt(end - 1))) end--;
  const core = closed(rest, rest.slice(0, end));
  if (core === '') return `\`${word}\``;
  return `${before}\`${core}\`${rest.slice(core.length)}`;
}

/** A bracket that the word itself opens is not left outside: `vhost_dev_start()`. */
function closed(word: string, core: string): string {
  const open = core.split('(').length - core.split(')').length;
  return open > 0 && word.startsWith(')', core.length) ? `${core})` : core;
}
