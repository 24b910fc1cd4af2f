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
  let isCode = false;
  return wrap(marked(text), width).map((line) => {
    const shown = isCode ? line : line.replace(IS_BLOCK, (sign) => `\`${sign}\``);
    isCode = endsInCode(line, isCode);
    return shown;
  });
}

/** Whether code goes on in the next line; outside of code a backslash stands before a backquote that is text. */
function endsInCode(line: string, isCode: boolean): boolean {
  let isOpen = isCode;
  for (let i = 0; i < line.length; i++) {
    if (line[i] === '`') isOpen = !isOpen;
    else if (!isOpen && line[i] === '\\') i++;
  }
  return isOpen;
}

/** One line of text as Markdown. */
export function marked(text: string): string {
  let isBehindCode = false;
  const parts: string[] = [];
  for (const part of printable(text).match(PARTS) ?? []) {
    const shown = markedPart(part);
    // Two backquotes in a row would be one sign: code that touches code is one piece with it.
    if (isBehindCode && shown.startsWith('`')) {
      parts.push((parts.pop() ?? '').slice(0, -1), shown.slice(1));
    } else {
      parts.push(shown);
    }
    isBehindCode = shown.endsWith('`') && shown !== '\\`';
  }
  return parts.join('');
}

function markedPart(part: string): string {
  if (part === '`') return '\\`';
  if (part.startsWith('`') || part.trim() === '') return part;
  return markedWord(part);
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
