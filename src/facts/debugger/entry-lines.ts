/**
 * Which hits of breakpoints are entries of functions? A breakpoint of a function stops at the line where its code
 * begins; one that is set at a later line, maybe in a loop, shows a call that was entered before.
 *
 * Source: gdb/symtab.c, skip_prologue_sal(): breakpoints of one function stop at one line. Those of an inlined one
 * have several places, and one number.
 */
import type { BreakpointSet } from '../../model/record.js';
import { plainName } from '../functions.js';
import type { Step } from '../step.js';

interface Hit {
  readonly step: Step;
  readonly line: number;
  /** The breakpoint, where a stop line has its number; else all hits of a line are taken for those of one. */
  readonly by: string;
  readonly isInside: boolean;
}

/** What is known of one function in one process. */
interface Known {
  /** The first line at which each breakpoint stops that may be one of the function. */
  readonly lines: Map<string, number>;
  readonly hits: Hit[];
}

export class EntryLines {
  private readonly functions = new Map<string, Known>();

  /** `session`: in which the breakpoint was set. */
  onSet({ number, func, file, line, inside }: BreakpointSet, session: number): void {
    if (func === undefined || line === undefined || inside === true) return;
    learn(this.known(session, func, file).lines, String(number), line);
  }

  /** `isInside`: the breakpoint was set at a line or an address. */
  onHit(step: Step, isInside: boolean): void {
    const { func, file, line } = step.calls.at(-1)?.frame ?? {};
    if (func === undefined || line === undefined) return;
    const by = step.breakpoint === undefined ? `line ${line}` : String(step.breakpoint);
    const known = this.known(step.session, func, file);
    if (!isInside) learn(known.lines, by, line);
    known.hits.push({ step, line, by, isInside });
  }

  /** Tells the steps what is known by now. */
  settle(): void {
    for (const { lines, hits } of this.functions.values()) {
      const first = Math.min(...lines.values());
      for (const { step, line, by, isInside } of hits)
        step.entry = (isInside ? line : lines.get(by)) === first;
    }
  }

  /** The steps are settled for good. */
  clear(): void {
    this.functions.clear();
  }

  private known(session: number, func: string, file: string | undefined): Known {
    const key = `${session} ${plainName(func)} ${file ?? ''}`;
    let known = this.functions.get(key);
    if (known === undefined) {
      known = { lines: new Map(), hits: [] };
      this.functions.set(key, known);
    }
    return known;
  }
}

function learn(lines: Map<string, number>, by: string, line: number): void {
  lines.set(by, Math.min(line, lines.get(by) ?? line));
}
