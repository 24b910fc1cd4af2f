/** Log starts and stops of one device: vhost_log_global_start(), vhost_log_global_stop(), vhost_migration_log(). All pure. */
import { firstIndex } from '../../../base/search.js';
import { callerOf } from '../../../flows/activations/activation.js';
import type { Activation } from '../../../flows/activations/activation.js';
import type { Judgement, SessionContext } from '../../rule.js';
import { callsOf } from './device-calls.js';
import { callsBetween, place } from './queries.js';

/** A log start or stop as it reaches one device. */
export interface Toggle {
  readonly activation: Activation;
  readonly enable: boolean;
}

/** vhost_log_global_start/stop and vhost_migration_log of one device, one per pass, in order. */
export function togglesOf(context: SessionContext, device: string): readonly Toggle[] {
  return context.once(`toggles ${device}`, () => findToggles(context, device));
}

function findToggles(context: SessionContext, device: string): Toggle[] {
  const found: Toggle[] = [];
  for (const activation of callsOf(
    context,
    device,
    'vhost_log_global_start',
    'vhost_log_global_stop',
    'vhost_migration_log',
  )) {
    const { kind } = activation;
    const previous = found.at(-1);
    const isInner = kind === 'vhost_migration_log' && isInside(activation, previous?.activation);
    const enable =
      kind === 'vhost_migration_log' ? activation.enable : kind === 'vhost_log_global_start';
    if (isInner || enable === undefined) continue;
    found.push({ activation, enable });
  }
  return found;
}

/**
 * vhost_dev_init() registers the listener of a device that does not run yet: a log start there sets the flag of the device, and
 * calls nothing.
 */
export function isOfInit(activation: Activation): boolean {
  const init = callerOf(activation, 'vhost_dev_init');
  if (init === undefined) return false;
  return [undefined, activation.device].includes(init.device);
}

/** The last log start or stop of a device that begins before a step. */
export function lastToggle(
  context: SessionContext,
  device: string,
  before: number,
): Toggle | undefined {
  const toggles = togglesOf(context, device);
  return toggles[indexFrom(toggles, before) - 1];
}

/** The first log start or stop of a device that begins after a step. */
export function nextToggle(
  context: SessionContext,
  device: string,
  after: number,
): Toggle | undefined {
  const toggles = togglesOf(context, device);
  return toggles[indexFrom(toggles, after + 1)];
}

function indexFrom(toggles: readonly Toggle[], step: number): number {
  return firstIndex(toggles.length, (i) => (toggles[i]?.activation.first ?? step) >= step);
}

/** A bare vhost_migration_log stop right after the callback's own stop is the same pass. */
function isInside(inner: Activation, outer: Activation | undefined): boolean {
  if (outer === undefined || outer.kind === 'vhost_migration_log') return false;
  if (callerOf(inner, 'vhost_log_global_start', 'vhost_log_global_stop') === outer) return true;
  return !inner.stackKnown && inner.thread === outer.thread && inner.first === outer.first + 1;
}

/** Of a vhost_migration_log(), or what it calls: where the flag is not printed, that with which the listener calls it. */
export function directionOf(call: Activation): boolean | undefined {
  if (call.enable !== undefined) return call.enable;
  const caller = callerOf(call, 'vhost_log_global_start', 'vhost_log_global_stop');
  return caller === undefined ? undefined : caller.kind === 'vhost_log_global_start';
}

/** Of a vhost_migration_log(): neither its flag nor its caller shows whether logging starts or stops. */
export function hasNoDirection(call: Activation): boolean {
  const caller = callerOf(call, 'vhost_log_global_start', 'vhost_log_global_stop');
  return call.enable === undefined && caller === undefined;
}

/** What a rule on log starts or on log stops says of such a call. */
export function unshownDirection(call: Activation): Judgement {
  return {
    verdict: 'inconclusive',
    ...place(call),
    message: `whether ${call.func} starts or stops logging is not seen`,
    missing: [
      `enable= of ${call.func}, or probes vhost_log_global_start and vhost_log_global_stop`,
    ],
  };
}

/** Missing-list entries when log toggles could go unseen between two steps, or do not show which they are. */
export function unwatchedToggles(context: SessionContext, from: number, to: number): string[] {
  const { probes } = context.run;
  const isUnshown = callsBetween(context.of('vhost_migration_log'), from, to).some(hasNoDirection);
  const missing = isUnshown ? ['enable= of every vhost_migration_log'] : [];
  if (probes.watching('vhost_migration_log', from, to) !== undefined) return missing;
  const both = (['vhost_log_global_start', 'vhost_log_global_stop'] as const).every(
    (kind) => probes.watching(kind, from, to) !== undefined,
  );
  return both ? missing : [...missing, 'probe vhost_migration_log'];
}
