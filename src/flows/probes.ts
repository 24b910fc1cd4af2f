/**
 * Probes: which functions the capture is known to have watched, and since when.
 *
 * Only a watched function can be missing. A function counts as watched when the debugger reported
 * its entry at a breakpoint at least once, when its breakpoint is named where it was set, or when the
 * recipe of `vhtrace probes` declares that every call stops there. A condition, an ignore count, a temporary or a deleted breakpoint ends that knowledge.
 */
import { append } from '../base/append.js';
import { functionTable, opFunction } from '../facts/functions.js';
import type { Step, Steps } from '../facts/step.js';
import type { Backend, FactKind } from '../model/fact.js';
import type { BreakpointSet } from '../model/record.js';
import { isIn, ProbeFinder } from './probe-finder.js';
import type { Probe } from './probe-finder.js';

/**
 * Probes by session: the next process may be watched by another debugger with other breakpoints, so
 * that what is reported of one run says nothing of the other.
 */
export class Probes {
  constructor(
    private readonly steps: readonly Step[],
    private readonly bySession: readonly SessionProbes[],
  ) {}

  /**
   * The probe that reports every call of this kind from one step to another of its session, if there is
   * one. Without `backend` the device may be of any: then the op of each must be watched.
   */
  watching(kind: FactKind, from: number, to: number, backend?: Backend): Probe | undefined {
    const ofKind = this.at(from)?.ofKind(kind);
    if (ofKind === undefined) return undefined;
    if (backend !== undefined) return during(ofKind[backend], from, to);
    const { kernel, user, vdpa, all } = ofKind;
    const isWatched =
      during(kernel, from, to) !== undefined &&
      during(user, from, to) !== undefined &&
      during(vdpa, from, to) !== undefined;
    return isWatched ? during(all, from, to) : undefined;
  }

  /** Whether each call of a function is reported at a step. */
  isWatched(func: string, step: number): boolean {
    return this.at(step)?.isWatched(func, step) === true;
  }

  /** The steps around one, `until` not included, between which nothing begins or ceases to be watched. */
  steadyAround(step: number): { from: number; until: number } {
    let [from, until] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (const change of this.at(step)?.changes ?? []) {
      if (change <= step) from = Math.max(from, change);
      else until = Math.min(until, change);
    }
    return { from, until };
  }

  /** The log base op, if elimination shows that it was watched; weaker than a report, so it stands apart. */
  logBaseByElimination(step: number): Probe | undefined {
    return this.at(step)?.eliminated;
  }

  /** What is watched at some time in a session. */
  ofSession(session: number): readonly Probe[] {
    const { probes, eliminated } = this.bySession[session] ?? NOTHING_WATCHED;
    return eliminated === undefined ? probes : [...probes, eliminated];
  }

  /** Those of a session whose functions are in `watched`, for a choice of its steps; `placeOf`: where a step stands or would stand among them. */
  part(
    steps: readonly Step[],
    session: number,
    watched: ReadonlySet<string>,
    placeOf: (step: number) => number,
  ): Probes {
    const { probes } = this.bySession[session] ?? NOTHING_WATCHED;
    const placed: Probe[] = [];
    for (const probe of probes) {
      if (!watched.has(probe.func)) continue;
      placed.push({ ...probe, from: placeOf(probe.from), until: placeOf(probe.until) });
    }
    const bySession: SessionProbes[] = [];
    // What is known by elimination is known by all breakpoints of the session: no part shows it.
    bySession[session] = new SessionProbes(placed, undefined);
    return new Probes(steps, bySession);
  }

  private at(step: number): SessionProbes | undefined {
    return this.bySession[this.steps[step]?.session ?? -1];
  }
}

/** The probes of one kind, and by backend those that report the calls for its devices. */
type KindProbes = Readonly<Record<Backend | 'all', readonly Probe[]>>;

/** What is watched in one session. By kind only as far as somebody asks: a part of a run is asked little. */
class SessionProbes {
  private readonly byKind = new Map<FactKind, KindProbes>();
  private found: readonly number[] | undefined;

  /** `probes`: of functions that the table of facts knows. */
  constructor(
    readonly probes: readonly Probe[],
    readonly eliminated: Probe | undefined,
  ) {}

  ofKind(kind: FactKind): KindProbes {
    let ofKind = this.byKind.get(kind);
    if (ofKind === undefined) {
      ofKind = probesOfKind(this.probes, kind);
      this.byKind.set(kind, ofKind);
    }
    return ofKind;
  }

  isWatched(func: string, step: number): boolean {
    return this.probes.some((probe) => probe.func === func && isDuring(probe, step, step));
  }

  /** The steps at which something begins or ceases to be watched. */
  get changes(): readonly number[] {
    this.found ??= [...new Set(this.probes.flatMap(({ from, until }) => [from, until]))];
    return this.found;
  }
}

const NOTHING_WATCHED = new SessionProbes([], undefined);

/** Derives the probes from breakpoint records and reported entries. Pure. */
export function buildProbes(
  breakpoints: readonly BreakpointSet[],
  built: Steps,
  ofSession: readonly (readonly Step[])[],
): Probes {
  const { steps } = built;
  const finder = new ProbeFinder();
  const sets = breakpoints.values();
  let next = sets.next();
  for (const step of steps) {
    for (; next.done !== true && next.value.span.first <= step.line; next = sets.next())
      finder.set(next.value);
    finder.follow(step);
  }
  for (; next.done !== true; next = sets.next()) finder.set(next.value);
  const bySession = ofSession.map((own, session) => {
    const found = finder.probesOf(session, built);
    const eliminated = finder.count > 0 ? undefined : byElimination(own, found, built);
    return new SessionProbes(byKind(found.values()), eliminated);
  });
  return new Probes(steps, bySession);
}

/** Those of functions that have a kind, the kinds in order of appearance. */
function byKind(probes: Iterable<Probe>): readonly Probe[] {
  const found = new Map<FactKind, Probe[]>();
  for (const probe of probes) {
    const kind = functionTable.get(probe.func)?.kind;
    if (kind !== undefined) append(found, kind, probe);
  }
  return [...found.values()].flat();
}

function probesOfKind(probes: readonly Probe[], kind: FactKind): KindProbes {
  const ofKind: Record<Backend | 'all', Probe[]> = { kernel: [], user: [], vdpa: [], all: [] };
  for (const probe of probes) {
    const row = functionTable.get(probe.func);
    if (row?.kind !== kind) continue;
    ofKind.all.push(probe);
    for (const each of BACKENDS) {
      if (row.backend === undefined || row.backend === each) ofKind[each].push(probe);
    }
  }
  return ofKind;
}

const BACKENDS: readonly Backend[] = ['kernel', 'user', 'vdpa'];

/** The first that is there all the time from one step to another. */
function during(probes: readonly Probe[], from: number, to: number): Probe | undefined {
  return probes.find((probe) => isDuring(probe, from, to));
}

function isDuring(probe: Probe, from: number, to: number): boolean {
  return probe.from <= from && probe.until > to;
}

/** Functions that a script which watches the whole protocol breaks on, besides the backend's ops. */
const FULL_SET: readonly string[] = [
  'vhost_dev_start',
  'vhost_dev_stop',
  'vhost_dev_set_features',
  'vhost_dev_set_log',
  'vhost_migration_log',
  'vhost_log_global_start',
  'vhost_log_global_stop',
  'vhost_virtqueue_start',
  'vhost_virtqueue_stop',
  'vhost_virtqueue_set_addr',
  'vhost_dev_log_resize',
  'vhost_log_get',
  'vhost_log_alloc',
  'vhost_log_put',
];

const FULL_OPS: readonly FactKind[] = [
  'op_set_features',
  'op_set_vring_addr',
  'op_get_vring_base',
  'op_set_mem_table',
];

/**
 * The log base op, when it is what the one silent breakpoint stands on, as far as the capture tells: the user may
 * have set that one on a function that was not called, and none on the op. Rules warn, then, and say why.
 *
 * gdb numbers breakpoints from 1 without holes (gdb/breakpoint.c, set_breakpoint_number()). When every
 * number up to the highest was reported but one, that one stands as the first of the backend's ops (a
 * core function before it, another op after it), every other function of the full probe set was
 * reported, and the log base op is in no stack at all, then the silent number is its breakpoint. Only
 * this op is looked for, and only where the capture has room for a single call of it (one
 * vhost_dev_log_resize(), no start with logging on): one fault hides that one call, while an op that
 * should have been seen several times was more likely not watched.
 */
function byElimination(
  steps: readonly Step[],
  probes: ReadonlyMap<string, Probe>,
  { narrowed, enabled }: Steps,
): Probe | undefined {
  const functionOf = new Map<number, string>();
  for (const step of steps) {
    if (step.breakpoint === undefined || !step.entry) continue;
    functionOf.set(step.breakpoint, step.calls.at(-1)?.func ?? '');
  }
  const silent = onlyHole(functionOf);
  if (silent === undefined || !FULL_SET.every((func) => probes.has(func))) return undefined;
  // Where it was switched, it is known why it is silent.
  if ([...narrowed, ...enabled].some(({ numbers }) => isIn(numbers, silent))) return undefined;
  if (steps.filter(callsForLogBase).length !== 1) return undefined;
  for (const backend of ['kernel', 'user', 'vdpa'] as const) {
    const func = opFunction(backend, 'op_set_log_base');
    if (func === undefined || probes.has(func)) continue;
    const isFull = FULL_OPS.every((kind) => probes.has(opFunction(backend, kind) ?? ''));
    const before = functionTable.get(functionOf.get(silent - 1) ?? '');
    const after = functionTable.get(functionOf.get(silent + 1) ?? '');
    const isShown = steps.some((step) =>
      step.calls.some((call) => call.row.kind === 'op_set_log_base'),
    );
    if (!isFull || isShown || after?.backend !== backend) continue;
    if (before === undefined || before.backend !== undefined) continue;
    return {
      func,
      from: steps[0]?.index ?? 0,
      until: Number.POSITIVE_INFINITY,
      how: 'by elimination',
      isDeclared: false,
      hasCopies: false,
      breakpoint: silent,
    };
  }
  return undefined;
}

/** An entry after which the log base op is called once: a resize, or a start that takes an existing log. */
function callsForLogBase(step: Step): boolean {
  const call = step.calls.at(-1);
  const caller = step.calls.at(-2);
  if (!step.entry) return false;
  if (call?.row.kind === 'vhost_dev_log_resize') return true;
  return call?.row.kind === 'vhost_log_get' && caller?.row.kind === 'vhost_dev_start';
}

/** The one number missing below the highest, if there is exactly one. */
function onlyHole(numbers: ReadonlyMap<number, string>): number | undefined {
  const highest = Math.max(0, ...numbers.keys());
  if (numbers.size !== highest - 1) return undefined;
  for (let n = 2; n < highest; n++) if (!numbers.has(n)) return n;
  return undefined;
}

/** By session, whether its device starts are reported from the first of its steps on. */
export function startsWatched(
  ofSession: readonly (readonly Step[])[],
  probes: Probes,
): readonly boolean[] {
  return ofSession.map(([first]) => {
    const from = first?.index ?? 0;
    return probes.watching('vhost_dev_start', from, from) !== undefined;
  });
}
