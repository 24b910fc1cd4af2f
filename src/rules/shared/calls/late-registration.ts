/**
 * Devices that come while dirty tracking is on: a hotplug, or the reconnect of a vhost-user backend. vhost_dev_init()
 * registers the memory_listener, and listener_add_address_space() (system/memory.c; softmmu/memory.c and memory.c before)
 * calls its log_global_start at once where global_dirty_tracking is set. All pure.
 */
import { callerOf, hasSucceeded } from '../../../flows/activations/activation.js';
import type { Activation } from '../../../flows/activations/activation.js';
import { hasGap } from '../../../flows/run.js';
import { mark } from '../marks.js';
import type { Judgement, SessionContext } from '../../rule.js';
import { momentsOf } from '../device-lives.js';
import type { Moment } from '../device-lives.js';
import { globalPasses, isOver, lastWork, mayHaveFailed } from './global-passes.js';
import type { GlobalPass } from './global-passes.js';
import {
  below,
  doubts,
  endOf,
  firstFrom,
  hasStranger,
  place,
  unwatched,
  withoutCaller,
} from './queries.js';

const CALLBACK = 'vhost_log_global_start';
const TRACKING = 'dirty tracking is switched on, and not off since';
const STOPS = ['memory_global_dirty_log_stop', 'vhost_log_global_stop'] as const;

/** One judgement for each vhost_dev_init() behind a log start that no log stop is seen to have ended. */
export function* lateRegistrations(context: SessionContext): Generator<Judgement> {
  for (const init of context.of('vhost_dev_init')) {
    const pass = passBefore(context, init);
    if (pass === undefined || init.device === undefined) continue;
    const [told] = below(init, CALLBACK, 'vhost_migration_log');
    if (told !== undefined) {
      yield {
        verdict: 'pass',
        ...place(init),
        message: `the device is registered while dirty tracking is on, and is told by ${CALLBACK}`,
        seenAt: () => [...mark(pass.activation, TRACKING), ...mark(told, told.func)],
      };
      continue;
    }
    const next = nextMoment(context, init);
    // An init that fails does not come to the registration, or takes it back.
    if (init.result !== undefined && !hasSucceeded(init)) continue;
    yield judgeUntold(context, pass, init, next);
  }
}

/** The log start that is the last thing seen of dirty tracking before a call. */
function passBefore(context: SessionContext, init: Activation): GlobalPass | undefined {
  const before = globalPasses(context).filter(
    ({ enable, activation }) => enable && activation.last < init.first,
  );
  const pass = before.at(-1);
  if (pass === undefined) return undefined;
  const stops = context.of(...STOPS);
  const stop = stops[firstFrom(stops, pass.activation.last + 1)];
  return stop !== undefined && stop.first < endOf(context.run, init) ? undefined : pass;
}

function nextMoment(context: SessionContext, init: Activation): Moment | undefined {
  const own = momentsOf(context, 'calls').get(init.device ?? '') ?? [];
  return own.find(({ step }) => step > init.first);
}

/**
 * What keeps dirty tracking from being on until a step, where no log stop is seen. A migration switches it off when its
 * thread is done: one that goes on has not, and the bits of other users change nothing of that (7.0 and later).
 */
function stopDoubts(context: SessionContext, { activation }: GlobalPass, to: number): string[] {
  const { run } = context;
  const [stops, callback] = STOPS.map((kind) => unwatched(run, kind, activation.first, to));
  const thread = callerOf(activation, 'migration_thread');
  const goesOn = thread !== undefined && (lastWork(context).get(thread) ?? -1) >= to;
  return goesOn && callback?.length === 0 ? [] : (stops ?? []);
}

function judgeUntold(
  context: SessionContext,
  pass: GlobalPass,
  init: Activation,
  next: Moment | undefined,
): Judgement {
  const { run } = context;
  const start = next?.kind === 'start' ? next : undefined;
  const over = init.closed ?? start?.step;
  const end = over ?? run.steps.length;
  const from = pass.activation.first;
  const missing = [
    ...doubts(run, init, over),
    ...unwatched(run, CALLBACK, init.first, end),
    ...withoutCaller(context, init, CALLBACK, 'vhost_migration_log'),
    ...stopDoubts(context, pass, end),
  ];
  if (hasStranger(context, init.first - 1, end, CALLBACK))
    missing.push(`listener= of every ${CALLBACK}`);
  // Of a device whose init has failed none is started.
  if (!hasSucceeded(init) && (start === undefined || hasGap(run, init.first, start.step)))
    missing.push('proof that vhost_dev_init succeeded: `finish` at it, or the start of the device');
  if (hasGap(run, from, init.first)) missing.push('an unbroken record since the log start');
  if (!isOver(run, pass.activation) || mayHaveFailed(context, pass))
    missing.push('proof that the log start succeeded');
  const at = place(init);
  if (missing.length > 0) {
    const message =
      'the device is registered while dirty tracking is on, and is not seen to be told';
    return { verdict: 'inconclusive', ...at, message, missing: [...new Set(missing)] };
  }
  return {
    verdict: 'violation',
    ...at,
    message: `vhost_dev_init registers the device while dirty tracking is on, and never calls ${CALLBACK} for it`,
    expected: `${CALLBACK} below vhost_dev_init`,
    evidence: [...mark(pass.activation, TRACKING), ...mark(start, 'the device is started')],
  };
}
