import { deathAt } from '../facts/dying.js';
import { hasOwnStamp } from '../facts/step.js';
import type { Step } from '../facts/step.js';
import type { Activation } from '../flows/activations/activation.js';
import { hasGap } from '../flows/run.js';
import { registeredBefore, registrationDoubts, startedBefore } from './shared/device-lives.js';
import type { Life } from './shared/device-lives.js';
import { unequalSyncs } from './shared/calls/bare-syncs.js';
import { cutStacks, isOver } from './shared/calls/global-passes.js';
import { endOf, hasStranger, place, unwatched } from './shared/calls/queries.js';
import { askedListeners, syncRounds, tracedRounds } from './shared/sync-rounds.js';
import type { SyncRound, TracedRound } from './shared/sync-rounds.js';
import { mark } from './shared/marks.js';
import type { Judgement, Mark, Rule, SessionContext } from './rule.js';

/** Every round of reading the dirty log reads it of every vhost device. */
export const mgSyncEvery: Rule = {
  info: {
    id: 'MG-SYNC-EVERY',
    title: 'a dirty log sync asks every registered vhost device',
    severity: 'error',
    impact: 'corrupt',
    backends: ['kernel', 'user', 'vdpa'],
    versions: '2.12 - 11.1',
    needs: [
      'gdb: probe vhost_log_sync with the backtrace up to memory_global_dirty_log_sync, and probes vhost_dev_start and vhost_dev_stop',
      'trace (7.2 and later): events vhost_dev_start, vhost_dev_stop (since 11.1 vhost_dev_start_in, vhost_dev_stop_in), migration_bitmap_sync_start, migration_bitmap_sync_end, memory_region_sync_dirty',
    ],
    why: 'What the device has written since the round before is not sent. Unless a later round comes, the destination gets stale pages, silently.',
    probes: ['vhost_dev_start', 'vhost_dev_stop', 'vhost_log_sync', 'memory_global_dirty_log_sync'],
    traceProbes: [
      'event vhost_dev_start',
      'event vhost_dev_stop',
      'event migration_bitmap_sync',
      'event memory_global_dirty_log_sync',
    ],
    remedy:
      'Look at how memory_global_dirty_log_sync() of that QEMU walks its listeners, and whether the memory_listener of the device is registered.',
    exceptions: [
      'a call of vhost_log_sync that finds nothing to do: the device is stopped, does not log, or is not the elected logger (9.1 and later)',
      'rounds that look like one, because nothing between them is watched: only a device that none of them asks is reported',
      'a sync of one memory region, as the display makes it',
      'a process that dies in the round',
      'trace lines without a stamp, of which a tool that drops repeated lines leaves one',
    ],
    sources: [
      'QEMU system/memory.c memory_global_dirty_log_sync(), memory_region_sync_dirty_bitmap()',
      'QEMU hw/virtio/vhost.c vhost_log_sync()',
    ],
    bugs: [
      {
        where: 'QEMU 345cc1cbcbce (8.0)',
        what: 'With a vIOMMU the used ring was looked for at its IOVA: an assertion in vhost_dev_sync_region() ended QEMU in the middle of a round. Such a capture is inconclusive here, with the signal in the message.',
        unreported: true,
      },
    ],
  },
  triggers: ['vhost_log_sync'],
  *sequence(context) {
    for (const round of syncRounds(context)) yield* judgeRound(context, round);
    yield* unequalSyncs(context);
    const traced = tracedRounds(context);
    for (const [i, round] of traced.entries()) yield* judgeTraced(context, round, traced[i - 1]);
  },
};

function* judgeRound(context: SessionContext, round: SyncRound): Generator<Judgement> {
  const { activation, calls } = round;
  const crash = crashIn(context, activation);
  if (crash !== undefined) {
    yield crash;
    return;
  }
  const lives = registeredBefore(context, 'calls', activation.first).filter(
    ({ next }) => next === undefined || next.step > activation.last,
  );
  const asked = new Set(calls.map(({ device }) => device));
  const missed = lives.filter(({ device }) => !asked.has(device));
  for (const life of missed) yield judgeMissed(context, round, life);
  const { step, line } = place(calls[0] ?? activation);
  if (missed.length === 0 && lives.length > 0) {
    yield {
      verdict: 'pass',
      step,
      line,
      message: 'every device known to run is asked',
      seenAt: () => [
        ...startMarks(lives),
        ...firstOfEach(calls).flatMap((call) =>
          mark(call, `the sync asks ${call.device ?? 'a device'}`),
        ),
      ],
    };
  } else if (
    calls.length > 0 &&
    lives.length === 0 &&
    unwatched(context.run, 'vhost_dev_start', step, step).length > 0
  ) {
    yield {
      verdict: 'inconclusive',
      step,
      line,
      message: 'which devices the sync has to ask is not known',
      missing: ['the device starts before it, with probes vhost_dev_start and vhost_dev_stop'],
    };
  }
}

function judgeMissed(context: SessionContext, round: SyncRound, life: Life): Judgement {
  const { run } = context;
  const { activation, calls } = round;
  const { device, start } = life;
  const at = { device, step: activation.first, line: calls[0]?.line ?? activation.line };
  const end = endOf(run, activation);
  const missing = [
    ...registrationDoubts(context, 'calls', life, activation.last),
    ...unwatched(run, 'vhost_log_sync', activation.first, end),
  ];
  if (!isOver(run, activation)) missing.push(`proof that ${activation.func} returned`);
  if (hasGap(run, activation.first, end)) missing.push('an unbroken record of the sync');
  if (hasStranger(context, activation.first - 1, end, 'vhost_log_sync'))
    missing.push('listener= of every vhost_log_sync');
  missing.push(...cutStacks(context, activation));
  if (missing.length > 0) {
    const message = 'the sync is not seen to ask the device';
    return { verdict: 'inconclusive', ...at, message, missing };
  }
  return {
    verdict: 'violation',
    ...at,
    message:
      calls.length > 0
        ? 'the dirty log sync asks other devices, but never this one, which is registered'
        : 'the dirty log sync asks no vhost device, and this one is registered',
    expected: 'vhost_log_sync for every vhost_dev',
    evidence: [
      { line: start.line, role: `the ${start.kind} of the device` },
      ...firstOfEach(calls).map(({ line }) => ({
        line,
        role: 'the same sync asks another device',
      })),
    ],
  };
}

function startMarks(lives: readonly Life[]): readonly Mark[] {
  return lives.flatMap(({ device, start }) => mark(start, `the ${start.kind} of ${device}`));
}

function firstOfEach(calls: readonly Activation[]): Activation[] {
  const seen = new Set<string | undefined>();
  return calls.filter(({ device }) => !seen.has(device) && seen.add(device));
}

/** The process dies inside the sync: what the round would have done is nobody's to say. */
function crashIn(context: SessionContext, activation: Activation): Judgement | undefined {
  const last = context.run.steps[activation.last];
  const death = last === undefined ? undefined : deathAt(last);
  if (last === undefined || death === undefined) return undefined;
  const inner = (context.run.atStep[last.index] ?? []).findLast((a) => a.device !== undefined);
  return {
    verdict: 'inconclusive',
    device: inner?.device,
    step: last.index,
    line: last.line,
    message: `QEMU dies of ${death} inside ${inner?.func ?? activation.func}: the sync does not end`,
    missing: ['a process that lives through the sync'],
  };
}

/** QEMU says one line for each listener and round, whatever that listener does. */
function* judgeTraced(
  context: SessionContext,
  round: TracedRound,
  before: TracedRound | undefined,
): Generator<Judgement> {
  const { start, end, syncs } = round;
  const at = { step: start.index, line: start.line };
  const lives = startedBefore(context, 'events', start.index);
  const undecided = (message: string, ...missing: readonly string[]): Judgement => ({
    verdict: 'inconclusive',
    ...at,
    message,
    missing,
  });
  if (syncs.length === 0 && !isTracedAround(context, round)) {
    if (lives.length > 0)
      yield undecided(
        'which listeners the sync asks is not seen',
        'trace event memory_region_sync_dirty (6.2 and later), before the sync and after it',
      );
    return;
  }
  const asked = askedListeners(round);
  // Of most rounds the number says enough.
  const doubts =
    asked < lives.length
      ? lives.map((life) => registrationDoubts(context, 'events', life, end.index))
      : [];
  const certain = lives.filter((_, i) => doubts[i]?.length === 0);
  const broken = [
    ...(hasGap(context.run, start.index, end.index) ? ['an unbroken record of the sync'] : []),
    ...(mayBeMerged(context, round) ? [EACH_LINE] : []),
  ];
  if (asked < certain.length && broken.length === 0) {
    yield {
      verdict: 'violation',
      ...at,
      message: `the dirty log sync asks ${asked} vhost listeners, but ${certain.length} devices are registered and started`,
      expected: "memory_region_sync_dirty with listener 'vhost' once for each vhost_dev",
      evidence: [
        // One more than are asked proves it.
        ...startMarks(certain.slice(0, asked + 1)),
        ...syncs.map(({ line }) => ({ line, role: 'the sync of one listener' })),
      ],
    };
  } else if (asked < lives.length) {
    yield undecided(
      `the sync asks ${asked} vhost listeners, and up to ${lives.length} devices may be registered`,
      ...new Set([...doubts.flat(), ...broken]),
    );
  } else if (
    before !== undefined &&
    asked < askedListeners(before) &&
    asked < askedListeners(before) - cleanupsBetween(context, before, round)
  ) {
    yield undecided(
      `the sync asks ${asked} vhost listeners, and the one before it ${askedListeners(before)}`,
      'the devices that were cleaned up between them: trace event vhost_dev_cleanup (7.2 and later), seen before them, too',
    );
  } else if (lives.length > 0) {
    const message = `the sync asks ${asked} vhost listeners, and ${lives.length} devices are known`;
    const asking = syncs.filter(({ event }) => event?.record.args?.listener === 'vhost');
    const seenAt = (): readonly Mark[] => [
      ...startMarks(lives),
      ...asking.flatMap((sync) => mark(sync, 'the sync of one listener')),
    ];
    yield { verdict: 'pass', ...at, message, seenAt };
  } else if (asked > 0 && !isAnyKnown(context, start)) {
    yield undecided(
      `the sync asks ${asked} vhost listeners, and which devices are registered is not known`,
      'trace events vhost_dev_start and vhost_dev_stop (7.2 and later; since 11.1 vhost_dev_start_in and vhost_dev_stop_in), since the device starts',
    );
  }
}

const EACH_LINE =
  'lines that a tool cannot take for repetitions and drop, as uniq does (stamps: -msg timestamp=on)';

/**
 * Without a stamp the lines of two listeners are alike: a tool that drops repeated lines, uniq or a collector of logs,
 * leaves one of them. Where the round of any other sync has two, none does.
 */
function mayBeMerged(context: SessionContext, { syncs }: TracedRound): boolean {
  const areAlike = syncs.some(isUnstamped);
  return areAlike && !context.once('rounds with lines alike', () => hasLinesAlike(context));
}

function hasLinesAlike(context: SessionContext): boolean {
  return tracedRounds(context).some(({ syncs }) =>
    syncs.some((sync, i) => {
      const next = syncs[i + 1];
      const isNext = next?.index === sync.index + 1 && isUnstamped(sync) && isUnstamped(next);
      return isNext && next.event?.record.text === sync.event?.record.text;
    }),
  );
}

function isUnstamped({ event }: Step): boolean {
  return event?.record.args?.listener === 'vhost' && !hasOwnStamp(event.record);
}

/** Of devices that have stopped it makes no difference whether they are asked: the stop has read their log. */
function isAnyKnown(context: SessionContext, { index }: Step): boolean {
  const [first] = context.events('vhost_dev_start', 'vhost_dev_stop');
  return first !== undefined && first.index < index;
}

/** A sync that asks nobody says nothing: that the event is enabled is shown by others. */
function isTracedAround(context: SessionContext, { start, end }: TracedRound): boolean {
  const asking = context.once('traced rounds that ask', () =>
    tracedRounds(context).filter(({ syncs }) => syncs.length > 0),
  );
  const [first, last] = [asking[0], asking.at(-1)];
  return (
    first !== undefined &&
    last !== undefined &&
    first.end.index < start.index &&
    last.start.index > end.index
  );
}

function cleanupsBetween(context: SessionContext, before: TracedRound, round: TracedRound): number {
  return context
    .events('vhost_dev_cleanup')
    .filter(({ index }) => index > before.start.index && index < round.end.index).length;
}
