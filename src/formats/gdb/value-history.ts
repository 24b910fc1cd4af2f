/**
 * gdb numbers all that it prints: where a number is left out, lines are missing.
 *
 * Source: gdb/printcmd.c, print_value(); gdb/value.c, record_latest_value(); gdb/infcmd.c, print_return_value().
 */
import type { ToldLoss } from '../told-losses.js';

/** "$3 = {index = 0", "Value returned is $2 = -22"; behind what a program printed without a newline, "login: $3 = 5". */
const VALUE = /^(Value returned is )?\$(\d{1,9}) = /;
const VALUE_BEHIND = /\$(\d{1,9}) = /;

export class ValueHistory {
  #last: { readonly number: number; readonly lineNo: number } | undefined;

  /** What is missing above the line, somewhere below the last value. */
  see(text: string, lineNo: number): ToldLoss | undefined {
    if (!text.includes('$')) return undefined;
    const last = this.#last;
    const own = VALUE.exec(text)?.[2];
    if (own === undefined) {
      const behind = Number(VALUE_BEHIND.exec(text)?.[1]);
      if (last !== undefined && behind === last.number + 1) this.#last = { number: behind, lineNo };
      return undefined;
    }
    const number = Number(own);
    this.#last = { number, lineNo };
    // A lower one is of another gdb.
    if (last === undefined || number <= last.number + 1) return undefined;
    const reach = { from: last.lineNo + 1, to: lineNo };
    return { why: `gdb printed a value between $${last.number} and $${number}`, reach };
  }
}
