/**
 * Replay: signals of one device → the set of states it can be in, after each signal.
 *
 * The principle for incomplete captures: a function that nobody watched may have run at any time.
 * Each table therefore has silent moves that are open unless the functions behind them were watched;
 * they are applied before every signal. A device starts in "any state". A set never becomes empty:
 * where a signal contradicts every state that is left, replay goes on with what the signal itself
 * proves and says so (`contradiction`), and it is for the rules to find out why.
 */
import { after, baseTable, logTable, observe, runTable, vringTable } from './tables.js';
import type {
  BaseEvent,
  BaseState,
  LogEvent,
  LogState,
  RunEvent,
  RunState,
  Table,
  VringEvent,
  VringState,
} from './tables.js';

export type Signal =
  | { readonly machine: 'run'; readonly event: RunEvent }
  | { readonly machine: 'log'; readonly event: LogEvent }
  /** What a vring is told behind its device: where that is the other flag, the vring is wrong and not the device. */
  | { readonly machine: 'log-of-vring'; readonly event: LogEvent }
  | { readonly machine: 'base'; readonly event: BaseEvent }
  | { readonly machine: 'vring'; readonly vring: number; readonly event: VringEvent }
  | { readonly machine: 'vrings'; readonly event: VringEvent }
  /** An unknown ring was stopped: each may be the one. */
  | { readonly machine: 'some-vring'; readonly event: VringEvent }
  /** `log_enabled` may have become anything: a toggle whose outcome is not shown. */
  | { readonly machine: 'log-unsure' };

/** Which silent moves are open; each is closed by a watched function. */
export interface Silent {
  /** The backend's socket may be closed: that clears `started` at once, stop and cleanup come later. */
  readonly closing: boolean;
  /** False: a start or a stop is taken to go on until its end is shown. It may end unseen, which is for judging. */
  readonly ending?: false;
  /** vhost_dev_start() and vhost_dev_stop() may go unseen. */
  readonly startStop: boolean;
  /** vhost_migration_log() and its callers may go unseen. */
  readonly toggle: boolean;
  /** vhost_dev_init() and vhost_dev_cleanup() may go unseen. */
  readonly zeroing: boolean;
  /** A single ring may be stopped unseen. */
  readonly ringStop: boolean;
  /** Ring addresses may be sent unseen. */
  readonly ringAddress: boolean;
  /** The log may be put or given unseen. */
  readonly base: boolean;
}

/** Immutable; what the device can be in. */
export interface DeviceState {
  readonly run: readonly RunState[];
  readonly log: readonly LogState[];
  readonly base: readonly BaseState[];
  /** Rings never mentioned are absent: nothing is known of them. */
  readonly vrings: ReadonlyMap<number, readonly VringState[]>;
  readonly contradiction: boolean;
}

const ANY_RUN: readonly RunState[] = ['stopped', 'starting', 'started', 'stopping'];
const ANY_LOG: readonly LogState[] = ['off', 'on'];
const ANY_BASE: readonly BaseState[] = ['none', 'held'];
const ANY_VRING: readonly VringState[] = ['idle', 'plain', 'logged'];
const IDLE: readonly VringState[] = ['idle'];

export const anyState: DeviceState = {
  run: ANY_RUN,
  log: ANY_LOG,
  base: ANY_BASE,
  vrings: new Map(),
  contradiction: false,
};

/** Silent moves, then the signal; the same object where they change nothing. Pure. */
export function step(state: DeviceState, signal: Signal, silent: Silent): DeviceState {
  return apply(relax(state, silent), signal);
}

/** Adds every state that unwatched functions may have led to; the same object where that is none. Pure. */
export function relax(state: DeviceState, silent: Silent): DeviceState {
  const run = silent.startStop ? ANY_RUN : relaxRun(state.run, silent);
  const zeroed = silent.zeroing && run.includes('stopped');
  const log = silent.toggle ? ANY_LOG : zeroed ? union<LogState>(state.log, ['off']) : state.log;
  const base = silent.base ? ANY_BASE : state.base;
  const vrings = relaxRings(state.vrings, silent);
  const isSame =
    run === state.run && log === state.log && base === state.base && vrings === state.vrings;
  return isSame && !state.contradiction ? state : { run, log, base, vrings, contradiction: false };
}

function relaxRings(vrings: DeviceState['vrings'], silent: Silent): DeviceState['vrings'] {
  const mayStop = silent.ringStop || silent.startStop;
  if (vrings.size === 0 || !(silent.ringAddress || mayStop)) return vrings;
  return mapRings(vrings, (_index, states) =>
    silent.ringAddress ? ANY_VRING : union(states, IDLE),
  );
}

/** The same map where nothing changes. */
function mapRings(
  vrings: DeviceState['vrings'],
  change: (index: number, states: readonly VringState[]) => readonly VringState[],
): DeviceState['vrings'] {
  let changed: Map<number, readonly VringState[]> | undefined;
  for (const [index, states] of vrings) {
    const now = change(index, states);
    if (now !== states) changed = (changed ?? new Map(vrings)).set(index, now);
  }
  return changed ?? vrings;
}

/** A start succeeds or fails, a stop returns, and a socket is closed without a report of its own. */
function relaxRun(
  states: readonly RunState[],
  { closing, ending }: Pick<Silent, 'closing' | 'ending'>,
): readonly RunState[] {
  if (ending === false) return states;
  const starting: readonly RunState[] = states.includes('starting') ? ['started', 'stopped'] : [];
  const ended = states.includes('stopping') || (closing && states.includes('started'));
  return union(union(states, starting), ended ? ['stopped'] : []);
}

function union<S>(a: readonly S[], b: readonly S[]): readonly S[] {
  return b.every((state) => a.includes(state)) ? a : [...new Set([...a, ...b])];
}

function apply(state: DeviceState, signal: Signal): DeviceState {
  switch (signal.machine) {
    case 'run':
      return withSet(state, 'run', runTable, state.run, signal.event);
    case 'log':
      return withSet(state, 'log', logTable, state.log, signal.event);
    case 'log-of-vring': {
      const left = observe(logTable, state.log, signal.event);
      return left === state.log || left.length === 0 ? state : { ...state, log: left };
    }
    case 'base':
      return withSet(state, 'base', baseTable, state.base, signal.event);
    case 'log-unsure':
      return { ...state, log: ANY_LOG };
    case 'vring':
      return withVrings(
        state,
        (index, states) => (index === signal.vring ? move(states, signal.event) : states),
        signal.vring,
      );
    case 'vrings':
      return withVrings(state, (_index, states) => move(states, signal.event));
    case 'some-vring':
      return withVrings(state, (_index, states) => union(states, move(states, signal.event)));
  }
}

function withSet<S extends string, E extends string>(
  state: DeviceState,
  key: 'run' | 'log' | 'base',
  table: Table<S, E>,
  states: readonly S[],
  event: E,
): DeviceState {
  const left = observe(table, states, event);
  if (left === states) return state;
  return left.length > 0
    ? { ...state, [key]: left }
    : { ...state, [key]: after(table, event), contradiction: true };
}

function move(states: readonly VringState[], event: VringEvent): readonly VringState[] {
  return observe(vringTable, states, event);
}

function withVrings(
  state: DeviceState,
  change: (index: number, states: readonly VringState[]) => readonly VringState[],
  add?: number,
): DeviceState {
  const isNew = add !== undefined && !state.vrings.has(add);
  const vrings = mapRings(
    isNew ? new Map([...state.vrings, [add, ANY_VRING]]) : state.vrings,
    change,
  );
  return vrings === state.vrings ? state : { ...state, vrings };
}

/** The one state that is left, or undefined while several are possible. */
export function known<S extends string>(states: readonly S[]): S | undefined {
  return states.length === 1 ? states[0] : undefined;
}

/** Rings that the backend certainly has an address of, ascending. */
export function runningRings(state: DeviceState): number[] {
  return [...state.vrings]
    .filter(([, states]) => states.length > 0 && !states.includes('idle'))
    .map(([index]) => index)
    .sort((a, b) => a - b);
}

/** The state that was certain last, and the line of the capture that showed it. */
export interface Certain<S extends string> {
  readonly state: S;
  readonly line: number;
  /** The line shows a call that QEMU makes in this state alone, and not what led to it. */
  readonly implied?: Implied | undefined;
}

interface Implied {
  /** Line of the start, which did not show its success. */
  readonly start?: number | undefined;
}

/** What was certain of each part of a device last; it may have changed unseen since. */
export interface Since {
  readonly run?: Certain<RunState> | undefined;
  readonly log?: Certain<LogState> | undefined;
  readonly base?: Certain<BaseState> | undefined;
  readonly vrings: ReadonlyMap<number, Certain<VringState>>;
}

export const sinceNothing: Since = { vrings: new Map() };

/** A line that showed what led from one state to another, or was implied by it. */
export interface Shown {
  readonly line: number;
  readonly implies: boolean;
}

/** From the first state to the last, by one line; what it leaves as it was keeps its older line. */
export function sinceAfter(since: Since, states: readonly DeviceState[], shown: Shown): Since {
  return states.slice(1).reduce((known, after, i) => {
    const before = states[i] ?? anyState;
    return sinceOne(known, before, after, shown);
  }, since);
}

function sinceOne(since: Since, before: DeviceState, after: DeviceState, shown: Shown): Since {
  const vrings = new Map<number, Certain<VringState>>();
  for (const [index, now] of after.vrings) {
    const from = before.vrings.get(index) ?? [];
    const last = certainAfter(since.vrings.get(index), from, now, shown);
    if (last !== undefined) vrings.set(index, last);
  }
  return {
    run: certainAfter(since.run, before.run, after.run, shown),
    log: certainAfter(since.log, before.log, after.log, shown),
    base: certainAfter(since.base, before.base, after.base, shown),
    vrings,
  };
}

function certainAfter<S extends string>(
  last: Certain<S> | undefined,
  from: readonly S[],
  to: readonly S[],
  { line, implies }: Shown,
): Certain<S> | undefined {
  const state = known(to);
  if (state === undefined || (known(from) === state && last)) return last;
  if (!implies) return { state, line };
  return { state, line, implied: { start: startOf(last, from) } };
}

/** Of the start that was seen, as long as neither another nor a stop may have gone unseen. */
function startOf(last: Certain<string> | undefined, states: readonly string[]): number | undefined {
  if (last === undefined || !BEGUN.has(last.state)) return undefined;
  if (!states.includes(last.state) || states.includes('stopping')) return undefined;
  return last.implied === undefined ? last.line : last.implied.start;
}

const BEGUN: ReadonlySet<string> = new Set<RunState>(['starting', 'started']);

/** One line for people: `run started (line 3), unless the backend has disconnected since; log off (line 7); vrings 0 plain (line 20)`. */
export function describe(state: DeviceState, since: Since = sinceNothing): string {
  const rings = [...state.vrings]
    .sort(([a], [b]) => a - b)
    .map(
      ([index, states]) => `${index} ${describePart(states, ANY_VRING, since.vrings.get(index))}`,
    );
  const parts = [
    `run ${describeRun(state.run, since.run)}`,
    `log ${describePart(state.log, ANY_LOG, since.log)}`,
    `log base ${describePart(state.base, ANY_BASE, since.base)}`,
  ];
  if (rings.length > 0) parts.push(`vrings ${rings.join(', ')}`);
  return parts.join('; ');
}

/** A start that was certain and may be over, while stops are watched: {@link relaxRun} knows one way only. */
function describeRun(states: readonly RunState[], last: Certain<RunState> | undefined): string {
  const isClosing = last?.state === 'started' && states.length === 2 && states.includes('stopped');
  return isClosing && states.includes('started')
    ? `started (${placeOf(last)}), unless the backend has disconnected since`
    : describePart(states, ANY_RUN, last);
}

/** `plain (line 12), perhaps idle since`    `started or stopped, after starting (line 7)`    `unknown`. */
function describePart<S extends string>(
  states: readonly S[],
  all: readonly S[],
  last: Certain<S> | undefined,
): string {
  const possible = states.length === all.length ? 'unknown' : states.join(' or ');
  if (last === undefined) return possible;
  const { state } = last;
  if (!states.includes(state)) return `${possible}, after ${state} (${placeOf(last)})`;
  const others = states.filter((other) => other !== state).join(' or ');
  return `${state} (${placeOf(last)})${others === '' ? '' : `, perhaps ${others} since`}`;
}

/** `line 7`    `line 7, as line 60 implies`    `implied by line 60`. */
function placeOf({ line, implied }: Certain<string>): string {
  if (implied === undefined) return `line ${line}`;
  const { start } = implied;
  return start === undefined ? `implied by line ${line}` : `line ${start}, as line ${line} implies`;
}
