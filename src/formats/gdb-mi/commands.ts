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
    this.#waiting = this.#waiting.slice(at + 1);
    return command;
  }

  /** The debugger is gone. */
  clear(): void {
    this.#waiting = [];
  }
}

/** The thread that `-stack-list-frames --thread 2` asks for. */
export function threadOption(text: string): string | undefined {
  return / --thread (\d+)(?: |$)/.exec(text)?.[1];
}
