/**
 * What gdb says of breakpoints: where each was set, how it is narrowed, and which row of `info breakpoints` a line
 * stands below.
 *
 * Source: gdb/breakpoint.c, say_where(), print_one_breakpoint_location() and map_breakpoint_numbers().
 */
import { breakCommand } from '../../model/break-command.js';
import type { BreakCommand } from '../../model/break-command.js';
import type { BreakpointSet, Command, Span } from '../../model/record.js';

export class SetBreakpoints {
  /** By which command each was set, where that is echoed. */
  readonly #typed = new Map<number, BreakCommand | undefined>();
  /** The breakpoint that was told of last. */
  #last: number | undefined;
  /** The row of `info breakpoints` that was printed last, while its table goes on. */
  #row: number | undefined;

  /** The table of `info breakpoints` has ended. */
  endTable(): void {
    this.#row = undefined;
  }

  /** A row without a place: the places of its locations follow. */
  beginRow(number: number): void {
    this.#last = number;
    this.#row = number;
  }

  /** `Breakpoint 1 at 0x1: ...`, below `command`. A function counts as watched only by one that always stops at its entry. */
  set(set: BreakpointSet, command: string): BreakpointSet {
    const { number } = set;
    this.#typed.set(number, breakCommand(command));
    this.#last = number;
    this.#row = undefined;
    return this.#asTyped(set);
  }

  /** A row of `info breakpoints`. */
  list(set: BreakpointSet): BreakpointSet {
    this.beginRow(set.number);
    return { ...this.#asTyped(set), listed: true };
  }

  /** `        return 0` below a row: of its command list. Undefined where there is no row. */
  listed(text: string, span: Span): Command | undefined {
    if (this.#row === undefined) return undefined;
    return { kind: 'command', span, text, list: { breakpoints: [this.#row] } };
  }

  /** `stop only if x` below a row; undefined where there is none. */
  narrowRow(lineNo: number): BreakpointSet | undefined {
    if (this.#last === undefined) return undefined;
    return { ...this.narrow(this.#last, lineNo), listed: true };
  }

  /** `Will ignore next 2 crossings of breakpoint 16.  Continuing.` */
  narrow(number: number, lineNo: number): BreakpointSet {
    const span = { first: lineNo, last: lineNo };
    const nowhere = { func: undefined, file: undefined, line: undefined };
    return { kind: 'breakpoint-set', span, number, temporary: false, ...nowhere, narrowed: true };
  }

  #asTyped(set: BreakpointSet): BreakpointSet {
    const typed = this.#typed.get(set.number);
    const isInside = typed !== undefined && typed.func === undefined;
    return {
      ...set,
      func: isInside ? undefined : (set.func ?? typed?.func),
      ...(typed?.narrowed === true ? { narrowed: true } : {}),
      ...(isInside ? { inside: true } : {}),
    };
  }
}
