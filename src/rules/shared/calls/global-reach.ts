/** Whether a pass over all memory listeners reaches every device that is registered: LS-ALL-DEVICES and LE-ALL-DEVICES. */
import { callerOf } from '../../../flows/activations/activation.js';
import type { Activation } from '../../../flows/activations/activation.js';
import { hasGap } from '../../../flows/run.js';
import type { FactKind } from '../../../model/fact.js';
import { momentsOf, registeredBefore, registrationDoubts } from '../device-lives.js';
import type { Life, Moment } from '../device-lives.js';
import { mark } from '../marks.js';
import type { Judgement, SessionContext } from '../../rule.js';
import { cutStacks, globalPasses, isOver, mayHaveFailed, STARTS, STOPS } from './global-passes.js';
import type { GlobalPass } from './global-passes.js';
import { endOf, hasStranger, lastBefore, unwatched } from './queries.js';

/** One judgement for each device that a pass misses, else one for the pass. */
export function* judgeReach(context: SessionContext, enable: boolean): Generator<Judgement> {
  const callback = enable ? 'vhost_log_global_start' : 'vhost_log_global_stop';
  for (const pass of globalPasses(context)) {
    if (pass.enable !== enable) continue;
    yield* judgePass(context, pass, callback);
  }
  if (!enable) yield* postponedStops(context);
  yield* judgeUnplaced(context, callback);
}

/** memory_global_dirty_log_stop() of a machine that does not run calls no listener before that runs again. */
function* postponedStops(context: SessionContext): Generator<Judgement> {
  const passing = new Set(globalPasses(context).map(({ activation }) => activation));
  for (const stop of context.of(STOPS)) {
    const change = machineStopBefore(context, stop.first);
    if (!stop.entered || passing.has(stop) || change === undefined) continue;
    yield {
      verdict: 'pass',
      step: stop.first,
      line: stop.line,
      message: 'the machine does not run: the log stop waits until it does',
      seenAt: () => mark(change, 'the machine is stopped'),
    };
  }
}

/** The last that the machine is seen to be told before a step, where that stops it. */
function machineStopBefore(context: SessionContext, step: number): Activation | undefined {
  const change = lastBefore(context.of('vm_state_notify'), step);
  if (change?.enable !== false) return undefined;
  const isWatched = context.run.probes.watching('vm_state_notify', change.first, step);
  return isWatched === undefined ? undefined : change;
}

/** Devices that the pass before this one has reached: they are registered, whether they were started or not. */
function reachedBefore(
  context: SessionContext,
  { activation }: GlobalPass,
  known: readonly Life[],
): Life[] {
  const passes = globalPasses(context);
  const before = passes.filter((pass) => pass.activation.last < activation.first).at(-1);
  if (before === undefined) return [];
  const moments = momentsOf(context, 'calls');
  const found = new Map<string, Life>();
  for (const call of before.calls) {
    const { device, first: step, line } = call;
    if (device === undefined || known.some((life) => life.device === device)) continue;
    const own = moments.get(device) ?? [];
    const isGone = own.some(
      ({ kind, step: at }) =>
        (kind === 'init' || kind === 'cleanup') && at > step && at < activation.last,
    );
    if (isGone) continue;
    // What is asked of it is whether it is registered still: as of a device that was stopped.
    const start = { kind: 'stop', step, line, activation: call } as const;
    found.set(device, { device, start, next: undefined });
  }
  return [...found.values()];
}

function* judgePass(
  context: SessionContext,
  pass: GlobalPass,
  callback: FactKind,
): Generator<Judgement> {
  const { activation, calls } = pass;
  const started = registeredBefore(context, 'calls', activation.first).filter(
    ({ next }) => next === undefined || next.step > activation.last,
  );
  const lives = [...started, ...reachedBefore(context, pass, started)];
  const reached = new Set(calls.map(({ device }) => device));
  const missed = lives.filter(({ device }) => !reached.has(device));
  const subject = calls[0] ?? activation;
  const at = { step: subject.first, line: subject.line };
  for (const life of missed) yield judgeMissed(context, pass, life, callback);
  if (missed.length > 0) return;
  // A stopped device is registered too, but may have been cleaned up unseen.
  const known = new Map(lives.map(({ device, start }) => [device, start]));
  for (const [device, [first]] of momentsOf(context, 'calls'))
    if (first !== undefined && reached.has(device) && !known.has(device)) known.set(device, first);
  if (known.size > 0) {
    const how =
      known.size === 1 ? 'the one device that is known' : `all ${known.size} known devices`;
    yield {
      verdict: 'pass',
      ...at,
      message: `${callback} reaches ${how}`,
      seenAt: () => [
        ...[...known].flatMap(([device, start]) => mark(start, `${whatOf(start)} ${device}`)),
        ...calls.flatMap((call) => mark(call, `${call.func} of ${call.device ?? 'a device'}`)),
      ],
    };
    return;
  }
  yield {
    verdict: 'inconclusive',
    ...at,
    message: `which devices ${callback} has to reach is not known`,
    missing: ['the device starts before it, with probes vhost_dev_start and vhost_dev_stop'],
  };
}

function judgeMissed(
  context: SessionContext,
  pass: GlobalPass,
  life: Life,
  callback: FactKind,
): Judgement {
  const { activation, calls } = pass;
  const { device, start } = life;
  const subject = calls.at(-1) ?? activation;
  const at = { device, step: subject.first, line: subject.line };
  const missing = [
    ...registrationDoubts(context, 'calls', life, activation.last),
    ...passDoubts(context, pass, callback),
  ];
  if (missing.length > 0) {
    const message = `${callback} is not seen to reach the device`;
    return { verdict: 'inconclusive', ...at, message, missing };
  }
  return {
    verdict: 'violation',
    ...at,
    message: `${activation.func} never calls ${callback} for the device, which is registered`,
    expected: `${callback} for every vhost_dev`,
    evidence: [
      ...mark(start, `${whatOf(start)} the device`),
      ...calls.map(({ line }) => ({ line, role: 'the same pass reaches another device' })),
    ],
  };
}

/** What is seen of a device last. */
function whatOf({ kind, activation }: Moment): string {
  const isReached =
    activation?.kind === 'vhost_log_global_start' || activation?.kind === 'vhost_log_global_stop';
  return isReached ? 'the pass before it reaches' : `the ${kind} of`;
}

/** What keeps a device that a pass does not reach from being one that it forgot. */
function passDoubts(context: SessionContext, pass: GlobalPass, callback: FactKind): string[] {
  const { run } = context;
  const { activation } = pass;
  const end = endOf(run, activation);
  const found = unwatched(run, callback, activation.first, end);
  if (activation.mayBeEarlier) found.push(`the entry of ${activation.func}`);
  if (!isOver(run, activation)) found.push(`proof that ${activation.func} returned`);
  if (hasGap(run, activation.first, end)) found.push(`an unbroken record of ${activation.func}`);
  if (hasStranger(context, activation.first - 1, end, callback))
    found.push(`listener= of every ${callback}`);
  found.push(...cutStacks(context, activation));
  if (activation.altered || pass.calls.some((call) => call.altered))
    found.push('a run that the debugger did not alter');
  if (pass.enable && mayHaveFailed(context, pass))
    found.push(
      'proof that the log start succeeded: what memory_global_dirty_log_start returned, or the sync after it in a migration',
    );
  return found;
}

/** Callbacks whose stack does not reach the pass that makes them, nor shows that none does. */
function unplacedCalls(context: SessionContext, callback: FactKind): readonly Activation[] {
  return context.once(`unplaced ${callback}`, () =>
    context
      .of(callback)
      .filter(
        (call) =>
          context.run.steps[call.first]?.complete !== true &&
          callerOf(call, STARTS, STOPS) === undefined,
      ),
  );
}

function* judgeUnplaced(context: SessionContext, callback: FactKind): Generator<Judgement> {
  const [call] = unplacedCalls(context, callback);
  if (call === undefined) return;
  yield {
    verdict: 'inconclusive',
    step: call.first,
    line: call.line,
    message: `which pass over the devices ${callback} belongs to is not shown`,
    missing: [`the whole backtrace at ${callback}`],
  };
}
