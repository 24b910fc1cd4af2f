/**
 * Structures and arrays that gdb printed → their members.
 *
 * Producer: gdb/printcmd.c, gdb/valprint.c (gdb 7 to 18).
 * Syntax:   grammars/gdb-value.peggy.
 * Unit:     one value, from `$3 = {` to the bracket that closes it: `set print pretty` and narrow terminals
 *           need several lines for it.
 * Not read: arrays inside of a value, scalars (nothing says what they are the value of), values of which a line is missing.
 */
import { accept } from '../../grammar/gdb-value.js';
import type { CaptureRecord, PrintedValue } from '../../model/record.js';
import type { LineFormat } from '../line-format.js';

const LONGEST_TEXT = 16_384;
const MOST_LINES = 400;

// "$3 = {index = 0, "   "$1 = (VhostUserMsg) {"
const HEAD = /^\$\d+ = (?:\([^(){}]*\) )?\{/;
// Members are indented, by `set print pretty` as where a long line is wrapped; the last bracket is not.
const INSIDE = /^(?:[ \t]+\S|\}[ \t]*$)/;

/** Adds lines up to the end of one printed value. */
export class PrintedText {
  #text = '';
  #depth = 0;
  #first = 0;
  #last = 0;

  get isOpen(): boolean {
    return this.#text !== '';
  }

  /** First line of the value under construction. */
  get first(): number | undefined {
    return this.isOpen ? this.#first : undefined;
  }

  /** Takes the line where a value begins, or goes on. */
  take(text: string, first: number, last: number): boolean {
    if (!this.isOpen) {
      if (!HEAD.test(text)) return false;
      this.#first = first;
      this.#depth = 0;
    } else if (!INSIDE.test(text) || last - this.#first >= MOST_LINES) return false;
    if (this.#text.length + text.length > LONGEST_TEXT) return false;
    this.#text = this.isOpen ? `${this.#text} ${text.trim()}` : text.trim();
    this.#depth += depthOf(text);
    this.#last = last;
    return true;
  }

  /** The bracket that opened it is closed. */
  get isWhole(): boolean {
    return this.isOpen && this.#depth <= 0;
  }

  /** Ends the value: its record, or undefined where it is nothing that can be read. */
  end(): PrintedValue | undefined {
    const [text, isWhole] = [this.#text, this.isWhole];
    this.#text = '';
    if (!isWhole) return undefined;
    const read = accept(text, 'Printed');
    if (read === undefined || read.members.length === 0) return undefined;
    const span = { first: this.#first, last: this.#last };
    return { kind: 'value', span, number: read.number, members: Object.fromEntries(read.members) };
  }
}

/** Brackets that a line opens, less those it closes; quoted ones do not count. */
function depthOf(text: string): number {
  const bare = text.replace(/"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'/g, '');
  let depth = 0;
  for (const char of bare) depth += char === '{' ? 1 : char === '}' ? -1 : 0;
  return depth;
}

/** The members of `{index = 0, flags = 1}`, as the machine interface gives a value; undefined for others. */
export function readMembers(text: string): PrintedValue['members'] | undefined {
  if (!text.includes('{') || text.length > LONGEST_TEXT) return undefined;
  const members = accept(text.trim(), 'Structure');
  return members === undefined || members.length === 0 ? undefined : Object.fromEntries(members);
}

/** The expression that a command prints: `*addr` of `p/x *addr`; `p/t` prints digits that look like another number. */
export function askedExpression(command: string): string | undefined {
  return /^(?:p|print|inspect|output)(?:\/[a-su-z0-9]+)? +(\S.*)$/.exec(command.trim())?.[1];
}

/** The member that `addr->flags`, `(*addr).flags` or `addr[0].flags` asks for: `flags`; of `words[0]` and `*words` the first element. */
export function askedMember(expression: string): string | undefined {
  return FIRST.test(expression) ? '[0]' : MEMBER.exec(expression)?.[1];
}

const FIRST = /^(?:\*[\w$]+|[\w$]+\[0\])$/;

const MEMBER =
  /^(?:[\w$]+(?:(?:->|\.)\w+)*(?:\[0\])?|\(\*[\w$]+(?:(?:->|\.)\w+)*\))(?:->|\.)([A-Za-z_]\w*)$/;

export function createPrintedValues(): LineFormat {
  return new PrintedValues();
}

class PrintedValues implements LineFormat {
  readonly id = 'gdb';
  readonly #value = new PrintedText();
  #lines: number[] = [];

  get isOpen(): boolean {
    return this.#value.isOpen;
  }

  take(line: string, lineNo: number): readonly CaptureRecord[] | undefined {
    if (!this.#value.take(line, lineNo, lineNo)) return undefined;
    this.#lines.push(lineNo);
    return this.#value.isWhole ? this.end() : [];
  }

  end(): readonly CaptureRecord[] {
    const record = this.#value.end();
    const lines = this.#lines;
    this.#lines = [];
    if (record !== undefined) return [record];
    return lines.map((line) => ({ kind: 'chatter', span: { first: line, last: line } }));
  }
}
