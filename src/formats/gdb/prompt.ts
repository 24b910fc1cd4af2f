/**
 * What is typed at gdb's prompts: which command the lines below answer, and which command list a line belongs to.
 *
 * Source: gdb/top.c, command_line_input() (gdb 7 to 18).
 */
import { isOwnCommand } from '../../model/gdb-commands.js';
import type { Command, Span } from '../../model/record.js';
import { CommandLists } from './command-lists.js';
import { askedExpression } from './printed-value.js';

export class Prompt {
  readonly #lists = new CommandLists();
  #above: Command | undefined;
  /** A command that gdb may not know: the line below would say so. */
  #doubtful: Command | undefined;

  /** The command that stands above, with no record in between. */
  get above(): Command | undefined {
    return this.#above;
  }

  /** The expression that it asked for: `*addr` of `print *addr`. */
  get asked(): string | undefined {
    return this.#above === undefined ? undefined : askedExpression(this.#above.text);
  }

  /** A command list is being typed: lines begin with `>`. */
  get isInList(): boolean {
    return this.#lists.isOpen;
  }

  /** True of a command that gdb knows for sure; another is held back, see {@link takeDoubtful}. */
  type(command: Command): boolean {
    this.#lists.atPrompt(command.text.trim());
    this.#above = command;
    if (isOwnCommand(command.text)) return true;
    this.#doubtful = command;
    return false;
  }

  /** What was held back: gdb did not refuse it, or does so now. */
  takeDoubtful(): Command | undefined {
    const command = this.#doubtful;
    this.#doubtful = undefined;
    return command;
  }

  /** What is printed from here on answers no command. */
  leave(): void {
    this.#above = undefined;
  }

  /** A line of the list that is being typed; undefined where it is no command. */
  typeListed(text: string, span: Span): Command | undefined {
    const block = this.#lists.inner(text);
    if (block === 'script') return undefined;
    const command: Command = { kind: 'command', span, text };
    return block === 'commands' ? command : { ...command, list: block };
  }

  /** `commands` without a number is for this breakpoint. */
  breakpointSet(number: number): void {
    this.#lists.breakpointSet(number);
  }
}
