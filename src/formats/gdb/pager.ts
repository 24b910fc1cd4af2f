/**
 * Pagers, gdb's own and more(1): their prompts in the lines of a session, and what stands around them; and what somebody
 * stopped that gdb was printing.
 *
 * Source: gdb/utils.c, prompt_for_continue(), quit(); util-linux text-utils/more.c, output_prompt().
 */
import { splitMargin } from '../wrappings/clean.js';
import type { FormatOffers } from '../format-offers.js';
import type { Line } from './pending.js';
import type { ToldLoss } from '../told-losses.js';
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

// --More--    --More--(45%)    --More--(Next file: gdb2.txt)
const MORE = /^--More--(?:\((?:\d{1,3}%|Next file: [^)]{1,255})\))?/;

/** `Quit`, with the keys in front as a terminal shows them; since gdb 17 with a sign (gdb/cli/cli-style.c). */
const QUIT = /^(?:\^C){0,8}(?:\u274c\ufe0f )?Quit[ \t]*$/;
const KEYS = /^(?:\^C){1,8}[ \t]*$/;

/** What gdb prints where the keys stopped the program, and not its output. */
const INTERRUPTED = /^[ \t]*$|^\[(?:Switching to |New |Thread )/;

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
  /** The same; records are missing above the line. */
  readonly loseAbove: (lineNo: number, loss: ToldLoss) => void;
}

/** The pager of one capture. */
export class Pager {
  /** What is missing of the prompt of the line above. */
  #rest: string | undefined;
  /** There was a prompt, and nobody has quit since. */
  #isPaged = false;
  /** Keys were pressed, and nothing says yet what they stopped. */
  #isInterrupted = false;

  constructor(
    private readonly session: GdbSession,
    private readonly formats: FormatOffers,
    private readonly out: PagerOut,
  ) {}

  /** Takes a line with a prompt in it. */
  take(line: Line): boolean {
    if (this.#isInterrupted) this.#settle(line);
    if (this.#takeMore(line)) return true;
    const cut = this.#cut(line.text);
    if (cut === undefined) return false;
    this.#isPaged = true;
    this.#read(cut, line);
    return true;
  }

  /** Takes the `Quit` that may stand below a prompt, or anywhere in what gdb prints; and the keys alone. */
  takeQuit({ text, lineNo }: Line): boolean {
    const { isGdb, inBacktrace } = this.session;
    const isAmid = isGdb && (inBacktrace || this.session.isNear(lineNo));
    if (QUIT.test(text) && (this.#isPaged || isAmid)) this.#quit(lineNo);
    else if (isAmid && KEYS.test(text)) {
      this.#isInterrupted = true;
      this.session.output(lineNo);
    } else return false;
    return true;
  }

  /** Keys at a prompt throw away what was typed there: nothing that gdb prints is lost by that. */
  takeQuitAtPrompt({ text, lineNo }: Line): boolean {
    if (this.#isPaged || !QUIT.test(text)) return false;
    this.session.output(lineNo);
    return true;
  }

  /** No line behind the keys says that they stopped the program, and not what gdb printed. */
  finish(): void {
    if (this.#isInterrupted) this.session.markIncomplete();
  }

  /** The next line says what was interrupted. */
  get isInterrupted(): boolean {
    return this.#isInterrupted;
  }

  /** No stop tells that the program was interrupted: the output was, or that stop was left out, and others with it. */
  #settle({ text, lineNo }: Line): void {
    if (QUIT.test(text) || / signal SIGINT\b/.test(text)) this.#isInterrupted = false;
    else if (!INTERRUPTED.test(text) && !KEYS.test(text)) {
      this.#isInterrupted = false;
      this.session.markIncomplete();
      this.out.loseAbove(lineNo, { why: 'what gdb printed was interrupted' });
    }
  }

  /** more(1) wipes its prompt when it goes on: alone it is where a screen was copied, or left. */
  #takeMore(line: Line): boolean {
    const prompt = line.text.startsWith('--More--') ? MORE.exec(line.text)?.[0] : undefined;
    if (prompt === undefined) return false;
    const rest = line.text.slice(prompt.length);
    const wiped = ' '.repeat(prompt.length);
    const text = rest.startsWith(wiped) ? rest.slice(wiped.length) : rest;
    this.formats.end();
    if (text.trim() === '') {
      this.out.end();
      this.#quit(line.lineNo);
    } else this.out.join({ ...line, text });
    return true;
  }

  #read({ before, after }: PagerCut, line: Line): void {
    const { lineNo } = line;
    const reply = after.trim();
    const quits = /^q(?:uit)?$|^\^C/.test(reply);
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
