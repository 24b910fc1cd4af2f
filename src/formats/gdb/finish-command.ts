/**
 * Follows the command `finish`: "Run till exit from #0  f (a=1) at x.c:9", the place of the caller, and "Value returned is
 * $2 = -22" unless the function is void.
 *
 * Source: gdb/infcmd.c, finish_command() and print_return_value() (gdb 7 to 18).
 */
import type { CaptureRecord, FunctionReturn } from '../../model/record.js';

export class FinishCommand {
  /** The function that is waited for. */
  #running: string | undefined;
  /** The function that came back last, until its value is printed. */
  #returning: string | undefined;

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /** `Run till exit from`; undefined where the function could not be read. */
  begin(func: string | undefined): void {
    this.#running = func;
  }

  /** The caller's place: the call has ended, and a value may follow. */
  comeBack(lines: readonly number[]): FunctionReturn {
    const func = this.#running;
    this.#returning = func;
    const span = { first: lines[0] ?? 0, last: lines.at(-1) ?? 0 };
    return { kind: 'return', span, func, value: undefined };
  }

  /** `Value returned is $2 = -22`. */
  returned(value: string, lineNo: number): FunctionReturn {
    const func = this.#returning;
    this.#returning = undefined;
    return { kind: 'return', span: { first: lineNo, last: lineNo }, func, value };
  }

  /** A record of the session: a stop inside ends the wait without a value. */
  see(kind: CaptureRecord['kind']): void {
    if (kind !== 'thread') this.#running = undefined;
    if (kind !== 'return') this.#returning = undefined;
  }
}
