/**
 * Starts and stops of each vhost_dev, by calls or by trace events, and what they prove of the time
 * between: that the device is registered with the memory core, and that it runs.
 *
 * Calls and trace events are never mixed: a gdb log and the trace log of the same run may stand in one
 * file one after the other.
 */
import { append } from '../../base/append.js';
import { firstIndex } from '../../base/search.js';
import { hasSucceeded } from '../../flows/activations/activation.js';
import type { Activation } from '../../flows/activations/activation.js';
import { hasGap } from '../../flows/run.js';
import type { Run } from '../../flows/run.js';
import type { Step } from '../../facts/step.js';
import { undoingOf } from '../../flows/activations/undone-start.js';
import type { FactKind } from '../../model/fact.js';
import { argText, pointerOf } from '../../model/values.js';
import type { SessionContext } from '../rule.js';
import { isOfQemuAt, isOneRun, oneQemu } from './traced/one-process.js';
import { hasStranger, unwatched } from './calls/queries.js';

export type Source = 'calls' | 'events';

/** One start, stop, vhost_dev_init() or vhost_dev_cleanup() of a device. */
export interface Moment {
  readonly kind: 'init' | 'cleanup' | 'start' | 'stop';
  readonly step: number;
  readonly line: number;
  /** The call; undefined for a trace event. */
  readonly activation: Activation | undefined;
}

/** The start that a device is in at some step, or the stop that ended it, and what comes after. */
export interface Life {
  readonly device: string;
  /** What was seen of it last: a start, or the stop of a device that is known to be registered still. */
  readonly start: Moment;
  readonly next: Moment | undefined;
}

const KINDS = ['vhost_dev_init', 'vhost_dev_cleanup', 'vhost_dev_start', 'vhost_dev_stop'] as const;

/** Moments of every device of a session, in order. */
export function momentsOf(
  context: SessionContext,
  source: Source,
): ReadonlyMap<string, readonly Moment[]> {
  return context.once(`moments ${source}`, () => {
    const found = new Map<string, Moment[]>();
    const all = source === 'calls' ? momentsOfCalls(context) : momentsOfEvents(context);
    for (const [device, moment] of all) {
      append(found, device, moment);
    }
    return found;
  });
}

function* momentsOfCalls(context: SessionContext): Generator<[string, Moment]> {
  for (const activation of context.of(...KINDS)) {
    const { device, kind, parent, first: step, line } = activation;
    // 10.1: do_vhost_dev_stop() below vhost_dev_stop() is the same stop.
    if (device === undefined || parent?.kind === kind) continue;
    yield [device, { kind: momentKind(kind), step, line, activation }];
    // A start that fails leaves a device that is registered and does not run, as a stop does.
    const undoing = undoingOf(activation);
    if (undoing !== undefined)
      yield [
        device,
        { kind: 'stop', step: undoing.first, line: undoing.line, activation: undoing },
      ];
  }
}

function* momentsOfEvents(context: SessionContext): Generator<[string, Moment]> {
  for (const { event, index: step, line } of context.events(...KINDS)) {
    const { row, record } = event ?? {};
    const device = row?.device === undefined ? undefined : pointerOf(record?.args?.[row.device]);
    if (row === undefined || device === undefined) continue;
    yield [device, { kind: momentKind(row.kind), step, line, activation: undefined }];
  }
}

function momentKind(kind: FactKind): Moment['kind'] {
  return kind.slice('vhost_dev_'.length) as Moment['kind'];
}

/** Devices whose last moment before a step is a start; whether they still run is for the questions below. */
export function startedBefore(
  context: SessionContext,
  source: Source,
  step: number,
): readonly Life[] {
  return context
    .once(`started ${source}`, () => new Presence(momentsOf(context, source), ['start']))
    .before(step);
}

interface OrderedLife extends Life {
  /** Of the device: by its first moment. */
  readonly ordinal: number;
}

/** Goes through the moments of all devices; questions mostly come in the order of the capture. */
class Presence {
  private readonly lives: readonly OrderedLife[];
  /** Those that the first `passed` of them leave. */
  private readonly present = new Map<number, OrderedLife>();
  private passed = 0;
  private inOrder: readonly OrderedLife[] = [];

  /** A device is there when its last moment is one of `kinds`. */
  constructor(
    moments: ReadonlyMap<string, readonly Moment[]>,
    private readonly kinds: readonly Moment['kind'][],
  ) {
    this.lives = [...moments]
      .flatMap(([device, own], ordinal) =>
        own.map((start, i) => ({ ordinal, device, start, next: own[i + 1] })),
      )
      .sort((a, b) => a.start.step - b.start.step);
  }

  /** Devices that are there just before a step, by their first moment. */
  before(step: number): readonly OrderedLife[] {
    const end = firstIndex(this.lives.length, (i) => (this.lives[i]?.start.step ?? step) >= step);
    if (end === this.passed) return this.inOrder;
    if (end < this.passed) {
      this.present.clear();
      this.passed = 0;
    }
    for (let i = this.passed; i < end; i++) {
      const life = this.lives[i];
      if (life === undefined) continue;
      if (this.kinds.includes(life.start.kind)) this.present.set(life.ordinal, life);
      else this.present.delete(life.ordinal);
    }
    this.passed = end;
    this.inOrder = [...this.present.values()].sort((a, b) => a.ordinal - b.ordinal);
    return this.inOrder;
  }
}

/** Devices that were started and not cleaned up since. */
function presentBefore(context: SessionContext, source: Source, step: number): readonly Life[] {
  return context
    .once(`present ${source}`, () => new Presence(momentsOf(context, source), ['start', 'stop']))
    .before(step);
}

/**
 * Devices that are registered just before a step, as far as that can be shown: those that were started, and
 * by calls those that were stopped, where the cleanup would be seen.
 */
export function registeredBefore(context: SessionContext, source: Source, step: number): Life[] {
  return presentBefore(context, source, step).filter(({ start }) => {
    if (start.kind === 'start') return true;
    const { probes } = context.run;
    return (
      source === 'calls' && probes.watching('vhost_dev_cleanup', start.step, step) !== undefined
    );
  });
}

/** The start that a device is in just before a step, if a start is the last that is seen of it. */
export function lifeAt(
  context: SessionContext,
  source: Source,
  device: string,
  step: number,
): Life | undefined {
  const moments = momentsOf(context, source).get(device) ?? [];
  const at = firstIndex(moments.length, (i) => (moments[i]?.step ?? step) >= step) - 1;
  const start = moments[at];
  return start?.kind === 'start' ? { device, start, next: moments[at + 1] } : undefined;
}

/**
 * What keeps a device from being registered, for certain, all the time from its start or stop up to `to`.
 *
 * A vhost_dev is registered from vhost_dev_init() to vhost_dev_cleanup(), and stopped before it is cleaned
 * up: a stop as the next thing that is seen of it proves that it was there.
 */
export function registrationDoubts(
  context: SessionContext,
  source: Source,
  life: Life,
  to: number,
): string[] {
  const { run } = context;
  const from = life.start.step;
  const found: string[] = [];
  if (hasGap(run, from, to)) found.push(unbroken(life));
  if (source === 'events') {
    for (const kind of ['vhost_dev_start', 'vhost_dev_stop'] as const)
      if (context.events(kind).length === 0) found.push(`trace event ${kind}`);
    const at = run.steps[to];
    if (at !== undefined && !isOfQemuOf(context, life.device, at)) found.push(oneQemu(context));
  } else {
    found.push(...unwatched(run, 'vhost_dev_start', from, to));
    found.push(...unwatched(run, 'vhost_dev_stop', from, to));
    if (hasStranger(context, from, to, ...KINDS))
      found.push(
        'hdev= of every vhost_dev_start, vhost_dev_stop, vhost_dev_init, vhost_dev_cleanup',
      );
  }
  const isStillThere =
    (life.start.kind === 'start' && endsInStop(context, source, life)) ||
    (source === 'events'
      ? context.events('vhost_dev_cleanup').length > 0 && isOneRun(context, from, to)
      : run.probes.watching('vhost_dev_cleanup', from, to) !== undefined);
  if (!isStillThere)
    found.push(
      isStopTooFar(run, life) ? unbroken(life) : 'the stop of the device, or vhost_dev_cleanup',
    );
  return [...new Set(found)];
}

/** By trace events: the device is of the QEMU that reports `at`. */
export function isOfQemuOf(context: SessionContext, device: string, at: Step): boolean {
  return isOfQemuAt(context, device, at, {
    startedAt: (step) => startedBefore(context, 'events', step),
    countAt: (step) => presentBefore(context, 'events', step).length,
  });
}

function unbroken({ start }: Life): string {
  return `an unbroken record since the device ${start.kind}`;
}

/** The stop is there, but another start may have been lost before it. */
function isStopTooFar(run: Run, { start, next }: Life): boolean {
  return next?.kind === 'stop' && hasGap(run, start.step, next.step);
}

/** The stop that is seen next is that of this very start: no other start can have come in between. */
function endsInStop(context: SessionContext, source: Source, { start, next }: Life): boolean {
  if (next?.kind !== 'stop' || hasGap(context.run, start.step, next.step)) return false;
  if (source === 'events') return true;
  return (
    unwatched(context.run, 'vhost_dev_start', start.step, next.step).length === 0 &&
    !hasStranger(context, start.step, next.step, ...KINDS)
  );
}

/** What keeps a registered device from running, for certain: its start may have failed. */
export function runningDoubts(
  context: SessionContext,
  source: Source,
  life: Life,
  to: number,
): string[] {
  const { start, device } = life;
  if (endsInStop(context, source, life)) return [];
  if (start.activation !== undefined && hasSucceeded(start.activation)) return [];
  if (source === 'events' && isToldToRun(context, life, to)) return [];
  const working = context.once(`worked on ${device}`, () =>
    context
      .of('vhost_dev_log_resize', 'vhost_dev_set_log')
      .filter((activation) => activation.device === device),
  );
  const isSeen = working.some(({ first }) => first > start.step && first < to);
  if (isSeen) return [];
  return [isStopTooFar(context.run, life) ? unbroken(life) : proofOfStart(source)];
}

/** A stop afterwards would prove it too: of a start that failed none is called. */
function proofOfStart(source: Source): string {
  const what =
    source === 'events'
      ? 'trace event vhost_dev_start_out (11.1 and later)'
      : '`finish` at vhost_dev_start';
  return `proof that the start succeeded: ${what}, or a later stop of the device`;
}

/** Since 11.1 an event tells that a start has succeeded. */
function isToldToRun(context: SessionContext, { device, start, next }: Life, to: number): boolean {
  const told = context.once(`told to run ${device}`, () =>
    context
      .events('vhost_dev_start_out')
      .filter(({ event }) => pointerOf(event?.record.args?.dev) === device),
  );
  const first = told[firstIndex(told.length, (i) => (told[i]?.index ?? Infinity) > start.step)];
  return (
    first !== undefined &&
    first.index < Math.min(next?.step ?? to, to) &&
    !hasGap(context.run, start.step, first.index)
  );
}

/** The VirtIODevice that all queue pairs of one device share. */
export function vdevOf({ start }: Life): string | undefined {
  const frame = start.activation?.call.frame;
  return frame === undefined ? undefined : pointerOf(argText(frame, 'vdev'));
}
