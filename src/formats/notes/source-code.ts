/**
 * Source code pasted into a note → SourceCode.
 *
 * Producers: people, from C sources: with or without indentation, fences and the line numbers of an editor.
 * Unit:      one record per paragraph: a blank line or the end of a block ends it, a block may go on below.
 * Not read:  what the code says. Code of other languages outside of fences; code that gdb prints, which
 *            gdb claims. A line with a remark in another script stays prose: those words are a person's.
 */
import type { Prose, SourceCode } from '../../model/record.js';
import type { NoteFormat, NoteLine } from './note-format.js';
import { LONGEST_NOTE_LINE, readBrackets, readCodeStart, readListing } from './note-lines.js';
import { hasOtherLetters, isFence, isHuman } from './prose.js';

export function createSourceCode(): NoteFormat {
  return new SourceCodes();
}

/** A longer record goes on in another one. */
const MOST_LINES = 4096;

/** An opened block that is not closed by then is none. */
const LONGEST_BLOCK = 1000;

/** Lines that a listing leaves out without saying so. */
const WIDEST_GAP = 500;

interface Block {
  readonly first: number;
  braces: number;
  brackets: number;
  /** Inside a comment. */
  comment: boolean;
}

class SourceCodes implements NoteFormat {
  readonly isPersons = false;
  #first: number | undefined;
  #last = 0;
  #block: Block | undefined;
  /** Number of the listing's last line, over blank lines too. */
  #number: number | undefined;
  #fence: 'code' | 'other' | undefined;

  get isOpen(): boolean {
    return this.#first !== undefined;
  }

  mayHead({ text, nearOutput }: NoteLine): boolean {
    return !nearOutput && this.#fence !== 'code' && readListing(text) !== undefined;
  }

  /** One number in front of a line may be anything, two that follow each other are an editor's. */
  takeBelow(head: NoteLine, line: NoteLine): readonly (SourceCode | Prose)[] | undefined {
    const first = readListing(head.text);
    const next = readListing(line.text);
    if (first === undefined || next?.number !== first.number + 1) return undefined;
    if (!isCertain(first.code) && !isCertain(next.code)) return undefined;
    if ([head, line].some(({ text }) => hasOtherLetters(text))) return undefined;
    this.#forget();
    this.#number = next.number;
    this.#cover(head.lineNo);
    this.#cover(line.lineNo);
    return [];
  }

  take(line: NoteLine): readonly (SourceCode | Prose)[] | undefined {
    const { text, lineNo } = line;
    if (isFence(text)) {
      this.#turnFence(text);
      return undefined;
    }
    if (text.length > LONGEST_NOTE_LINE && this.#fence !== 'code') {
      this.#forget();
      return undefined;
    }
    if (hasOtherLetters(text)) return this.#takeRemark(line);
    if (this.#fence !== 'code' && !this.#goesOn(line) && !this.#starts(line)) {
      this.#forget();
      return undefined;
    }
    const full = this.#first !== undefined && lineNo - this.#first >= MOST_LINES ? this.end() : [];
    this.#cover(lineNo);
    return [...full, ...(this.#follow(text, lineNo) ? this.end() : [])];
  }

  end(): readonly SourceCode[] {
    if (this.#first === undefined) return [];
    const span = { first: this.#first, last: this.#last };
    this.#first = undefined;
    return [{ kind: 'code', span }];
  }

  // "struct iovec log_iov[64]; --> " and words of another script
  #takeRemark({ text, lineNo }: NoteLine): readonly (SourceCode | Prose)[] | undefined {
    const code = text.replace(/(?:\/\/|\/\*|-{1,8}>).*$/, '').trimEnd();
    const isInside = this.#block?.comment === true || (code !== '' && isCodeLike(code));
    if (hasOtherLetters(code) || !isInside || this.#block === undefined) {
      this.#forget();
      return undefined;
    }
    this.#follow(text, lineNo);
    const span = { first: lineNo, last: lineNo };
    return [...this.end(), { kind: 'prose', span, human: true }];
  }

  #goesOn(line: NoteLine): boolean {
    if (this.#number !== undefined) return this.#goesOnInListing(line.text, this.#number);
    const block = this.#block;
    if (block !== undefined) return goesOnIn(block, line);
    return this.isOpen && /^[ \t]*[{}]/.test(line.text) && !line.nearOutput;
  }

  #goesOnInListing(text: string, last: number): boolean {
    if (isElision(text)) return true;
    const number = readListing(text)?.number;
    const goesOn = number !== undefined && number > last && number - last <= WIDEST_GAP;
    if (goesOn) this.#number = number;
    else this.#forget();
    return goesOn;
  }

  #starts({ text, nearOutput }: NoteLine): boolean {
    // Below its own output gdb prints types and source lines.
    if (nearOutput) return false;
    const start = readCodeStart(text);
    // A person writes brackets too: `if (the guest writes)`.
    return start === 'strong' || (start === 'weak' && !isHuman(text, nearOutput));
  }

  /** Counts what the line opens and closes; true when it closed a block of braces. */
  #follow(text: string, lineNo: number): boolean {
    // A listing may leave lines out, so its brackets need not match; its numbers say where it ends.
    if (this.#number !== undefined) return false;
    const { braces, brackets, comment } = this.#block ?? { braces: 0, brackets: 0, comment: false };
    const line = readBrackets(text, comment) ?? { braces: 0, brackets: 0, comment: false };
    const next = {
      first: this.#block?.first ?? lineNo,
      braces: Math.max(0, braces + line.braces),
      brackets: Math.max(0, brackets + line.brackets),
      comment: line.comment,
    };
    const isInside = next.braces > 0 || next.brackets > 0 || next.comment;
    this.#block = isInside && lineNo - next.first < LONGEST_BLOCK ? next : undefined;
    return this.#fence !== 'code' && braces > 0 && next.braces === 0;
  }

  #turnFence(text: string): void {
    this.#forget();
    if (this.#fence !== undefined) this.#fence = undefined;
    else this.#fence = CODE_FENCE.test(text.trim()) ? 'code' : 'other';
  }

  #forget(): void {
    this.#block = undefined;
    this.#number = undefined;
  }

  #cover(lineNo: number): void {
    this.#first ??= lineNo;
    this.#last = lineNo;
  }
}

const CODE_FENCE = /^`{3,}[ \t]*(?:c|h|cc|cpp|c\+\+|diff|patch|asm|rust|rs|go|python|py|java)$/i;

function goesOnIn({ brackets, comment }: Block, { text, nearOutput }: NoteLine): boolean {
  const code = text.trim();
  if (comment) return code.startsWith('*') || code.includes('*/') || !isHuman(text, nearOutput);
  if (!isCodeLike(code)) return false;
  if (/[;{}]$|^\w+,$/.test(withoutComment(code)) || !isHuman(text, nearOutput)) return true;
  // "hdev->vqs + i," of a list of arguments; words that follow each other are a sentence
  return brackets > 0 && !/\b[a-z]+ [a-z]+ [a-z]+ /i.test(code);
}

function withoutComment(code: string): string {
  const start = code.indexOf('/*');
  return start < 0 ? code : code.slice(0, start).trimEnd();
}

/** Begins or ends as a line of C may, and not as a message or JSON does. */
function isCodeLike(text: string): boolean {
  const code = text.trim();
  if (/^\d|^[{[]"|^"[^"]*"[ \t]*:|^\[ *\d|^[\w./]*-[\w.-]*: /.test(code)) return false;
  return (
    /^(?:\*|\/[*/]|[{}])|[;{}(),\\|=+?:-]$|&&$|\*\/$/.test(code) ||
    /^#(?:define|undef|include|if|ifdef|ifndef|else|elif|endif)\b|^[A-Za-z_]\w*$/.test(code) ||
    code === '' ||
    isElision(code)
  );
}

// "99 bottles" has a number, too
function isCertain(code: string): boolean {
  return isCodeLike(code) && /[^\w\s.]/.test(code) && !isHuman(code, false);
}

// "... ..."
function isElision(text: string): boolean {
  return /^[ \t]*\.{3}[. \t]*$/.test(text);
}
