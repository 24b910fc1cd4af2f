/** Breakpoints and entries → probes, as far as steps and records have told by now. */
import { append } from '../base/append.js';
import { firstIndex } from '../base/search.js';
import { BreakpointNumbers } from '../facts/debugger/breakpoint-numbers.js';
import { functionTable, plainName } from '../facts/functions.js';
import { ownBreakpoint } from '../facts/stacks/other-programs.js';
import type { Enabled, Step, Steps } from '../facts/step.js';
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
  readonly line: number;
}

/** What one debugger says of its breakpoints. */
class DebuggerBreakpoints {
  /** Functions that were set, and those of them that the recipe declares. */
  readonly functions = new Set<string>();
  readonly declared = new Set<string>();
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
    this.functionOf.set(number, plainName(func));
    if (temporary || narrowed === true) return;
    const how = declared === true ? 'declared' : 'breakpoint set';
    const { functions, declared: ofRecipe } = this.debugger;
    if (!functions.has(func))
      append(this.byFunction, func, Object.assign(this.unplaced(line), { how, line } as const));
    functions.add(func);
    if (declared !== true) return;
    if (!ofRecipe.has(func))
      append(this.declared, func, Object.assign(this.unplaced(line), { how, line } as const));
    ofRecipe.add(func);
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
    const own = enabledWithin(enabled, first, last);
    const enabledFrom = (number: number | undefined): number =>
      own.findLast(({ numbers }) => isIn(numbers, number))?.from ?? 0;
    const until = narrowed[0] ?? Number.POSITIVE_INFINITY;
    const byFunction = this.tellsOfAnother() ? this.declared : this.byFunction;
    const lastOf = <What extends Place>(sets: readonly What[] = []): What | undefined =>
      sets.findLast((set) => set.from <= last);
    for (const [func, breakpoint] of reported) {
      if (conditional.has(func)) continue;
      const from =
        breakpoint === undefined ? undefined : lastOf(this.byNumber.get(breakpoint))?.from;
      const line = lastOf(byFunction.get(func))?.line;
      probes.set(func, {
        func,
        from: Math.max(first, from ?? 0, enabledFrom(breakpoint)),
        until: this.declared.has(func) ? until : Math.min(until, silentFrom(entries, func)),
        how: 'reported',
        isDeclared: this.declared.has(func),
        ...(line === undefined ? {} : { line }),
      });
    }
    for (const [func, sets] of byFunction) {
      const here = sets.find(({ from }) => from >= first && from <= last);
      if (here === undefined || !functionTable.has(func)) continue;
      if (conditional.has(func) || probes.has(func)) continue;
      const end = here.how === 'declared' ? until : Math.min(until, silentFrom(entries, func));
      const isDeclared = here.how === 'declared';
      const from = Math.max(here.from, enabledFrom(this.numberOf(func)));
      probes.set(func, { func, until: end, isDeclared, ...here, from });
    }
    return probes;
  }

  /** Whether every call of the function is reported from the first step of a session on. */
  watchesAll(func: string, session: number, built: Steps): boolean {
    const first = this.sessions[session]?.first ?? 0;
    const probe = this.probesOf(session, built).get(func);
    return probe !== undefined && probe.from <= first && probe.until > first;
  }

  private numberOf(func: string): number | undefined {
    return [...this.functionOf].find(([, set]) => set === func)?.[0];
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

/** Those of the steps of one session, or right behind them; in order. */
function enabledWithin(enabled: readonly Enabled[], first: number, last: number): Enabled[] {
  const indexFrom = (step: number): number =>
    firstIndex(enabled.length, (i) => (enabled[i]?.from ?? step) >= step);
  return enabled.slice(indexFrom(first), indexFrom(last + 2));
}

/** Any of them may be one whose number is not known. */
function isIn(numbers: ReadonlySet<number> | undefined, number: number | undefined): boolean {
  return numbers === undefined || number === undefined || numbers.has(number);
}
