/** Activations and trace events → the facts that are stored and listed. */
import type { Report, Step, WireFact } from '../facts/step.js';
import type { Fact } from '../model/fact.js';
import { pointerOf } from '../model/values.js';
import type { Activation } from './activations/activation.js';
import type { Activations } from './activations/activations.js';
import type { Rings } from './rings.js';

/**
 * One fact for each activation, at its first sight, and one for each known event; in order of the capture,
 * numbered from `first`. Pure.
 */
export function buildFacts(
  steps: readonly Step[],
  activations: Activations,
  rings: Rings,
  first = 0,
): Fact[] {
  const facts: Fact[] = [];
  const { ofEvent, atStep } = activations;
  for (const [i, step] of steps.entries()) {
    const seq = first + facts.length;
    const shown = factShownBy(step, seq, isOfDevice(step) ? ofEvent.get(step.index) : undefined);
    if (shown !== undefined) facts.push(shown);
    for (const activation of atStep[i] ?? []) {
      if (activation.first !== step.index) continue;
      facts.push(callFact(activation, first + facts.length, rings));
    }
  }
  return facts;
}

/** The event names a device, if its text is whole. */
function isOfDevice({ event }: Report): boolean {
  return event?.row.device !== undefined;
}

/** How many facts {@link buildFacts} would make. */
export function countFacts(steps: readonly Step[], atStep: Activations['atStep']): number {
  let count = 0;
  for (const { index, event, wire } of steps) {
    if (event !== undefined || wire !== undefined) count++;
    for (const activation of atStep[index] ?? []) if (activation.first === index) count++;
  }
  return count;
}

/** What a fact says of its device. */
export interface DeviceFact {
  readonly session: number;
  readonly line: number;
  readonly device: string;
  /** As this fact itself shows it. */
  readonly backend: Fact['backend'];
  readonly vring: number | undefined;
  /** Of the virtio device, which only the trace event of its start gives. */
  readonly name: string | undefined;
}

/** Of the facts that name a device; in their order. */
export function* factsOfDevices(
  steps: readonly Step[],
  { atStep }: Pick<Activations, 'atStep'>,
  rings: Rings,
): Generator<DeviceFact> {
  for (const step of steps) {
    const fact = isOfDevice(step) ? factShownBy(step, 0, undefined) : undefined;
    if (fact?.device !== undefined) {
      const { session, line, device, backend, vring } = fact;
      const name = fact.kind === 'vhost_dev_start' ? fact.value : undefined;
      yield { session, line, device, backend, vring, name };
    }
    for (const activation of atStep[step.index] ?? []) {
      const { session, line, device, backend, first } = activation;
      if (first !== step.index || device === undefined) continue;
      yield { session, line, device, backend, vring: rings.ringOf(activation), name: undefined };
    }
  }
}

/** The fact of an event, or of what crossed the border to the backend; undefined for a stack. */
export function factShownBy(
  step: Report,
  seq: number,
  incarnation: number | undefined,
): Fact | undefined {
  if (step.event !== undefined) return eventFact(step, seq, incarnation);
  return step.wire === undefined ? undefined : wireFactOf(step, step.wire, seq);
}

function callFact(activation: Activation, seq: number, rings: Rings): Fact {
  return {
    seq,
    line: activation.line,
    session: activation.session,
    thread: activation.thread,
    kind: activation.kind,
    func: activation.func,
    role: activation.entered ? 'entry' : 'caller',
    activation: activation.id,
    device: activation.device,
    incarnation: activation.device === undefined ? undefined : activation.incarnation,
    backend: activation.backend ?? rings.backendOf(activation),
    vring: rings.ringOf(activation),
    enable: activation.enable,
    value: activation.value,
    endpoint: undefined,
    result: undefined,
  };
}

function eventFact(step: Report, seq: number, incarnation: number | undefined): Fact {
  const event = step.event;
  if (event === undefined) throw new Error('eventFact needs a step with an event');
  const { row, record } = event;
  const text = (name: string | undefined): string | undefined =>
    name === undefined ? undefined : record.args?.[name];
  const vring = row.vring === undefined ? NaN : Number(text(row.vring) ?? NaN);
  const enable = text(row.enable);
  return {
    seq,
    line: step.line,
    session: step.session,
    thread: step.thread,
    kind: row.kind,
    func: record.name,
    role: 'event',
    activation: undefined,
    device: pointerOf(text(row.device)),
    incarnation,
    backend: backendOfEvent(event),
    vring: Number.isInteger(vring) ? vring : undefined,
    enable: enable === undefined ? undefined : enable !== '0' && enable !== 'false',
    value: text(row.value),
    endpoint: undefined,
    result: undefined,
  };
}

function wireFactOf(step: Report, wire: WireFact, seq: number): Fact {
  return {
    seq,
    line: step.line,
    session: step.session,
    thread: step.thread,
    role: 'wire',
    activation: undefined,
    device: undefined,
    incarnation: undefined,
    ...wire,
  };
}

/** vhost_dev_start and vhost_dev_stop name the virtio device; only `vhost-user-*` tells the backend. */
export function backendOfEvent({ row, record }: NonNullable<Step['event']>): Fact['backend'] {
  if (row.backend !== undefined) return row.backend;
  const name = row.value === 'name' ? record.args?.name : undefined;
  return name?.startsWith('vhost-user-') === true ? 'user' : undefined;
}
