/**
 * A pass of vhost_dev_set_log() that fails at a vring has to be undone: from that vring down to the first each is
 * addressed with the flag before, then the features word is sent with it. No later call makes up for it.
 * What QEMU 5.2 and later leave out for want of a descriptor was left out before the failure too. All pure.
 */
import { failureIn, hasFailed } from '../../../flows/activations/activation.js';
import type { Activation } from '../../../flows/activations/activation.js';
import type { Mark, SessionContext } from '../../rule.js';
import { isOwn } from './log-passes.js';
import type { Pass } from './log-passes.js';
import { bareWithin, childrenOf, endOf, recordDoubts, unwatched } from './queries.js';
import { unsent } from './unsent.js';
import type { Unsent } from './unsent.js';

/** What shows that a pass fails. */
export interface Failure extends Mark {
  readonly step: number;
}

type Shown = Pick<Pass, 'activation' | 'addresses' | 'features' | 'enable'>;

/** What shows for certain that a pass failed after its first address. */
export function failureOf(pass: Shown): Failure | undefined {
  const { activation, addresses, features, enable } = pass;
  const [first] = addresses.filter((a) => isOwn(pass, a));
  if (first === undefined) return undefined;
  const undoing = features.find((a) => a.first > first.first && a.enable === !enable);
  if (undoing !== undefined)
    return { step: undoing.first, line: undoing.line, role: 'the features word is undone' };
  // `finish` may stand in the call itself, or in the op below it, which it returns the error of.
  for (const address of addresses) {
    const failed = isOwn(pass, address) ? failureIn(address) : undefined;
    if (failed !== undefined)
      return { step: address.first, line: failed.line, role: 'the address that fails' };
  }
  if (activation.result === undefined || !hasFailed(activation)) return undefined;
  const { line, value } = activation.result;
  return { step: activation.last, line, role: `the pass returned ${value}` };
}

/** What shows that a pass takes nothing for failed up to a step. */
export function goesOnBehind(pass: Shown, step: number): Mark | undefined {
  const { activation, addresses, enable } = pass;
  const later = addresses.find(
    (a) => a.first > step && a.enable === enable && isOwn(pass, a) && activation.entered,
  );
  const elected = childrenOf(activation, 'vhost_dev_elect_mem_logger');
  const proof = later ?? elected.find((a) => a.enable === enable);
  return proof === undefined ? undefined : { line: proof.line, role: 'the pass goes on' };
}

/**
 * The pass has failed, and with it the log start or stop that made it. vhost_migration_log() then leaves `log_enabled` off,
 * but for a device that a vhost-user backend which disconnects has stopped meanwhile (5.2 and later); up to 5.1 it aborts.
 */
export function isFailed(pass: Shown): boolean {
  const failure = failureOf(pass);
  return failure !== undefined && goesOnBehind(pass, failure.step) === undefined;
}

/** Something that a failed pass is not seen to undo. */
export interface Leftover {
  readonly what: 'vring' | 'features';
  readonly vring: number | undefined;
  /** The call that is not undone. */
  readonly call: Activation;
  /** What else could explain it. */
  readonly missing: readonly string[];
  /** Where the call that undoes it is there: the op of the backend that it never comes to. */
  readonly op: string | undefined;
}

export function* leftoversOf(context: SessionContext, pass: Pass): Generator<Leftover> {
  const { run } = context;
  const { activation, enable } = pass;
  const end = endOf(run, activation);
  const doubt = recordDoubts(run, activation);
  const own = pass.addresses.filter((a) => isOwn(pass, a) && a.enable === enable);
  const undone = pass.addresses.filter((a) => a.enable !== enable);
  const undoneRings = undone.map((a) => run.rings.ringOf(a));
  const isShown = !pass.hasUnknownRing && !undoneRings.includes(undefined);
  const byRing = new Map(own.map((a) => [run.rings.ringOf(a), a]));
  for (const [vring, call] of byRing) {
    const undoing = undone.filter((a, i) => undoneRings[i] === vring && a.first > call.first);
    const lost = undoing.map((a) => pass.unsent.get(a));
    if (vring === undefined || lost.includes(undefined)) continue;
    const missing = [
      ...doubt,
      ...missingOf(lost),
      ...unwatched(run, 'vhost_virtqueue_set_addr', activation.first, end),
      ...(isShown ? [] : ['idx= and enable_log= of all vhost_virtqueue_set_addr']),
    ];
    yield { what: 'vring', vring, call, missing, op: lost[0]?.op };
  }
  const [first] = own;
  const features = [
    ...pass.features,
    ...bareWithin(context, activation, 'vhost_dev_set_features'),
  ].filter((a) => first === undefined || a.first > first.first);
  if (first === undefined) return;
  const undoing = features.filter((a) => a.enable === !enable);
  const lost = undoing.map((a) => unsent(context, a, 'op_set_features'));
  if (lost.includes(undefined)) return;
  const missing = [
    ...doubt,
    ...missingOf(lost),
    ...unwatched(run, 'vhost_dev_set_features', activation.first, end),
    ...(features.length > undoing.length ? ['enable_log= of vhost_dev_set_features'] : []),
  ];
  yield { what: 'features', vring: undefined, call: first, missing, op: lost[0]?.op };
}

function missingOf(lost: readonly (Unsent | undefined)[]): string[] {
  return [...new Set(lost.flatMap((each) => each?.missing ?? []))];
}
