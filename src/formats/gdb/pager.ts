/**
 * gdb's pager: its prompts in the lines of a session, and what stands around them.
 *
 * Source: gdb/utils.c, prompt_for_continue().
 */
import { splitMargin } from '../wrappings/clean.js';
import type { FormatOffers } from '../format-offers.js';
import type { Line } from './pending.js';
import type { GdbSession } from './session.js';

/** A pager prompt inside a line: what stood before it, and what was typed or printed behind it. */
interface PagerCut {
  readonly before: string;
  readonly after: string;
}

// --Type <RET> for more, q to quit, c to continue without paging--
// ---Type <return> to continue, or q <return> to quit---
// <continue without paging--      (the rest of it, on a terminal narrower than the prompt)
const PAGER =
  /---?Type <(?:RET|return)>[^-]{0,80}---?|^<?(?:RET> for more, q to quit, )?c(?:ontinue without paging| to continue without paging)--|^<(?:continue without paging)--/;

/** Finds the pager's prompt; undefined for nearly every line. */
export function cutPager(line: string): PagerCut | undefined {
  if (!line.includes('Type <') && !line.includes('without paging--')) return undefined;
  const match = PAGER.exec(line);
  if (match === null) return undefined;
  return { before: line.slice(0, match.index), after: line.slice(match.index + match[0].length) };
}

const PROMPTS = [
  'Type <return> to continue, or q <return> to quit---',
  'Type <RET> for more, q to quit, c to continue without paging--',
];

/** Where the line goes that a prompt stands in. */
export interface PagerOut {
  /** What stands beside the prompt. */
  readonly join: (line: Line) => void;
  /** A line that is no part of the log. */
  readonly skip: (line: Line) => void;
  /** Ends what is under construction. */
  readonly end: () => void;
}

/** The pager of one capture. */
export class Pager {
  /** What is missing of the prompt of the line above. */
  #rest: string | undefined;
  /** There was a prompt, and nobody has quit since. */
  #isPaged = false;

  constructor(
    private readonly session: GdbSession,
    private readonly formats: FormatOffers,
    private readonly out: PagerOut,
  ) {}

  /** Takes a line with a prompt in it. */
  take(line: Line): boolean {
    const cut = this.#cut(line.text);
    if (cut === undefined) return false;
    this.#isPaged = true;
    this.#read(cut, line);
    return true;
  }

  /** Takes the `Quit` that may stand below a prompt. */
  takeQuit({ text, lineNo }: Line): boolean {
    if (!this.#isPaged || !/^Quit[ \t]*$/.test(text)) return false;
    this.#quit(lineNo);
    return true;
  }

  #read({ before, after }: PagerCut, line: Line): void {
    const { lineNo } = line;
    const reply = after.trim();
    const quits = /^q(?:uit)?$/.test(reply);
    this.formats.end();
    if (splitMargin(before).rest !== '') {
      this.out.join({ text: before, lineNo, cut: /^[cq]?$/.test(reply) });
      if (quits) this.session.markIncomplete();
    } else if (quits) {
      this.out.end();
      this.#quit(lineNo);
    } else if (/^#\d+[ \t]|^(?: {4}|\t)/.test(after)) {
      // Commands from a pipe: nothing is typed, the output goes on in the same line.
      this.out.join({ text: after, lineNo, cut: false });
    } else this.out.skip(line);
  }

  #quit(lineNo: number): void {
    this.#isPaged = false;
    this.session.quit(lineNo);
  }

  /** As {@link cutPager}, also of a prompt that mail broke at a blank. */
  #cut(line: string): PagerCut | undefined {
    const rest = this.#rest;
    this.#rest = undefined;
    const text = line.trim();
    if (rest?.startsWith(`${text} `) === true && text !== '') {
      this.#rest = rest.slice(text.length + 1);
      return { before: '', after: '' };
    }
    if (rest !== undefined && text.startsWith(rest)) {
      return { before: '', after: text.slice(rest.length) };
    }
    const whole = cutPager(line);
    if (whole !== undefined || !line.includes('--Type')) return whole;
    const start = line.search(/---?Type(?: <[^-]*)?$/);
    const head = `${line.slice(start).trim().replace(/^-+/, '')} `;
    const prompt = start < 0 ? undefined : PROMPTS.find((known) => known.startsWith(head));
    if (prompt === undefined) return undefined;
    this.#rest = prompt.slice(head.length);
    return { before: line.slice(0, start), after: '' };
  }
}
