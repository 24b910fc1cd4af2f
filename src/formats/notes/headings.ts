/**
 * Headings and dividing rules → Heading.
 *
 * Producers: people, in plain text and in Markdown.
 * Unit:      one record per rule or heading; an underlined title is one record of two lines.
 * Not read:  comments of shell scripts in fences; `# echo 1 > /sys/x`, a command of root; `~~~~~` and
 *            `_____`, which stay prose.
 */
import type { Heading } from '../../model/record.js';
import type { NoteFormat, NoteLine } from './note-format.js';
import { readRule, readTitle } from './note-lines.js';
import { isProgramOutput } from './program-output.js';
import { hasOtherLetters, isFence } from './prose.js';

export function createHeadings(): NoteFormat {
  return new Headings();
}

const LONGEST_UNDERLINED = 72;

/** What rules and titles begin with. */
const MARKED = /^[-=*#]/;

class Headings implements NoteFormat {
  readonly isPersons = true;
  readonly isOpen = false;
  #fenced = false;
  #ruleLine = -1;

  take({ text, lineNo }: NoteLine): readonly Heading[] | undefined {
    if (isFence(text)) this.#fenced = !this.#fenced;
    if (this.#fenced || !MARKED.test(text)) return undefined;
    const isRule = readRule(text) !== undefined;
    const title = isRule ? undefined : readTitle(text);
    if (!isRule && title === undefined) return undefined;
    if (isRule) this.#ruleLine = lineNo;
    return [{ kind: 'heading', span: { first: lineNo, last: lineNo }, title }];
  }

  mayHead({ text, lineNo, opensParagraph, nearOutput }: NoteLine): boolean {
    if (this.#fenced || nearOutput || text.length > LONGEST_UNDERLINED) return false;
    // The last line above a dividing rule is often the end of a sentence, or of some output.
    if (!opensParagraph && this.#ruleLine !== lineNo - 1) return false;
    if (!/^[\p{L}\p{N}].*[^\s.。,，;；:：!！{}\\]$/u.test(text)) return false;
    return hasOtherLetters(text) || !isProgramOutput(text);
  }

  takeBelow(head: NoteLine, line: NoteLine): readonly Heading[] | undefined {
    const rule = readRule(line.text);
    if (rule === undefined || rule.startsWith('*')) return undefined;
    const framed = this.#ruleLine === head.lineNo - 1;
    if (!framed && !isUnderline(rule, head.text)) return undefined;
    this.#ruleLine = line.lineNo;
    const span = { first: head.lineNo, last: line.lineNo };
    return [{ kind: 'heading', span, title: head.text.trim() }];
  }

  end(): readonly Heading[] {
    return [];
  }
}

// Drawn for this title: about as wide, where letters of other scripts may count twice.
function isUnderline(rule: string, title: string): boolean {
  const letters = title.trim().length;
  return rule.length >= letters - 2 && rule.length <= 2 * letters + 2;
}
