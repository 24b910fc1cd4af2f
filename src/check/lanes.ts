/** Run → the states of its devices, by fact: what the interactive view draws. Pure. */
import type { Activation } from '../flows/activations/activation.js';
import { deviceNames } from '../flows/tree/device-names.js';
import type { Device } from '../flows/devices.js';
import type { Run } from '../flows/run.js';
import type { DeviceLane, LaneState } from '../model/browse.js';
import { known } from '../protocol/replay.js';
import type { LogState } from '../protocol/tables.js';
import { DeviceWork } from './device-work.js';
import { Timeline } from './timeline.js';
import type { Known } from './timeline.js';

const UNKNOWN: LaneState = { run: 'unknown', log: 'unknown', vrings: [] };

/** A run among those that are shown: the index of its capture, and the row of its first fact. */
export interface PlacedRun {
  readonly run: Run;
  readonly capture: number;
  readonly firstRow: number;
}

/** One lane for each device, in order of appearance. In notes, whose order is unknown, nothing is known. */
export function buildLanes({ run, capture, firstRow }: PlacedRun): DeviceLane[] {
  const factOfStep = firstFacts(run);
  const names = Array.from({ length: run.sessions }, (_, session) => deviceNames(run, session));
  const works = names.map(
    (_, session) =>
      new DeviceWork(run.activations.filter((activation) => activation.session === session)),
  );
  return run.devices.map((device) => ({
    capture,
    session: device.session,
    device: device.address,
    name: names[device.session]?.get(device.address) ?? device.address,
    spans: spansOf(run, device, works[device.session]?.on(device.address) ?? [], factOfStep).map(
      ({ row, state }) => ({
        row: firstRow + row,
        state,
      }),
    ),
  }));
}

type Span = DeviceLane['spans'][number];

function spansOf(
  run: Run,
  { session }: Device,
  own: readonly Activation[],
  factOfStep: readonly number[],
): Span[] {
  const first = run.facts.findIndex((fact) => fact.session === session);
  const spans: Span[] = [{ row: Math.max(0, first), state: UNKNOWN }];
  if (!run.ordered) return spans;
  for (const at of new Timeline(run, own, true).course()) {
    const row = factOfStep[at.step] ?? run.facts.length;
    if (row >= run.facts.length) break;
    const state = laneState(at);
    if (spans.at(-1)?.row === row) spans.pop();
    const before = spans.at(-1)?.state;
    if (before === undefined || !isSame(before, state)) spans.push({ row, state });
  }
  return spans;
}

function laneState({ state, toggling }: Known): LaneState {
  const vrings = [...state.vrings]
    .map(([vring, states]) => ({ vring, state: known(states) }))
    .filter(({ state: only }) => only === 'plain' || only === 'logged')
    .map(({ vring, state: only }) => ({ vring, logged: only === 'logged' }))
    .sort((a, b) => a.vring - b.vring);
  return { run: known(state.run) ?? 'unknown', log: logState(known(state.log), toggling), vrings };
}

/** While a call switches the log, the flag is as it was up to some moment that is not shown. */
function logState(log: LogState | undefined, toggling: boolean | undefined): LaneState['log'] {
  if (toggling === true && log !== 'on') return 'enabling';
  if (toggling === false && log !== 'off') return 'disabling';
  return log ?? 'unknown';
}

function isSame(a: LaneState, b: LaneState): boolean {
  return (
    a.run === b.run &&
    a.log === b.log &&
    a.vrings.length === b.vrings.length &&
    a.vrings.every(
      ({ vring, logged }, i) => vring === b.vrings[i]?.vring && logged === b.vrings[i].logged,
    )
  );
}

/** For each step the index of its first fact, or of the first one after it, see buildFacts(). */
function firstFacts({ steps, atStep }: Run): number[] {
  let facts = 0;
  return steps.map(({ index, event, wire }) => {
    const first = facts;
    facts += Number(event !== undefined) + Number(wire !== undefined);
    for (const activation of atStep[index] ?? []) facts += Number(activation.first === index);
    return first;
  });
}
