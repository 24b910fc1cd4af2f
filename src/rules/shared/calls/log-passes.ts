/** Passes of vhost_dev_set_log(): one device is switched to logging or back, ring by ring. All pure. */
import { callerOf, failureIn, hasSucceeded } from '../../../flows/activations/activation.js';
import type { Activation } from '../../../flows/activations/activation.js';
import type { Run } from '../../../flows/run.js';
import type { Judgement, Mark, SessionContext } from '../../rule.js';
import { callsOf } from './device-calls.js';
import { goesOnWith } from './kept-migration.js';
import { isOfInit, togglesOf } from './log-toggles.js';
import {
  bareWithin,
  below,
  childrenOf,
  doubts,
  endOf,
  firstFrom,
  hasGap,
  hasStranger,
  place,
  unwatched,
} from './queries.js';
import { unsent } from './unsent.js';
import type { Unsent } from './unsent.js';

/** One pass of vhost_dev_set_log(E): its direct ring and feature calls. */
export interface Pass {
  readonly activation: Activation;
  readonly device: string;
  readonly enable: boolean;
  /** vhost_virtqueue_set_addr() calls, in order. */
  readonly addresses: readonly Activation[];
  readonly features: readonly Activation[];
  /** Rings addressed with `enable`. */
  readonly rings: ReadonlySet<number>;
  /** Calls among {@link addresses} that are not seen to come to the backend. */
  readonly unsent: ReadonlyMap<Activation, Unsent>;
  /** Some address call does not show its ring. */
  readonly hasUnknownRing: boolean;
  /** The pass was undone, or may have been: calls with the opposite flag, and none with its own after them. */
  readonly rolledBack: boolean;
  /** Of a log start: the pass of the log stop that follows, if all between them would be seen. */
  readonly takenBack: Activation | undefined;
  /** Of a log start: what its migration does later, and would not if it had failed. */
  readonly goesOn: Mark | undefined;
}

/** All passes of a session in one direction. */
export function passes(context: SessionContext, enable: boolean): readonly Pass[] {
  return context.once(`passes ${String(enable)}`, () => findPasses(context, enable));
}

/** It is one of this pass for certain: its stack shows that. */
export function isOwn({ activation }: Pick<Pass, 'activation'>, address: Activation): boolean {
  return address.parent === activation;
}

/** The pass that an execution of vhost_dev_set_log() is, where it shows its device and direction. */
export function passOf(context: SessionContext, activation: Activation): Pass | undefined {
  const byActivation = context.once('passes by call', () => {
    const all = [...passes(context, true), ...passes(context, false)];
    return new Map(all.map((pass) => [pass.activation, pass]));
  });
  return byActivation.get(activation);
}

function findPasses(context: SessionContext, enable: boolean): Pass[] {
  const found: Pass[] = [];
  for (const activation of context.of('vhost_dev_set_log')) {
    if (directionOf(activation) !== enable || activation.device === undefined) continue;
    const addresses = [
      ...childrenOf(activation, 'vhost_virtqueue_set_addr'),
      ...bareWithin(context, activation, 'vhost_virtqueue_set_addr'),
    ];
    const features = childrenOf(activation, 'vhost_dev_set_features');
    const lost = unsentAddresses(context, addresses);
    const same = addresses.filter((a) => a.enable !== !enable && !lost.has(a));
    const rings = same.map((a) => context.run.rings.ringOf(a));
    found.push({
      activation,
      device: activation.device,
      enable,
      addresses,
      features,
      unsent: lost,
      rings: new Set(rings.filter((ring) => ring !== undefined)),
      hasUnknownRing: rings.includes(undefined) || addresses.some((a) => a.enable === undefined),
      rolledBack: isUndone(context.run, activation, enable, [...addresses, ...features]),
      goesOn: enable ? goesOnWith(context, activation, activation.device) : undefined,
      takenBack: enable ? takenBack(context, activation, activation.device) : undefined,
    });
  }
  return found;
}

/**
 * vhost_migration_log() makes no pass to switch off what a log start that failed has left off. Where a vhost-user
 * backend disconnects in the log start, the flag stays: a log stop takes back what the next device start has done.
 */
function takenBack(
  context: SessionContext,
  activation: Activation,
  device: string,
): Activation | undefined {
  const { run } = context;
  const { first } = activation;
  const calls = callsOf(context, device, 'vhost_dev_set_log');
  const next = calls[firstFrom(calls, first + 1)];
  if (next?.parent?.kind !== 'vhost_migration_log' || next.parent.enable !== false)
    return undefined;
  const isShown =
    !next.parent.altered &&
    !hasGap(run, first, next.first) &&
    unwatched(run, 'vhost_dev_set_log', first, next.first).length === 0;
  if (!isShown) return undefined;
  const backend = run.rings.backendOf(activation);
  const mayDisconnect = backend === undefined || backend === 'user';
  return mayDisconnect && mayRestart(context, device, first, next.first) ? undefined : next;
}

/** Neither no stop nor no start of the device is shown. */
function mayRestart(context: SessionContext, device: string, from: number, to: number): boolean {
  return (['vhost_dev_stop', 'vhost_dev_start'] as const).every((kind) => {
    const calls = callsOf(context, device, kind);
    const next = calls[firstFrom(calls, from)];
    return (
      (next !== undefined && next.first <= to) ||
      hasStranger(context, from, to, kind) ||
      unwatched(context.run, kind, from, to).length > 0
    );
  });
}

/**
 * Undoing is the last thing that a pass does: a call with the opposite flag, and one with its own after it, is
 * a wrong flag. Where its entry was not reported, the latter may be of another pass.
 */
function isUndone(
  run: Run,
  activation: Activation,
  enable: boolean,
  calls: readonly Activation[],
): boolean {
  const opposite = calls.filter((call) => call.enable === !enable);
  if (opposite.length === 0) return false;
  if (!activation.entered || doubts(run, activation).length > 0) return true;
  const own = activation.children.filter((call) => call.enable === enable);
  const last = Math.max(...own.map(({ first }) => first));
  return opposite.some((call) => call.parent !== activation || call.first > last);
}

function unsentAddresses(
  context: SessionContext,
  addresses: readonly Activation[],
): Map<Activation, Unsent> {
  const found = new Map<Activation, Unsent>();
  for (const address of addresses) {
    const lost = unsent(context, address, 'op_set_vring_addr');
    if (lost !== undefined) found.set(address, lost);
  }
  return found;
}

/** Where its flag is not printed, that of its callers, which hand it on: hw/virtio/vhost.c. */
function directionOf(activation: Activation): boolean | undefined {
  const handed = activation.enable ?? callerOf(activation, 'vhost_migration_log')?.enable;
  if (handed !== undefined) return handed;
  const caller = callerOf(activation, 'vhost_log_global_start', 'vhost_log_global_stop');
  return caller === undefined ? undefined : caller.kind === 'vhost_log_global_start';
}

/**
 * Log starts or stops whose pass of vhost_dev_set_log() may have gone unseen, because nobody watched it:
 * one inconclusive judgement each, and one for each pass that may be of either direction. A watched function that is
 * not called was not needed (the device is stopped, or logs already).
 */
export function* unseenPasses(context: SessionContext, enable: boolean): Generator<Judgement> {
  const { run } = context;
  for (const activation of context.of('vhost_dev_set_log')) {
    if (directionOf(activation) !== undefined) continue;
    yield {
      verdict: 'inconclusive',
      ...place(activation),
      message: `whether ${activation.func} switches logging on or off is not seen`,
      missing: [`enable_log= of ${activation.func}`],
    };
  }
  const devices = new Set(
    context
      .of('vhost_log_global_start', 'vhost_log_global_stop', 'vhost_migration_log')
      .map((a) => a.device),
  );
  for (const device of devices) {
    if (device === undefined) continue;
    for (const { activation, enable: direction } of togglesOf(context, device)) {
      if (direction !== enable || below(activation, 'vhost_dev_set_log').length > 0) continue;
      if (isOfInit(activation)) continue;
      const missing = unwatched(run, 'vhost_dev_set_log', activation.first, endOf(run, activation));
      if (!activation.stackKnown) missing.push(`the backtrace at ${activation.func}`);
      if (missing.length === 0) continue;
      yield {
        verdict: 'inconclusive',
        ...place(activation),
        message: `what ${activation.func} does to the device is not seen`,
        missing,
      };
    }
  }
}

/**
 * The line that proves that a pass succeeded, or undefined.
 *
 * vhost_dev_set_log() calls vhost_dev_elect_mem_logger() only at its successful end (9.1 and later), and
 * undoes every address it sent when one fails: a watched, returned pass with addresses and without
 * an undone one went through its loop.
 */
export function successOf(run: Run, pass: Pass): Mark | undefined {
  const { activation, enable } = pass;
  if (pass.rolledBack || failureIn(activation) !== undefined) return undefined;
  if (activation.result !== undefined && hasSucceeded(activation)) {
    return { line: activation.result.line, role: 'the pass returned 0' };
  }
  const elected = childrenOf(activation, 'vhost_dev_elect_mem_logger').find(
    (a) => a.enable === enable,
  );
  if (elected !== undefined)
    return { line: elected.line, role: 'the pass ended well: the logger is elected last' };
  // vhost_migration_log() gives the log back only when the pass before it has succeeded.
  const put = enable ? undefined : putAfter(activation);
  if (put !== undefined) return { line: put.line, role: 'the log is given back after it' };
  if (pass.takenBack !== undefined)
    return { line: pass.takenBack.line, role: 'the log stop has something to take back' };
  const last = childrenOf(activation, 'vhost_virtqueue_set_addr').at(-1);
  const isWhole = doubts(run, activation).length === 0;
  const isWatched = run.probes.watching(
    'vhost_virtqueue_set_addr',
    activation.first,
    endOf(run, activation),
  );
  const isShown = !pass.hasUnknownRing;
  if (last === undefined || !isShown || !isWhole || isWatched === undefined) return pass.goesOn;
  return { line: last.line, role: 'the last address of the pass, and nothing was undone after it' };
}

/**
 * The step at which a pass has certainly returned: where that is not seen, the log stop that takes it back, which goes on
 * only where vhost_migration_log() has kept what the log start returned.
 */
export function overOf({ activation, takenBack }: Pass): number | undefined {
  return activation.closed ?? takenBack?.first;
}

function putAfter({ parent, first }: Activation): Activation | undefined {
  if (parent?.kind !== 'vhost_migration_log' || parent.altered) return undefined;
  return childrenOf(parent, 'vhost_log_put').find((a) => a.first > first);
}
