/** A reading rebuilt: everything that judging and showing need, computed once. */
import { deviceOf, learnListenerOffset } from '../facts/device.js';
import { meaningOf } from '../facts/frame-meaning.js';
import { markLostStacks } from '../facts/lost-stacks.js';
import { buildSteps } from '../facts/steps.js';
import { showsCalls } from '../facts/step.js';
import type { Step, ThreadExit } from '../facts/step.js';
import type { Backend, Fact } from '../model/fact.js';
import type { Reading } from '../model/record.js';
import { buildActivations } from './activations.js';
import type { Activation } from './activations.js';
import { buildFacts } from './facts.js';
import { innerFrames } from '../facts/inner-frames.js';
import { buildMigrations } from './migrations.js';
import type { Migration } from './migrations.js';
import { findNoteSign } from './order.js';
import type { NoteSign } from './order.js';
import { buildProbes } from './probes.js';
import type { Probes } from './probes.js';
import { commonRange, profileOf } from './profile.js';
import type { Profile, VersionRange } from './profile.js';
import { Rings } from './rings.js';

export interface Device {
  readonly session: number;
  /** Lower-case hex without leading zeros. */
  readonly address: string;
  readonly backend: Backend | undefined;
  /** Line of the capture that shows the backend; undefined where the user gave it. */
  readonly backendLine: number | undefined;
  /** Name of the virtio device (`virtio-net`), where a trace event gives it. */
  readonly name: string | undefined;
  /** Indices as given to the backend, ascending. */
  readonly vrings: readonly number[];
}

export interface Run {
  /** False for notes: what one stack proves is all that counts. */
  readonly ordered: boolean;
  /** What makes the capture a note. */
  readonly note: NoteSign | undefined;
  readonly sessions: number;
  readonly steps: readonly Step[];
  /** The same, by session. */
  readonly ofSession: readonly (readonly Step[])[];
  readonly exits: readonly ThreadExit[];
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
  readonly devices: readonly Device[];
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
  const built = buildSteps(reading.records);
  const { steps } = built;
  const stops = steps.filter(showsCalls);
  const listenerOffset = learnListenerOffset(stops);
  const activations = buildActivations(steps, built.exits, listenerOffset);
  // Not before: facts that are made while a capture is still read come of the same activations.
  const { gapAtEnd } = markLostStacks(built);
  const { all, atStep } = activations;
  const ofSession = stepsBySession(steps, built.sessions);
  const probes = buildProbes(reading.records, built, ofSession);
  const seesStarts = ofSession.map(([first]) => {
    const from = first?.index ?? 0;
    return probes.watching('vhost_dev_start', from, from) !== undefined;
  });
  const rings = new Rings(all, seesStarts, options.backend);
  const facts = buildFacts(steps, activations, rings);
  const note = findNoteSign(reading.records);
  const profiles = ofSession.map((own) => profileOf(own, options.qemuVersion));
  let gaps = 0;
  return {
    ordered: options.assumeOrdered || note === undefined,
    note,
    sessions: built.sessions,
    steps,
    ofSession,
    exits: built.exits,
    activations: all,
    atStep,
    listenerOffset,
    probes,
    rings,
    profiles,
    profile: commonRange(profiles),
    migrations: buildMigrations(steps, atStep),
    devices: collectDevices(stops, facts, all, listenerOffset, options.backend),
    facts,
    gapsUpTo: steps.map((step) => (gaps += step.gapBefore ? 1 : 0)),
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

function collectDevices(
  steps: readonly Step[],
  facts: readonly Fact[],
  all: readonly Activation[],
  offset: bigint,
  assumed: Backend | undefined,
): Device[] {
  const drafts: DeviceDraft[] = [];
  const bySession: Map<string, DeviceDraft>[] = [];
  const draftOf = (session: number, address: string): DeviceDraft => {
    const ofSession = (bySession[session] ??= new Map());
    const known = ofSession.get(address);
    if (known !== undefined) return known;
    const draft = { session, address, vrings: new Set<number>() };
    ofSession.set(address, draft);
    drafts.push(draft);
    return draft;
  };
  for (const fact of facts) {
    if (fact.device === undefined) continue;
    const draft = draftOf(fact.session, fact.device);
    const activation = all[fact.activation ?? -1];
    seeBackend(draft, activation === undefined ? fact.backend : activation.backend, fact.line);
    if (fact.vring !== undefined) draft.vrings.add(fact.vring);
    // Only the trace events name the virtio device.
    if (fact.role === 'event' && fact.kind === 'vhost_dev_start') draft.name ??= fact.value;
  }
  let before: Pick<Step, 'session' | 'frames' | 'calls'> = { session: -1, frames: [], calls: [] };
  for (const step of steps) {
    const { session, frames, calls } = step;
    const known = session === before.session ? before : { frames: [], calls: [] };
    for (const frame of innerFrames(frames, known.frames)) {
      const { netDevice } = meaningOf(frame);
      if (netDevice !== undefined) draftOf(session, netDevice);
    }
    for (let i = 0; i < calls.length; i++) {
      const call = calls[i];
      if (call === undefined || call === known.calls[i]) continue;
      const address = deviceOf(call, offset);
      if (address !== undefined) draftOf(session, address);
    }
    before = step;
  }
  return drafts.map(({ session, address, backend, backendLine, name, vrings }) => ({
    session,
    address,
    backend: backend ?? assumed,
    backendLine,
    name,
    vrings: [...vrings].sort((a, b) => a - b),
  }));
}

function seeBackend(draft: DeviceDraft, backend: Backend | undefined, line: number): void {
  if (backend === undefined || draft.backendLine !== undefined) return;
  draft.backend = backend;
  draft.backendLine = line;
}

interface DeviceDraft {
  readonly session: number;
  readonly address: string;
  readonly vrings: Set<number>;
  backend?: Backend;
  backendLine?: number;
  name?: string | undefined;
}
