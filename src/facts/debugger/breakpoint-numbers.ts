/**
 * The numbers that one debugger gives to its breakpoints: in rising order, and none twice. A number that comes again is
 * of another one, whose log was appended to the same file (`set logging` does so by default).
 *
 * Source: gdb/breakpoint.c, set_breakpoint_number(); gdb/cli/cli-logging.c, logging_overwrite.
 */
import type { BreakpointSet } from '../../model/record.js';

interface Given {
  /** What it was set on; undefined where only more was said of it. */
  readonly location: string | undefined;
  /** How many steps there were by then. */
  readonly steps: number;
}

export class BreakpointNumbers {
  private readonly given = new Map<number, Given>();
  /** When the recipe of `vhtrace probes` declared them. */
  private readonly declared = new Map<number, number>();
  private highest = 0;

  has(number: number): boolean {
    return this.given.has(number);
  }

  /** The recipe of `vhtrace probes` set it. */
  isOfRecipe(number: number): boolean {
    return this.declared.has(number);
  }

  /** A number that this debugger gave to another place, passed over, or gave already `steps` before. */
  isOfAnother(set: BreakpointSet, steps: number): boolean {
    if (set.declared === true && set.narrowed !== true)
      return (this.declared.get(set.number) ?? steps) < steps;
    if (!isNew(set) || set.number > this.highest) return false;
    const known = this.given.get(set.number);
    if (known === undefined) return true;
    if (known.location === undefined) return false;
    return known.location !== locationOf(set) || known.steps < steps;
  }

  add(set: BreakpointSet, steps: number): void {
    const { number, listed, declared } = set;
    if (isNew(set)) this.given.set(number, { location: locationOf(set), steps });
    // It may be set right again: MI tells of each change.
    else if ((listed !== true && declared !== true) || !this.has(number))
      this.given.set(number, { location: undefined, steps });
    if (declared === true) this.declared.set(number, steps);
    if (listed !== true) this.highest = Math.max(this.highest, number);
  }
}

/** It is set here; else more is said of it. */
function isNew({ narrowed, declared, listed }: BreakpointSet): boolean {
  return narrowed !== true && declared !== true && listed !== true;
}

function locationOf({ func = '', file = '', line }: BreakpointSet): string {
  return `${func} ${file}:${line ?? ''}`;
}
