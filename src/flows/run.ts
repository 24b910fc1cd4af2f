/** A reading rebuilt: everything that judging and showing need, computed once. */
import { learnListenerOffset } from '../facts/stacks/device.js';
import { markLostStacks } from '../facts/stacks/lost-stacks.js';
import { markMixedProcesses } from '../facts/mixed-processes.js';
import { StepBuilder } from '../facts/steps.js';
import { showsCalls } from '../facts/step.js';
import type { RefusedOperation, Step, Steps, ThreadExit } from '../facts/step.js';
import type { Backend, Fact } from '../model/fact.js';
import type { BreakpointSet, CaptureRecord, Reading, Span } from '../model/record.js';
import type { OverruledBackend } from '../model/report.js';
import { buildActivations } from './activations/activations.js';
import type { Activation } from './activations/activation.js';
import { linkChainedStops } from './activations/chained-stops.js';
import { findCrashes } from './crashes.js';
import type { FoundCrash } from './crashes.js';
import { overruledBackends } from './assumed-backend.js';
import { collectDevices } from './devices.js';
import type { Device } from './devices.js';
import { buildFacts, countFacts, factsOfDevices } from './facts.js';
import { markFarGaps } from './gaps/far-gaps.js';
import { findLostEntries } from './gaps/lost-entries.js';
import { findLostReturns } from './gaps/lost-returns.js';
import { ToldGaps } from './gaps/told-gaps.js';
import type { ToldGap } from './gaps/told-gaps.js';
import { buildMigrations } from './migrations.js';
import type { Migration } from './migrations.js';
import { NoteSignFinder } from './order/order.js';
import type { NoteSign } from './order/order.js';
import { buildProbes, startsWatched } from './probes.js';
import type { Probes } from './probes.js';
import { commonRange, profilesOf } from './profile.js';
import type { Profile, VersionRange } from './profile.js';
import { Rings } from './rings.js';
import { findReported } from './reported.js';
import type { Reported } from './reported.js';
import { callWaits, findWaits } from './waits.js';
import type { Wait } from './waits.js';

/** What the capture is made of. */
export interface RecordCounts {
  /** Without text, and without output of tools that says nothing. */
  readonly records: number;
  /** Lines that nothing reads, and that are no words of a person. */
  readonly unclaimedLines: number;
  /** The first of them, no more than 100. */
  readonly firstUnclaimed: readonly number[];
}

export interface Run {
  /** False for notes: what one stack proves is all that counts. */
  readonly ordered: boolean;
  /** What makes the capture a note. */
  readonly note: NoteSign | undefined;
  readonly counts: RecordCounts;
  readonly sessions: number;
  readonly steps: readonly Step[];
  /** The same, by session. */
  readonly ofSession: readonly (readonly Step[])[];
  /** Sessions in which trace events of several processes stand between each other. */
  readonly mixed: ReadonlySet<number>;
  readonly exits: readonly ThreadExit[];
  /** Numbers that stand in the place of addresses: what they hide is not known. */
  readonly masks: readonly string[];
  /** What QEMU reports to have been refused. */
  readonly refusals: readonly RefusedOperation[];
  readonly activations: readonly Activation[];
  readonly atStep: readonly (readonly Activation[])[];
  /** `offsetof(struct vhost_dev, memory_listener)` as this capture shows it. */
  readonly listenerOffset: bigint;
  readonly probes: Probes;
  readonly rings: Rings;
  /** What is known of the QEMU of every session. */
  readonly profiles: readonly Profile[];
  /** Versions that are possible in all sessions. */
  readonly profile: VersionRange;
  readonly migrations: readonly Migration[];
  /** Where records are missing by what the capture shows, in order; none of a note. */
  readonly gaps: readonly ToldGap[];
  /** Indexes of the steps in front of which records are missing by what was read there: calls may have ended unseen. */
  readonly readGaps: ReadonlySet<number>;
  /** Where QEMU dies. */
  readonly crashes: readonly FoundCrash[];
  readonly waits: readonly Wait[];
  readonly reported: readonly Reported[];
  readonly devices: readonly Device[];
  /** Where the backend that the user gives is not taken over. */
  readonly overruled: readonly Omit<OverruledBackend, 'capture'>[];
  /** How many {@link facts} there are. */
  readonly factCount: number;
  /** Made when they are asked for: rules look at steps and activations. */
  readonly facts: readonly Fact[];
  /** Prefix counts: gapsUpTo[i] is the number of gaps before or at step i. */
  readonly gapsUpTo: readonly number[];
  readonly gapAtEnd: boolean;
}

/** What the user says of a capture. */
export interface RunOptions {
  /** The backtraces of a note stand in the order in which they happened. */
  readonly assumeOrdered: boolean;
  /** Version of the QEMU that made it. */
  readonly qemuVersion?: VersionRange | undefined;
  /** Backend of the devices whose backend the capture does not show. */
  readonly backend?: Backend | undefined;
}

/** Rebuilds the run that a reading shows. Pure; linear in the reading. */
export function buildRun(reading: Reading, options: RunOptions): Run {
  const builder = new RunBuilder('records');
  for (const record of reading.records) builder.add(record);
  return builder.finish(options);
}

/** Lines of no format that are named: the log of another program has any number. */
const MOST_NAMED = 100;

/** Takes records one by one, so that those that leave nothing in the run need not be in memory together. */
export class RunBuilder {
  private readonly steps: StepBuilder;
  private readonly note = new NoteSignFinder();
  private readonly breakpoints: BreakpointSet[] = [];
  private readonly gaps = new ToldGaps();
  private readonly counts = { records: 0, unclaimedLines: 0, firstUnclaimed: [] as number[] };

  /** `keep`: the records are there anyhow, or only what rules ask for of them. */
  constructor(keep: 'records' | 'stacks') {
    this.steps = new StepBuilder(keep);
  }

  add(record: CaptureRecord): void {
    this.steps.add(record);
    this.note.follow(record);
    const { counts } = this;
    if (record.kind === 'breakpoint-set') this.breakpoints.push(record);
    if (record.kind === 'gap') this.gaps.add(record, this.steps.stepsMade);
    if (record.kind !== 'prose' && record.kind !== 'chatter') counts.records++;
    else if (record.kind === 'prose' && !record.human) this.countUnclaimed(record.span);
  }

  private countUnclaimed({ first, last }: Span): void {
    const { counts } = this;
    counts.unclaimedLines += last - first + 1;
    for (let line = first; line <= last && counts.firstUnclaimed.length < MOST_NAMED; line++)
      counts.firstUnclaimed.push(line);
  }

  /** Call once. */
  finish(options: RunOptions): Run {
    const built = this.steps.finish();
    return runOf(built, this.breakpoints, this.gaps, this.note.found, this.counts, options);
  }
}

function runOf(
  built: Steps,
  breakpoints: readonly BreakpointSet[],
  told: ToldGaps,
  note: NoteSign | undefined,
  counts: RecordCounts,
  options: RunOptions,
): Run {
  const { steps } = built;
  const isOrdered = options.assumeOrdered || note === undefined;
  const stops = steps.filter(showsCalls);
  const listenerOffset = learnListenerOffset(stops);
  const activations = buildActivations(steps, built.exits, listenerOffset);
  const readGaps = new Set(steps.flatMap(({ gapBefore, index }) => (gapBefore ? [index] : [])));
  // Not before: facts that are made while a capture is still read come of the same activations.
  const marked = markLostStacks(built);
  const ofSession = stepsBySession(steps, built.sessions);
  const probes = buildProbes(breakpoints, built, ofSession);
  const isWatched = probes.isWatched.bind(probes);
  // The script may have been told before the log begins.
  const isScripted = breakpoints.length === 0 ? (): boolean => true : isWatched;
  const reaches = [
    ...built.reaches,
    ...findLostReturns(steps, isScripted),
    ...findLostEntries(steps, isWatched),
  ];
  const gapAtEnd = markFarGaps({ steps, reaches }) || marked.gapAtEnd;
  const mixed = markMixedProcesses(built);
  const { all, atStep } = activations;
  const overruled = overruledBackends(ofSession, all, options.backend);
  const assumed = ofSession.map(() => options.backend);
  for (const { session } of overruled) assumed[session] = undefined;
  const rings = new Rings(all, startsWatched(ofSession, probes), assumed);
  const profiles = profilesOf(ofSession, options.qemuVersion);
  let gaps = 0;
  const gapsUpTo = steps.map((step) => (gaps += step.gapBefore ? 1 : 0));
  linkChainedStops(all, { probes, rings, profiles, gapsUpTo });
  let facts: readonly Fact[] | undefined;
  return {
    ordered: isOrdered,
    note,
    counts,
    sessions: built.sessions,
    steps,
    ofSession,
    mixed,
    exits: built.exits,
    masks: built.masks,
    refusals: built.refusals,
    activations: all,
    atStep,
    listenerOffset,
    probes,
    rings,
    profiles,
    profile: commonRange(profiles),
    migrations: buildMigrations(steps, atStep),
    gaps: isOrdered ? told.found(marked, reaches) : [],
    readGaps,
    crashes: findCrashes(
      steps.filter((step) => showsCalls(step) || step.deadly !== undefined),
      atStep,
      built,
    ),
    waits: [...findWaits(stops, atStep), ...(isOrdered ? callWaits(built.waits) : [])],
    reported: findReported(built.refusals),
    devices: collectDevices(
      stops,
      factsOfDevices(steps, activations, rings),
      listenerOffset,
      assumed,
    ),
    overruled,
    factCount: countFacts(steps, atStep),
    get facts() {
      return (facts ??= buildFacts(steps, activations, rings));
    },
    gapsUpTo,
    gapAtEnd,
  };
}

function stepsBySession(steps: readonly Step[], sessions: number): readonly (readonly Step[])[] {
  if (sessions === 1) return [steps];
  const ofSession = Array.from({ length: sessions }, (): Step[] => []);
  for (const step of steps) ofSession[step.session]?.push(step);
  return ofSession;
}

/** True when records may be missing between two steps (after `from`, up to and including `to`). */
export function hasGap(run: Run, from: number, to: number): boolean {
  const end = Math.min(to, run.steps.length - 1);
  const inside = (run.gapsUpTo[end] ?? 0) - (run.gapsUpTo[from] ?? 0);
  return inside > 0 || (to >= run.steps.length && run.gapAtEnd);
}

/** Versions that are possible in a session. */
export function versionsIn({ profiles, profile }: Run, session: number): VersionRange {
  return profiles[session] ?? profile;
}
