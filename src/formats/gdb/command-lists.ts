/**
 * Follows the command lists of a session: which breakpoint or definition does a typed line belong to?
 *
 * Source: gdb/cli/cli-script.c, process_next_line() and read_command_lines() (gdb 7 to 18): inner lines
 * are asked for with `>`, blocks nest and each ends with `end`.
 * Not followed: lists that a script sets up without an echo; nothing is printed of them.
 */
import type { CommandList } from '../../model/record.js';

/** Of a language that is none of gdb's, or of a help text. */
const OPENS_SCRIPT = /^(?:(?:python|py|guile|gu)[ \t]*$|document\b|compile\b(?! .*\S.*;))/;
const OPENS_CONTROL = /^(?:if|while)\b/;
const OPENS_STEPPING = /^(?:while-stepping|stepping|ws)\b/;

/** What the lines are that are asked for with `>`. */
type Block = CommandList | 'commands' | 'script';

export class CommandLists {
  #open: Block | undefined;
  #depth = 0;
  #lastBreakpoint: number | undefined;

  /** `commands` without a number is for the breakpoint that was set last. */
  breakpointSet(number: number): void {
    this.#lastBreakpoint = number;
  }

  /** A command at the prompt proper: it may begin a block, and ends one that was left open. */
  atPrompt(text: string): void {
    if (OPENS_SCRIPT.test(text)) this.#open = 'script';
    else if (OPENS_CONTROL.test(text)) this.#open = 'commands';
    else this.#open = beginsList(text, this.#lastBreakpoint);
    this.#depth = 1;
  }

  get isOpen(): boolean {
    return this.#open !== undefined;
  }

  /** What a line is that was asked for with `>`: of a list, a command that runs as soon as its block is whole, or no command. */
  inner(text: string): Block {
    const block = this.#open ?? 'commands';
    if (OPENS_SCRIPT.test(text) || OPENS_CONTROL.test(text) || OPENS_STEPPING.test(text)) {
      this.#depth++;
    } else if (text === 'end' && --this.#depth === 0) this.#open = undefined;
    return block === 'commands' && (text === 'end' || text === 'else') ? 'script' : block;
  }
}

// "commands"   "commands 3"   "commands 3-5 7"   "define skip"
function beginsList(text: string, last: number | undefined): CommandList | undefined {
  const definition = /^define[ \t]+([\w-]+)$/.exec(text)?.[1];
  if (definition !== undefined) return { breakpoints: [], definition };
  const numbers = /^comm(?:a(?:n(?:d(?:s)?)?)?)?(?:[ \t]+([\d \t-]+))?$/.exec(text);
  if (numbers === null) return undefined;
  if (numbers[1] !== undefined) return { breakpoints: ranges(numbers[1]) };
  return { breakpoints: last === undefined ? [] : [last] };
}

/** Ranges of a list; of more, which nobody types, all that is between them is taken. */
const MOST_RANGES = 8;

/** gdb counts in an int. */
const MOST_NUMBER = 2 ** 31 - 1;

function ranges(text: string): CommandList['breakpoints'] {
  const found = [...text.matchAll(/(\d+)(?:-(\d+))?/g)]
    .map(([, from = '', to = from]) => [numberOf(from), numberOf(to)] as const)
    .filter(([from, to]) => from <= to);
  if (found.length <= MOST_RANGES)
    return found.map(([from, to]) => (from === to ? from : [from, to]));
  const first = found.reduce((least, [from]) => Math.min(least, from), MOST_NUMBER);
  const last = found.reduce((most, [, to]) => Math.max(most, to), 0);
  return [[first, last]];
}

function numberOf(digits: string): number {
  return Math.min(Number(digits), MOST_NUMBER);
}
