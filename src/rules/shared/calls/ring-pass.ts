/** What LS-ALL-RINGS and LE-CLEAR share: did a pass of vhost_dev_set_log() reach every ring it had to? */
import type { Activation } from '../../../flows/activations/activation.js';
import type { Run } from '../../../flows/run.js';
import { argText, pointerOf } from '../../../model/values.js';
import { runningRings } from '../../../protocol/replay.js';
import type { Judgement, Mark, SessionContext } from '../../rule.js';
import { callsOf, lastAddressed, missingRings } from './device-calls.js';
import { isOwn, overOf, successOf } from './log-passes.js';
import {
  bareWithin,
  doubts,
  endOf,
  hasGap,
  lastBefore,
  place,
  probeName,
  unwatched,
} from './queries.js';
import type { Pass } from './log-passes.js';
import { isFailed } from './undone-pass.js';
import { doneUnlessEnding } from './unfinished.js';
import type { Unsent } from './unsent.js';

interface Wanted {
  /** Rings that certainly have to be addressed, ascending. */
  readonly rings: readonly number[];
  /** What the pass tells a ring, for messages: `to log`. */
  readonly told: string;
  readonly harm: string;
}

/** One judgement for each ring that was missed, else one for the pass. */
export function* judgePass(
  context: SessionContext,
  pass: Pass,
  wanted: Wanted,
): Generator<Judgement> {
  const missed = missedRings(context.run, pass, wanted);
  for (const vring of missed) yield judgeMissed(context, pass, vring, wanted);
  if (missed.length > 0) return;
  const at = place(pass.activation);
  const flagged = pass.addresses
    .filter((a) => a.enable === pass.enable)
    .map((a) => context.run.rings.ringOf(a));
  const unshown = wanted.rings.filter((ring) => !flagged.includes(ring));
  if (unshown.length > 0) {
    yield {
      verdict: 'inconclusive',
      ...at,
      message: `${nameOf(pass)} addresses vrings ${unshown.join(', ')}, with which flag is not seen`,
      missing: ['enable_log= of vhost_virtqueue_set_addr'],
    };
  } else if (wanted.rings.length > 0) {
    const [first, ...others] = wanted.rings;
    const vrings =
      others.length === 0 ? `vring ${String(first)}` : `vrings ${wanted.rings.join(', ')}`;
    const message = `${nameOf(pass)} told ${vrings} ${wanted.told}${isFailed(pass) ? ' before it failed' : ''}`;
    const told = pass.addresses.filter((a) => a.enable === pass.enable);
    const evidence = told.map((a) => ({
      line: a.line,
      role: `vring ${String(context.run.rings.ringOf(a))}`,
    }));
    yield doneUnlessEnding(context, told.at(-1) ?? at, { ...at, message, evidence });
  } else {
    yield {
      verdict: 'inconclusive',
      ...at,
      message: `which rings ${nameOf(pass)} has to reach is not known`,
      missing: missingRings(context, pass.device, pass.activation.first),
    };
  }
}

/** Rings that had to be addressed, and those whose address certainly did not come to the backend; ascending. */
function missedRings({ rings }: Run, pass: Pass, wanted: Wanted): readonly number[] {
  const lost = [...pass.unsent].flatMap(([address, { missing }]) =>
    missing.length === 0 ? (rings.ringOf(address) ?? []) : [],
  );
  const all = new Set([...wanted.rings, ...lost]);
  return [...all].filter((ring) => !pass.rings.has(ring)).sort((a, b) => a - b);
}

function nameOf({ enable }: Pass): string {
  return `vhost_dev_set_log(${String(enable)})`;
}

function judgeMissed(
  context: SessionContext,
  pass: Pass,
  vring: number,
  wanted: Wanted,
): Judgement {
  const subject = { ...place(pass.activation), vring };
  const missing = missingFor(context, pass, vring);
  if (missing.length > 0) {
    const message = `${nameOf(pass)} is not seen to reach vring ${vring}`;
    return { verdict: 'inconclusive', ...subject, message, missing };
  }
  return {
    verdict: 'violation',
    ...subject,
    ...(isExplained(context, pass, vring) ? { severity: 'note' as const } : {}),
    message: `${nameOf(pass)} never told vring ${vring} ${wanted.told}: ${wanted.harm}`,
    expected: expectedFor(context, pass, vring),
    evidence: evidenceFor(context, pass, vring),
  };
}

function expectedFor({ run }: SessionContext, pass: Pass, vring: number): string {
  const call = `vhost_virtqueue_set_addr(idx=${vring}, enable_log=${String(pass.enable)})`;
  const lost = unsentFor(run, pass, vring);
  return lost === undefined
    ? `${call} before vhost_dev_set_log returns`
    : `${lost.op} below ${call}`;
}

/** The pass is there for the ring, and the backend is not seen to learn of it. */
function unsentFor({ rings }: Run, { unsent }: Pass, vring: number): Unsent | undefined {
  return [...unsent].find(([address]) => rings.ringOf(address) === vring)?.[1];
}

/** What keeps a ring that the pass is not seen to reach from being a missed one. */
function missingFor(context: SessionContext, pass: Pass, vring: number): string[] {
  const { run } = context;
  const { activation } = pass;
  const over = overOf(pass);
  const end = over ?? endOf(run, activation);
  const caller = callerInstead(context, activation);
  const from = caller?.first ?? activation.first;
  const found = unwatched(run, 'vhost_virtqueue_set_addr', from, end);
  if (pass.rolledBack) found.push('a pass that was not rolled back');
  if (pass.hasUnknownRing) found.push('idx= of vhost_virtqueue_set_addr');
  const backend = run.rings.backendOf(activation);
  if (backend === undefined) found.push(`probe ${probeName('op_set_vring_addr', undefined)}`);
  if (backend === 'kernel' && run.rings.vqIndexOf(activation) === undefined) {
    found.push('vhost_virtqueue_start with its idx=, to know vq_index');
  }
  const lost = unsentFor(run, pass, vring);
  if (lost !== undefined) found.push(...lost.missing);
  if (found.length > 0 || lost !== undefined) return found;
  if (isPassedOver(run, pass, vring)) return [];
  const doubt = doubts(run, activation, over, caller !== undefined);
  const isDecided = doubt.length > 0 || successOf(run, pass) !== undefined;
  return isDecided ? doubt : ['proof that the pass succeeded'];
}

/**
 * vhost_migration_log() makes one pass: where the entry of the pass was not reported, and that of its caller was, what
 * of the pass stood in front of its first call that is shown would be shown, too. The pass itself, where it was reported.
 */
function callerInstead(context: SessionContext, activation: Activation): Activation | undefined {
  const { parent, first, func } = activation;
  if (activation.entered) return activation;
  if (parent?.kind !== 'vhost_migration_log' || !parent.entered || !parent.stackKnown)
    return undefined;
  const isOnly = parent.children.every((call) => call === activation || call.func !== func);
  const isWhole = !parent.altered && !hasGap(context.run, parent.first, first);
  const isLoose = bareWithin(context, parent, 'vhost_virtqueue_set_addr').length > 0;
  return isOnly && isWhole && !isLoose ? parent : undefined;
}

/** Rings are addressed in ascending order: a later one proves that this one was passed over, however the pass ended. */
function isPassedOver(run: Run, pass: Pass, vring: number): boolean {
  const { activation, addresses, enable } = pass;
  const later = addresses.find(
    (a) => isOwn(pass, a) && (run.rings.ringOf(a) ?? -1) > vring && a.enable === enable,
  );
  return later !== undefined && activation.entered && !hasGap(run, activation.first, later.first);
}

function isExplained(context: SessionContext, pass: Pass, vring: number): boolean {
  return unsentFor(context.run, pass, vring) === undefined && mayBeQuirk(context, pass, vring);
}

/**
 * Since 5.2 the loop of vhost_dev_set_log() asks for the descriptor address of the *backend's* index:
 * a kernel device of a higher pair looks at the rings of pair 0 and skips its own where those are not
 * set up. With the same ring of pair 0 known to be running, that explains nothing.
 */
function mayBeQuirk(context: SessionContext, { activation, device }: Pass, vring: number): boolean {
  const { rings } = context.run;
  if (rings.backendOf(activation) !== 'kernel' || rings.vqIndexOf(activation) === 0) return false;
  const own = lastBefore(callsOf(context, device, 'vhost_dev_start'), activation.first);
  const vdev = own === undefined ? undefined : vdevOf(own);
  const first = context
    .of('vhost_dev_start')
    .find((a) => a.device !== device && vdevOf(a) === vdev && rings.vqIndexOf(a) === 0);
  if (vdev === undefined || first?.device === undefined) return true;
  return !runningRings(context.stateBefore(first.device, activation.first)).includes(vring);
}

/** The VirtIODevice that all queue pairs of one device share. */
function vdevOf({ call }: Activation): string | undefined {
  return pointerOf(argText(call.frame, 'vdev'));
}

function evidenceFor(context: SessionContext, pass: Pass, vring: number): Mark[] {
  const { rings } = context.run;
  const started = lastAddressed(context, pass.device, vring, pass.activation.first);
  const isLost = unsentFor(context.run, pass, vring) !== undefined;
  const marks: Mark[] = [];
  // The pass itself shows that the ring is set up, where it calls for it.
  if (started !== undefined && !isLost) {
    const role = `vring ${vring} was addressed with enable_log=${String(started.enable)}`;
    marks.push({ line: started.line, role });
  }
  for (const address of pass.addresses) {
    const ring = rings.ringOf(address);
    if (ring === undefined) continue;
    const lost = pass.unsent.get(address);
    const role =
      lost === undefined
        ? `the same pass reaches vring ${ring}`
        : `called for vring ${ring}, and calls no ${lost.op}`;
    marks.push({ line: address.line, role });
  }
  if (isPassedOver(context.run, pass, vring)) return marks;
  const success = successOf(context.run, pass);
  if (success !== undefined && success.line !== pass.addresses.at(-1)?.line) marks.push(success);
  return marks;
}
