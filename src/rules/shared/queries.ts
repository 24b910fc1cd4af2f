/** Questions that several rules ask of a run. All pure. */
import { callerOf, descendants, failureIn, hasSucceeded } from '../../flows/activations.js';
import type { Activation } from '../../flows/activations.js';
import { hasGap } from '../../flows/run.js';
import type { Run } from '../../flows/run.js';
import type { Call } from '../../facts/calls.js';
import type { Step } from '../../facts/step.js';
import type { Backend, FactKind } from '../../model/fact.js';
import { opFunction } from '../../facts/functions.js';
import type { Judgement, Mark, SessionContext } from '../rule.js';

/**
 * Adjacent known calls of a stack, outer and inner, with the line that shows the inner one. A pair is
 * given once: at the first stack that shows the inner call, not again with each of its callees.
 */
export function* callPairs(
  step: Step,
  run: Run,
): Generator<{ outer: Call; inner: Call; line: number }> {
  for (let i = 1; i < step.calls.length; i++) {
    const outer = step.calls[i - 1];
    const inner = step.calls[i];
    if (outer === undefined || inner === undefined || !isFirstSight(step, run, i)) continue;
    yield { outer, inner, line: step.callLines[i] ?? step.line };
  }
}

/** The call at `index` of the step's calls is shown here for the first time. */
export function isFirstSight(step: Step, run: Run, index: number): boolean {
  const shown = run.atStep[step.index] ?? [];
  // A limited backtrace shows fewer calls than are known to be open; both lists end with the innermost.
  return shown[shown.length - step.calls.length + index]?.first === step.index;
}

/** First step after an activation: where it had returned, or the end of the capture. */
export function endOf(run: Run, activation: Activation): number {
  return activation.closed ?? run.steps.length;
}

/**
 * What keeps a call from being judged by what is missing in it: nothing for a call whose entry was
 * reported, that has certainly returned, with no gap in between and no hand of the debugger on it.
 */
export function doubts(run: Run, activation: Activation): string[] {
  const found: string[] = [];
  if (!activation.entered) found.push(`the entry of ${activation.func}`);
  if (!activation.stackKnown) found.push(`the backtrace at ${activation.func}`);
  if (activation.closed === undefined) found.push(`proof that ${activation.func} returned`);
  if (hasGap(run, activation.first, endOf(run, activation)))
    found.push(`an unbroken record of ${activation.func}`);
  if (isAltered(activation)) found.push('a run that the debugger did not alter');
  const failed = failureIn(activation);
  if (failed !== undefined) {
    found.push(`a call that succeeded: ${failed.func} returned ${failed.result?.value ?? ''}`);
  }
  return found;
}

function isAltered(activation: Activation): boolean {
  if (activation.altered) return true;
  for (const child of descendants(activation)) if (child.altered) return true;
  return false;
}

/** A missing-list entry when a function was not watched during the activation. */
export function unwatched(
  run: Run,
  kind: FactKind,
  from: number,
  to: number,
  backend?: Backend,
): string[] {
  return run.probes.watching(kind, from, to, backend) === undefined
    ? [`probe ${probeName(kind, backend)}`]
    : [];
}

/** The function to break on for a kind: `vhost_user_set_log_base`, `vhost_dev_start`. */
export function probeName(kind: FactKind, backend: Backend | undefined): string {
  if (!kind.startsWith('op_')) return kind;
  if (backend !== undefined) return opFunction(backend, kind) ?? kind;
  return `vhost_*_${kind.slice(3)}`;
}

/** Everything of these kinds below an activation, in order. */
export function below(activation: Activation, ...kinds: readonly FactKind[]): Activation[] {
  const found: Activation[] = [];
  for (const child of descendants(activation)) if (kinds.includes(child.kind)) found.push(child);
  return found.sort((a, b) => a.first - b.first);
}

/** Direct children of these kinds, in order. */
export function childrenOf(activation: Activation, ...kinds: readonly FactKind[]): Activation[] {
  return activation.children.filter((child) => kinds.includes(child.kind));
}

/** Bare stops (no backtrace) of a kind for the same device within the span of an activation: they may belong to it. */
export function bareWithin(
  context: SessionContext,
  activation: Activation,
  ...kinds: readonly FactKind[]
): Activation[] {
  const end = endOf(context.run, activation);
  const bare = context.once(`bare ${kinds.join()}`, () =>
    context.of(...kinds).filter((a) => !a.stackKnown),
  );
  return bare.filter(
    (a) =>
      a.first >= activation.first &&
      a.first < end &&
      (a.device === undefined || a.device === activation.device),
  );
}

/**
 * True when a call of these kinds that does not show its device lies between two steps: it may have
 * been about any device.
 */
export function hasStranger(
  context: SessionContext,
  from: number,
  to: number,
  ...kinds: readonly FactKind[]
): boolean {
  const strangers = context.once(`strangers ${kinds.join()}`, () =>
    context.of(...kinds).filter((a) => a.device === undefined),
  );
  return strangers.some((a) => a.first > from && a.first < to);
}

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
  /** Some address call does not show its ring. */
  readonly hasUnknownRing: boolean;
  /** The pass went wrong or was rolled back: a call with the opposite flag. */
  readonly rolledBack: boolean;
}

/** All passes of a session in one direction. */
export function passes(context: SessionContext, enable: boolean): readonly Pass[] {
  return context.once(`passes ${String(enable)}`, () => findPasses(context, enable));
}

function findPasses(context: SessionContext, enable: boolean): Pass[] {
  const found: Pass[] = [];
  for (const activation of context.of('vhost_dev_set_log')) {
    const flag = activation.enable ?? callerOf(activation, 'vhost_migration_log')?.enable;
    if (flag !== enable || activation.device === undefined) continue;
    const addresses = [
      ...childrenOf(activation, 'vhost_virtqueue_set_addr'),
      ...bareWithin(context, activation, 'vhost_virtqueue_set_addr'),
    ];
    const features = childrenOf(activation, 'vhost_dev_set_features');
    const same = addresses.filter((a) => a.enable !== !enable);
    const rings = same.map((a) => context.run.rings.ringOf(a));
    found.push({
      activation,
      device: activation.device,
      enable,
      addresses,
      features,
      rings: new Set(rings.filter((ring) => ring !== undefined)),
      hasUnknownRing: rings.includes(undefined) || addresses.some((a) => a.enable === undefined),
      rolledBack: [...addresses, ...features].some((a) => a.enable === !enable),
    });
  }
  return found;
}

/**
 * Log starts or stops whose pass of vhost_dev_set_log() may have gone unseen, because nobody watched it:
 * one inconclusive judgement each. A watched function that is not called was not needed (the device
 * is stopped, or logs already).
 */
export function* unseenPasses(context: SessionContext, enable: boolean): Generator<Judgement> {
  const { run } = context;
  const devices = new Set(
    context
      .of('vhost_log_global_start', 'vhost_log_global_stop', 'vhost_migration_log')
      .map((a) => a.device),
  );
  for (const device of devices) {
    if (device === undefined) continue;
    for (const { activation, enable: direction } of togglesOf(context, device)) {
      if (direction !== enable || below(activation, 'vhost_dev_set_log').length > 0) continue;
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
  const last = childrenOf(activation, 'vhost_virtqueue_set_addr').at(-1);
  const isWhole = doubts(run, activation).length === 0;
  const isWatched = run.probes.watching(
    'vhost_virtqueue_set_addr',
    activation.first,
    endOf(run, activation),
  );
  const isShown = !pass.hasUnknownRing;
  if (last === undefined || !isShown || !isWhole || isWatched === undefined) return undefined;
  return { line: last.line, role: 'the last address of the pass, and nothing was undone after it' };
}

/** The last time before a step that a ring of a device was addressed. */
export function lastAddressed(
  context: SessionContext,
  device: string,
  vring: number,
  before: number,
): Activation | undefined {
  return context
    .of('vhost_virtqueue_set_addr')
    .findLast(
      (a) => a.device === device && a.first < before && context.run.rings.ringOf(a) === vring,
    );
}

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
  for (const activation of context.of(
    'vhost_log_global_start',
    'vhost_log_global_stop',
    'vhost_migration_log',
  )) {
    if (activation.device !== device) continue;
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

/** A bare vhost_migration_log stop right after the callback's own stop is the same pass. */
function isInside(inner: Activation, outer: Activation | undefined): boolean {
  if (outer === undefined || outer.kind === 'vhost_migration_log') return false;
  if (callerOf(inner, 'vhost_log_global_start', 'vhost_log_global_stop') === outer) return true;
  return !inner.stackKnown && inner.thread === outer.thread && inner.first === outer.first + 1;
}

/** Missing-list entries when log toggles could go unseen between two steps. */
export function unwatchedToggles(run: Run, from: number, to: number): string[] {
  const { probes } = run;
  if (probes.watching('vhost_migration_log', from, to) !== undefined) return [];
  const both = (['vhost_log_global_start', 'vhost_log_global_stop'] as const).every(
    (kind) => probes.watching(kind, from, to) !== undefined,
  );
  return both ? [] : ['probe vhost_migration_log'];
}

/** `at` of a judgement. */
export function place(activation: Activation): {
  device: string | undefined;
  step: number;
  line: number;
} {
  return { device: activation.device, step: activation.first, line: activation.line };
}

export { callerOf, hasGap };
