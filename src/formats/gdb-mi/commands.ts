/**
 * Commands that were typed into the machine interface, and which answer belongs to which.
 *
 * Source: gdb/mi/mi-main.c, mi_execute_command(): gdb answers in order, and repeats the token of the
 * command. Who types ahead has commands in the log that gdb carries out much later: such a command
 * counts where it is answered.
 */

/** A command without an answer yet. */
export interface TypedCommand {
  readonly token: string | undefined;
  /** `stack-list-frames`; empty for a command of the command line. */
  readonly name: string;
  readonly text: string;
  /** Others had no answer yet when it was typed. */
  readonly isAhead: boolean;
}

/** Front ends type ahead by a handful; one more counts where it stands. */
const MOST_COMMANDS = 256;

/** What only one command is answered with: where answers have no token, it shows that older ones were lost. */
const ASKED_BY: ReadonlyMap<string, string> = new Map([
  ['stack', 'stack-list-frames'],
  ['stack-args', 'stack-list-arguments'],
  ['threads', 'thread-info'],
  ['new-thread-id', 'thread-select'],
]);

export class MiCommands {
  #waiting: TypedCommand[] = [];
  /** How many of them stand above lines of something else. */
  #above = 0;

  typed(token: string | undefined, name: string, text: string): TypedCommand {
    const isFull = this.#waiting.length >= MOST_COMMANDS;
    const command = { token, name, text, isAhead: this.#waiting.length > 0 && !isFull };
    if (!isFull) this.#waiting.push(command);
    return command;
  }

  /** The command that this answer belongs to; older ones get none any more. */
  answered(token: string | undefined, item: string | undefined): TypedCommand | undefined {
    const asked = ASKED_BY.get(item ?? '');
    const own = this.#waiting.filter((waiting) => waiting.token === token);
    const command = own.find(({ name }) => asked === undefined || asked === name) ?? own[0];
    if (command === undefined) return undefined;
    const at = this.#waiting.indexOf(command);
    this.#drop(at + 1);
    return command;
  }

  /** Lines that are none of the debugger's follow: another log may begin below them. */
  interrupt(): void {
    this.#above = this.#waiting.length;
  }

  /** A debugger starts. Front ends write their first commands before it says so; what is owed from above is not its own. */
  begin(): void {
    this.#drop(this.#above);
  }

  #drop(count: number): void {
    this.#waiting = this.#waiting.slice(count);
    this.#above = Math.max(0, this.#above - count);
  }

  /** The debugger is gone. */
  clear(): void {
    this.#drop(this.#waiting.length);
  }
}

/** The thread that `-stack-list-frames --thread 2` asks for. */
export function threadOption(text: string): string | undefined {
  return / --thread (\d+)(?: |$)/.exec(text)?.[1];
}
