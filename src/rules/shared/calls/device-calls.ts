/** Device starts and stops of a session, and what several rules ask of them. All pure. */
import { append } from '../../../base/append.js';
import type { Activation } from '../../../flows/activations/activation.js';
import { versionsIn } from '../../../flows/run.js';
import type { Run } from '../../../flows/run.js';
import type { Step } from '../../../facts/step.js';
import type { FactKind } from '../../../model/fact.js';
import type { SessionContext } from '../../rule.js';
import { netDevice } from '../../../facts/stacks/calls.js';
import { plainName } from '../../../facts/functions.js';
import { pointerOf } from '../../../model/values.js';
import { hasGap, hasStranger, lastBefore, unwatched } from './queries.js';

/** A call whose device is known. */
export interface DeviceCall {
  readonly activation: Activation;
  readonly device: string;
}

/** All calls of a kind that show their device; of one inside another of its kind the outer one (do_vhost_dev_stop() since 10.1). */
export function deviceCalls(context: SessionContext, kind: FactKind): readonly DeviceCall[] {
  return context.once(`device calls ${kind}`, () => {
    const found: DeviceCall[] = [];
    for (const activation of context.of(kind)) {
      const { device, parent } = activation;
      if (device !== undefined && parent?.kind !== kind) found.push({ activation, device });
    }
    return found;
  });
}

/** Calls of these kinds that show this device, in order. */
export function callsOf(
  context: SessionContext,
  device: string,
  ...kinds: readonly FactKind[]
): readonly Activation[] {
  const calls = context.of(...kinds);
  const byDevice = context.onceFor(calls, 'by device', () => {
    const found = new Map<string, Activation[]>();
    for (const activation of calls) {
      if (activation.device === undefined) continue;
      append(found, activation.device, activation);
    }
    return found;
  });
  return byDevice.get(device) ?? [];
}

/** The last time before a step that a ring of a device was addressed. */
export function lastAddressed(
  context: SessionContext,
  device: string,
  vring: number,
  before: number,
): Activation | undefined {
  return lastOfRing(context, 'vhost_virtqueue_set_addr', device, vring, before);
}

/** The last call of a kind about a ring of a device that begins before a step. */
export function lastOfRing(
  context: SessionContext,
  kind: FactKind,
  device: string,
  vring: number,
  before: number,
): Activation | undefined {
  const byRing = context.once(`by ring ${kind}`, () => {
    const found = new Map<string, Activation[]>();
    for (const activation of context.of(kind)) {
      const ring = context.run.rings.ringOf(activation);
      if (activation.device === undefined || ring === undefined) continue;
      const key = `${activation.device} ${ring}`;
      append(found, key, activation);
    }
    return found;
  });
  return lastBefore(byRing.get(`${device} ${vring}`) ?? [], before);
}

const RING_CALLS = ['vhost_dev_start', 'vhost_virtqueue_set_addr', 'vhost_virtqueue_stop'] as const;

/** Missing-list entries where it is not known which vrings of the device run at a step. */
export function missingRings(context: SessionContext, device: string, step: number): string[] {
  const start = lastBefore(callsOf(context, device, 'vhost_dev_start'), step);
  if (start === undefined)
    return [`the device start before it, with probes ${RING_CALLS.join(', ')}`];
  const probes = RING_CALLS.flatMap((kind) => unwatched(context.run, kind, start.first, step));
  if (probes.length > 0) return probes;
  return hasGap(context.run, start.first, step)
    ? ['an unbroken record since the device start']
    : ['whole backtraces, with idx=, since the device start'];
}

/** Missing-list entries where it is not known whether the device logs at a step. */
export function missingLogFlag(context: SessionContext, device: string, step: number): string[] {
  const start = lastBefore(callsOf(context, device, 'vhost_dev_start'), step);
  return start === undefined
    ? ['the device start or the log toggle before it']
    : ['enable_log= below the device start, or a later log toggle'];
}

/**
 * 10.1 moved the body of vhost_dev_stop() into do_vhost_dev_stop(), which may be a tail call beside it: then the next stack of
 * the thread shows that one.
 */
export function missingBody(run: Run, stop: Activation): string[] {
  if (stop.children.length > 0 || versionsIn(run, stop.session).atMost < 1001) return [];
  const next = run.steps[stop.closed ?? -1];
  const isBeside = next?.thread === stop.thread && (!next?.complete || isInBody(next));
  return stop.closed === undefined || isBeside ? ['the calls below vhost_dev_stop'] : [];
}

function isInBody({ calls }: Step): boolean {
  return calls.some(({ row, func }) => row.kind === 'vhost_dev_stop' && func !== row.kind);
}

/** The whole stack at the first sight of a call has a frame of one of these functions. */
export function isBelow(
  run: Run,
  activation: Activation,
  ...functions: readonly string[]
): boolean {
  const frames = run.steps[activation.first]?.frames ?? [];
  return frames.some((frame) => functions.includes(plainName(frame.func)));
}

/** The call is made by vhost_net_start_one() or vhost_net_stop_one() of its device. */
export function isOfNet(run: Run, activation: Activation, which: 'start' | 'stop'): boolean {
  const frames = run.steps[activation.first]?.frames ?? [];
  return frames.some(
    (frame) =>
      plainName(frame.func) === `vhost_net_${which}_one` &&
      [undefined, activation.device].includes(netDevice(frame)),
  );
}

/** What keeps the time between two steps from being known in full, as far as these functions go. */
export function unseenBetween(
  context: SessionContext,
  from: number,
  to: number,
  ...kinds: readonly FactKind[]
): string[] {
  const { run } = context;
  const missing = kinds.flatMap((kind) => unwatched(run, kind, from, to));
  if (hasGap(run, from, to)) missing.push('an unbroken record');
  if (hasStranger(context, from, to, ...kinds)) missing.push(`dev= of every ${kinds.join(', ')}`);
  return missing;
}

/** A trace event vhost_dev_start or vhost_dev_stop, with the one of the same device before it. */
export interface RunEvent {
  readonly device: string;
  readonly kind: FactKind;
  readonly previous: { readonly kind: FactKind; readonly line: number };
  readonly step: number;
  readonly line: number;
}

/** Starts and stops that trace events show; without the first of each device, and of each life of its address. */
export function runEvents(context: SessionContext): readonly RunEvent[] {
  return context.once('run events', () => {
    const last = new Map<string, { kind: FactKind; step: number; line: number }>();
    const found: RunEvent[] = [];
    for (const { event, index, line } of context.events(
      'vhost_dev_start',
      'vhost_dev_stop',
      'vhost_dev_cleanup',
    )) {
      const device = pointerOf(event?.record.args?.dev);
      if (event === undefined || device === undefined) continue;
      const { kind } = event.row;
      const previous = last.get(device);
      last.set(device, { kind, step: index, line });
      if (previous === undefined || previous.kind === 'vhost_dev_cleanup') continue;
      if (kind === 'vhost_dev_cleanup' || hasGap(context.run, previous.step, index)) continue;
      found.push({ device, kind, previous, step: index, line });
    }
    return found;
  });
}
