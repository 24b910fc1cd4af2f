/** What the debugger alters: commands typed at a stop, or listed for its breakpoints and definitions. */
import type { CommandList, Frame, Stop } from '../../model/record.js';
import { alters, displayed } from './commands.js';
import { keyOfList, numbersOf } from './listed-breakpoints.js';
import type { Alteration } from '../step.js';

/** A command list that alters, and the last of its lines that does. */
interface ListAlteration {
  readonly key: string;
  last: Alteration;
}

/** Follows the commands of one debugger. */
export class Alterations {
  private readonly ofBreakpoint = new Map<number, ListAlteration>();
  /** The last list that alters. */
  private list: ListAlteration | undefined;
  /** User-defined commands that alter. */
  private readonly definitions = new Set<string>();
  /** `display x = 0` does that at every stop. */
  private atEveryStop: Alteration | undefined;
  /** What the stop that still waits for its backtrace shows was altered. */
  private pending: Alteration | undefined;

  isMadeBy(command: string): boolean {
    return alters(command) || this.definitions.has(/^[\w-]*/.exec(command)?.[0] ?? '');
  }

  /** A command that gdb does again at each stop from now on. */
  onDisplay(command: string, line: number): void {
    const expression = displayed(command);
    if (expression !== undefined && alters(`print ${expression}`))
      this.atEveryStop = { line, command };
  }

  /** It belongs to the step that comes next. */
  hold(alteration: Alteration): void {
    this.pending = alteration;
  }

  /** A command that runs later, at each hit of its breakpoints or when its definition is called. */
  onListed({ breakpoints, definition }: CommandList, command: string, line: number): void {
    if (!this.isMadeBy(command)) return;
    const key = keyOfList(breakpoints);
    if (this.list?.key === key) this.list.last = { line, command };
    else {
      this.list = { key, last: { line, command } };
      for (const number of numbersOf(breakpoints)) this.ofBreakpoint.set(number, this.list);
    }
    if (definition !== undefined) this.definitions.add(definition);
  }

  /** What altered the calls that a new step shows. */
  takeFor({
    stop,
    frames,
    line,
  }: {
    readonly stop: Stop | undefined;
    readonly frames: readonly Frame[];
    readonly line: number;
  }): Alteration | undefined {
    const pending = this.pending;
    this.pending = undefined;
    if (pending !== undefined) return pending;
    // "#3  <function called from gdb>": nobody but the debugger wanted this call.
    if (frames.some(({ kind }) => kind === 'called-from-gdb')) return { line, command: 'call' };
    const ofStop =
      stop?.number === undefined ? undefined : this.ofBreakpoint.get(stop.number)?.last;
    return ofStop ?? this.atEveryStop;
  }
}
