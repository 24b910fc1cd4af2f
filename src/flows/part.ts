/** Run → what a capture of it would show that watched fewer functions and lost records. */
import { firstIndex } from '../base/search.js';
import { learnListenerOffset } from '../facts/stacks/device.js';
import type { Step, ThreadExit } from '../facts/step.js';
import { buildActivations } from './activations/activations.js';
import { linkChainedStops } from './activations/chained-stops.js';
import { markFarGaps } from './gaps/far-gaps.js';
import { findLostEntries } from './gaps/lost-entries.js';
import { findLostReturns } from './gaps/lost-returns.js';
import { Rings } from './rings.js';
import type { Run } from './run.js';

/** What is shown of one session. */
export interface Part {
  /** In order. */
  readonly steps: readonly Step[];
  /** In order, none before the first step. */
  readonly exits: readonly ThreadExit[];
  /** What is watched, see {@link sourceOf}: where one of its records is not shown, it was lost in a gap. */
  readonly watched: ReadonlySet<string>;
}

/** What reports a step, as a person names it: a function with a breakpoint, or a log. */
export interface Source {
  readonly name: string;
  /** Only of functions the replay asks whether they were watched; of a log it takes each record for one of all. */
  readonly isFunction: boolean;
}

/** Undefined for a stack that was shown without a new call: nobody misses it. */
export function sourceOf({
  entry,
  calls,
  event,
  wire,
  socket,
  returned,
}: Step): Source | undefined {
  if (event !== undefined) return eventSource(event.record.name);
  if (wire !== undefined || socket !== undefined) return WIRE;
  if (returned !== undefined) return RETURNS;
  const func = entry ? calls.at(-1)?.func : undefined;
  return func === undefined ? undefined : functionSource(func);
}

const WIRE: Source = { name: 'requests on the wire', isFunction: false };
const RETURNS: Source = { name: 'returns', isFunction: false };
/** One for each known event and function: thousands of parts are asked for theirs. */
const eventSource = memoized((event: string) => ({
  name: `trace event ${event}`,
  isFunction: false,
}));
const functionSource = memoized((func: string) => ({ name: func, isFunction: true }));

function memoized(make: (name: string) => Source): (name: string) => Source {
  const made = new Map<string, Source>();
  return (name) => {
    let source = made.get(name);
    if (source === undefined) {
      source = make(name);
      made.set(name, source);
    }
    return source;
  };
}

/**
 * The run of which only this part was recorded: it begins in mid-life and is cut off at its end, what is
 * not watched may have happened at any time, and a record that is missing of what is watched leaves a gap.
 * What is known of the process (the version of QEMU, its devices) is known still; `facts` and `migrations`
 * are those of the whole run.
 */
export function partOf(run: Run, part: Part): Run {
  const { steps: shown, exits, watched } = part;
  const session = shown[0]?.session ?? 0;
  const end = Math.max(shown.at(-1)?.index ?? -1, exits.at(-1)?.after ?? -1);
  const steps: Step[] = [];
  let gapBefore = true;
  for (let i = shown[0]?.index ?? 0; i <= end; i++) {
    const step = run.steps[i];
    if (step?.session !== session) continue;
    gapBefore ||= step.gapBefore;
    if (step === shown[steps.length]) {
      steps.push(placed(step, steps.length, gapBefore));
      gapBefore = false;
    } else {
      gapBefore ||= watched.has(sourceOf(step)?.name ?? '');
    }
  }
  const placeOf = (step: number): number =>
    Number.isFinite(step)
      ? firstIndex(shown.length, (i) => (shown[i]?.index ?? step) >= step)
      : step;
  const moved = exits.map((exit) => ({ ...exit, after: placeOf(exit.after + 1) - 1 }));
  const listenerOffset = learnListenerOffset(steps);
  const { all, atStep } = buildActivations(steps, moved, listenerOffset);
  const probes = run.probes.part(steps, session, watched, placeOf);
  const isWatched = probes.isWatched.bind(probes);
  const reaches = [...findLostReturns(steps, isWatched), ...findLostEntries(steps, isWatched)];
  markFarGaps({ steps, reaches });
  const seesStarts: boolean[] = [];
  seesStarts[session] = probes.watching('vhost_dev_start', 0, 0) !== undefined;
  const ofSession: (readonly Step[])[] = [];
  ofSession[session] = steps;
  const rings = new Rings(all, seesStarts, run.rings.assumed);
  let gaps = 0;
  const gapsUpTo = steps.map((step) => (gaps += step.gapBefore ? 1 : 0));
  linkChainedStops(all, { probes, rings, profiles: run.profiles, gapsUpTo });
  return shownAs(run, {
    steps,
    ofSession,
    exits: moved,
    refusals: [],
    activations: all,
    atStep,
    listenerOffset,
    probes,
    rings,
    gapsUpTo,
    gapAtEnd: gapBefore,
  });
}

/** What is shown of a run, which rules judge; the rest is known of the process. */
type Shown = Pick<
  Run,
  | 'steps'
  | 'ofSession'
  | 'exits'
  | 'refusals'
  | 'activations'
  | 'atStep'
  | 'listenerOffset'
  | 'probes'
  | 'rings'
  | 'gapsUpTo'
  | 'gapAtEnd'
>;

/** The run as another capture of it would show it. */
export function shownAs(run: Run, shown: Shown): Run {
  return {
    ordered: run.ordered,
    note: run.note,
    counts: run.counts,
    sessions: run.sessions,
    mixed: run.mixed,
    masks: run.masks,
    profiles: run.profiles,
    profile: run.profile,
    migrations: run.migrations,
    gaps: run.gaps,
    readGaps: run.readGaps,
    crashes: run.crashes,
    waits: run.waits,
    reported: run.reported,
    devices: run.devices,
    overruled: run.overruled,
    factCount: run.factCount,
    get facts() {
      return run.facts;
    },
    ...shown,
  };
}

/** The step at another place. By name: a spread takes longer than all else that is done for a step. */
export function placed(step: Step, index: number, gapBefore: boolean): Step {
  return {
    index,
    session: step.session,
    line: step.line,
    thread: step.thread,
    calls: step.calls,
    callLines: step.callLines,
    frames: step.frames,
    frameLines: step.frameLines,
    entry: step.entry,
    breakpoint: step.breakpoint,
    temporary: step.temporary,
    stackKnown: step.stackKnown,
    partial: step.partial,
    complete: step.complete,
    gapBefore,
    deadly: step.deadly,
    altered: step.altered,
    printed: step.printed,
    event: step.event,
    wire: step.wire,
    message: step.message,
    socket: step.socket,
    returned: step.returned,
  };
}
