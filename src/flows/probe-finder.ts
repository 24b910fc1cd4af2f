/** Breakpoints and entries → probes, as far as steps and records have told by now. */
import { append } from '../base/append.js';
import { firstIndex } from '../base/search.js';
import { BreakpointNumbers } from '../facts/debugger/breakpoint-numbers.js';
import { functionTable, plainName } from '../facts/functions.js';
import { ownBreakpoint } from '../facts/stacks/other-programs.js';
import type { Step, Steps, Switched } from '../facts/step.js';
import type { BreakpointSet } from '../model/record.js';

export interface Probe {
  readonly func: string;
  /** First step from which every call is reported. */
  readonly from: number;
  /** First step from which that is no longer certain. */
  readonly until: number;
  /** How the capture shows that it was watched. */
  readonly how: 'reported' | 'breakpoint set' | 'declared' | 'by elimination';
  /** The recipe of `vhtrace probes` declares it: every call stops there, on no condition. */
  readonly isDeclared: boolean;
  /** The compiler has put it into some callers: a debugger may not know all of those copies. */
  readonly hasCopies: boolean;
  /** Line that names the breakpoint, where one does. */
  readonly line?: number | undefined;
  /** For `by elimination`: the breakpoint that was set and never reported. */
  readonly breakpoint?: number | undefined;
}

/** What the steps of a session say of its breakpoints. */
interface SessionEntries {
  readonly first: number;
  last: number;
  /** Functions whose entry was reported, in that order, and the number of the breakpoint. */
  readonly reported: Map<string, number | undefined>;
  /** Of functions that others always call. */
  readonly silent: Map<string, Silence>;
}

/** Calls of its callers since the function itself was reported. */
interface Silence {
  /** The step behind that report. */
  from: number;
  callers: number;
}

/**
 * What a function calls whenever it is called, whatever the device: hw/virtio/vhost.c, QEMU 2.12 to 11.1. A vring
 * that the guest has not set up is not addressed.
 */
const ALWAYS_CALLS: ReadonlyMap<string, string> = new Map([
  ['vhost_virtqueue_start', 'vhost_virtqueue_set_addr'],
  ['vhost_dev_set_log', 'vhost_dev_set_features'],
  ['vhost_dev_start', 'vhost_dev_set_features'],
  ['vhost_log_global_start', 'vhost_migration_log'],
  ['vhost_log_global_stop', 'vhost_migration_log'],
]);

const CALLED: ReadonlySet<string> = new Set(ALWAYS_CALLS.values());

/**
 * So many calls of its callers without a hit, and a breakpoint is taken to be gone: commands, which a script does not
 * echo, may count hits or switch breakpoints off. A QEMU that left the call out somewhere is one or two. What the recipe
 * of `vhtrace probes` declares has no such commands.
 */
const SILENT_CALLERS = 3;

/** Where in the steps something was set. */
interface Place {
  /** The first step behind it; infinite as long as there is none. */
  from: number;
}

/** From which step on a named breakpoint stops, and what shows it. */
interface FunctionSet extends Place {
  readonly how: 'breakpoint set' | 'declared';
  readonly number: number;
  /** Whose it is: with the debugger its breakpoints are gone. */
  readonly of: DebuggerBreakpoints;
  readonly line: number;
}

/** The steps in which something stops at every call. */
interface Interval {
  readonly from: number;
  readonly until: number;
}

/** What one debugger says of its breakpoints. */
class DebuggerBreakpoints {
  /** Breakpoints that were set on a function, and those of them that the recipe declares. */
  readonly onFunction = new Set<number>();
  readonly declared = new Set<number>();
  readonly numbers = new BreakpointNumbers();
}

/** The step from which on the function went unreported, though it must have been called. */
function silentFrom({ silent }: SessionEntries, func: string): number {
  const silence = silent.get(func);
  return silence === undefined || silence.callers < SILENT_CALLERS
    ? Number.POSITIVE_INFINITY
    : silence.from;
}

/** Takes records and steps, each in the order of the capture, and a record before the steps behind it. */
export class ProbeFinder {
  /** How many breakpoints were set. */
  count = 0;
  /** How many steps there were. */
  private followed = 0;
  private readonly sessions: SessionEntries[] = [];
  private readonly byNumber = new Map<number, Place[]>();
  private readonly byFunction = new Map<string, FunctionSet[]>();
  /** Those that the recipe of `vhtrace probes` declares. */
  private readonly declared = new Map<string, FunctionSet[]>();
  /** What was set at a line that no step is known to follow. */
  private waiting: { readonly line: number; readonly place: Place }[] = [];
  private readonly functionOf = new Map<number, string>();
  /** Functions that each breakpoint was seen to stop in. */
  private readonly stopsIn = new Map<number, Set<string>>();
  /** Functions that were put into their callers. */
  private readonly inlined = new Set<string>();
  private debugger = new DebuggerBreakpoints();

  /** `only`: the function that is asked for; all by default. */
  constructor(private readonly only?: string) {}

  set(record: BreakpointSet): void {
    const { number, span, temporary, narrowed, func, declared } = ownBreakpoint(record);
    const { first: line } = span;
    this.count++;
    if (this.debugger.numbers.isOfAnother(record, this.followed)) {
      // What no step has followed, and so has no place yet, never ran.
      this.debugger = new DebuggerBreakpoints();
      this.waiting = [];
    }
    const { numbers } = this.debugger;
    if (!numbers.has(number)) append(this.byNumber, number, this.unplaced(line));
    numbers.add(record, this.followed);
    if (func === undefined) return;
    if (record.several === true) this.inlined.add(func);
    this.functionOf.set(number, plainName(func));
    if (temporary || narrowed === true) return;
    const how = declared === true ? 'declared' : 'breakpoint set';
    const { onFunction, declared: ofRecipe } = this.debugger;
    const unplaced = (): FunctionSet =>
      Object.assign(this.unplaced(line), { how, number, line, of: this.debugger } as const);
    if (!onFunction.has(number)) append(this.byFunction, func, unplaced());
    onFunction.add(number);
    if (declared !== true) return;
    if (!ofRecipe.has(number)) append(this.declared, func, unplaced());
    ofRecipe.add(number);
  }

  private unplaced(line: number): Place {
    const place = { from: Number.POSITIVE_INFINITY };
    this.waiting.push({ line, place });
    return place;
  }

  follow(step: Step): void {
    this.followed++;
    if (this.waiting.length > 0) this.placeBefore(step);
    const { index, entry, breakpoint, temporary } = step;
    const session = (this.sessions[step.session] ??= {
      first: index,
      last: index,
      reported: new Map(),
      silent: new Map(),
    });
    session.last = index;
    if (!entry) return;
    const func = step.calls.at(-1)?.func;
    if (func === undefined) return;
    if (isInlined(step)) this.inlined.add(func);
    if (CALLED.has(func)) session.silent.set(func, { from: index + 1, callers: 0 });
    const child = ALWAYS_CALLS.get(func);
    if (child !== undefined) {
      const silence = session.silent.get(child) ?? { from: session.first, callers: 0 };
      silence.callers++;
      session.silent.set(child, silence);
    }
    if (breakpoint !== undefined) {
      const seen = this.stopsIn.get(breakpoint) ?? new Set();
      this.stopsIn.set(breakpoint, seen.add(func));
    }
    const isAsked = this.only === undefined || this.only === func;
    if (isAsked && !temporary && !session.reported.has(func))
      session.reported.set(func, breakpoint);
  }

  probesOf(
    session: number,
    { narrowed, conditional, enabled }: Pick<Steps, 'narrowed' | 'conditional' | 'enabled'>,
  ): Map<string, Probe> {
    const probes = new Map<string, Probe>();
    const entries = this.sessions[session];
    if (entries === undefined) return probes;
    const { first, last, reported } = entries;
    const own = within(enabled, first, last);
    const interval = (number: number | undefined, set: number): Interval => ({
      from: Math.max(first, set, own.findLast(({ numbers }) => isIn(numbers, number))?.from ?? 0),
      until: narrowed.find(({ numbers }) => isIn(numbers, number))?.from ?? Infinity,
    });
    const byFunction = this.tellsOfAnother() ? this.declared : this.byFunction;
    const setBy = (func: string): readonly FunctionSet[] =>
      byFunction.get(func)?.filter(({ from }) => from <= last) ?? [];
    const endOf = (func: string): number =>
      this.declared.has(func) ? Infinity : silentFrom(entries, func);
    for (const [func, breakpoint] of reported) {
      if (conditional.has(func)) continue;
      const sets = setBy(func);
      const places = breakpoint === undefined ? [] : this.byNumber.get(breakpoint);
      const from = places?.findLast((place) => place.from <= last)?.from ?? 0;
      const others = sets.filter(
        ({ from: set, number, of }) =>
          set >= first && number !== breakpoint && of === sets.at(-1)?.of,
      );
      const { line } = sets.findLast(({ number }) => number === breakpoint) ?? sets.at(-1) ?? {};
      const watched = inOneGo([
        interval(breakpoint, from),
        ...others.map((set) => interval(set.number, set.from)),
      ]);
      probes.set(func, {
        func,
        from: watched.from,
        until: Math.min(watched.until, endOf(func)),
        how: 'reported',
        isDeclared: this.declared.has(func),
        hasCopies: this.inlined.has(func),
        ...(line === undefined ? {} : { line }),
      });
    }
    for (const func of byFunction.keys()) {
      const sets = setBy(func).filter(({ from }) => from >= first);
      const [here] = sets;
      if (here === undefined || !functionTable.has(func)) continue;
      if (conditional.has(func) || probes.has(func)) continue;
      const { how, line } = here;
      const isDeclared = how === 'declared';
      const watched = inOneGo(
        sets.filter(({ of }) => of === here.of).map((set) => interval(set.number, set.from)),
      );
      const end = isDeclared ? Infinity : silentFrom(entries, func);
      const until = Math.min(watched.until, end);
      const hasCopies = this.inlined.has(func);
      probes.set(func, { func, from: watched.from, until, how, isDeclared, hasCopies, line });
    }
    return probes;
  }

  /** Whether every call of the function is reported from the first step of a session on. */
  watchesAll(func: string, session: number, built: Steps): boolean {
    const first = this.sessions[session]?.first ?? 0;
    const probe = this.probesOf(session, built).get(func);
    return probe !== undefined && probe.from <= first && probe.until > first;
  }

  private placeBefore({ line, index }: Step): void {
    const next = this.waiting.findIndex((set) => set.line > line);
    const placed = next < 0 ? this.waiting.length : next;
    for (const { place } of this.waiting.splice(0, placed)) place.from = index;
  }

  /**
   * A breakpoint stops in another function than the one that it was set on: the lines that set it are of another
   * debugger, whose log stands before in the same file, and say nothing of this one.
   */
  private tellsOfAnother(): boolean {
    return [...this.stopsIn].some(([breakpoint, stops]) => {
      const set = this.functionOf.get(breakpoint);
      return set !== undefined && [...stops].some((func) => func !== set);
    });
  }
}

/**
 * gdb prints no address of a frame into which the one below it is inlined (gdb/stack.c, frame_show_address()), nor of
 * any by `set print address off`.
 */
function isInlined({ frames: [, caller, ...others] }: Step): boolean {
  if (caller?.address !== undefined || caller?.file === undefined) return false;
  return others.some(({ address }) => address !== undefined);
}

/** The first time that the intervals fill without a hole; the first of them where none has any step. */
function inOneGo(intervals: readonly Interval[]): Interval {
  let found: Interval | undefined;
  for (const next of intervals.toSorted((a, b) => a.from - b.from)) {
    if (next.from >= next.until) continue;
    if (found === undefined) found = next;
    else if (next.from <= found.until)
      found = { from: found.from, until: Math.max(found.until, next.until) };
  }
  return found ?? intervals[0] ?? NEVER;
}

const NEVER: Interval = { from: 0, until: 0 };

/** Those of the steps of one session, or right behind them; in order. */
function within(switched: readonly Switched[], first: number, last: number): Switched[] {
  const indexFrom = (step: number): number =>
    firstIndex(switched.length, (i) => (switched[i]?.from ?? step) >= step);
  return switched.slice(indexFrom(first), indexFrom(last + 2));
}

/** Any of them may be one whose number is not known. */
export function isIn(
  numbers: ReadonlySet<number> | undefined,
  number: number | undefined,
): boolean {
  return numbers === undefined || number === undefined || numbers.has(number);
}
