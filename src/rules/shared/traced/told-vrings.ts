/**
 * How many vrings of vhost-user devices are told to log, told to stop, and fetched, by QEMU's trace events, which name
 * neither device nor vring.
 *
 * Source: QEMU hw/virtio/vhost.c. vhost_dev_set_log() and vhost_virtqueue_stop() pass over the same vrings: those that the
 * guest has not set up. As long as no device is started, stopped or reset, a log start, the log stop behind it and the device
 * stops behind that have the same number. A device that has disconnected is not fetched: nothing that could be sent to it is
 * missed.
 */
import { hasGap } from '../../../flows/run.js';
import type { Judgement, SessionContext } from '../../rule.js';
import { OF_TOPOLOGY, tracedLogPasses } from './log-passes.js';
import type { TracedLogPass } from './log-passes.js';
import { messageEvents } from './message-events.js';
import type { MessageEvent } from './message-events.js';
import { isOneRun, oneQemu } from './one-process.js';

/**
 * What may be sent while the vrings stay as they are; by number SET_VRING_ERR, SEND_RARP, IOTLB_MSG, GET_CONFIG,
 * SET_CONFIG, and those of memory slots.
 */
const CHANGES_NO_VRING: ReadonlySet<string> = new Set([
  ...['SET_LOG_BASE', 'SET_MEM_TABLE', 'SET_VRING_CALL'],
  ...['14', '19', '22', '24', '25', '36', '37', '38'],
]);

/** And what stops a device. */
const OF_DEVICE_STOP: ReadonlySet<string> = new Set([
  ...CHANGES_NO_VRING,
  ...['GET_VRING_BASE', 'SET_VRING_ENABLE', 'GET_STATUS', 'SET_STATUS'],
]);

/** LS-ALL-RINGS: the log stop tells more vrings than the log start of the same devices, or the device stops fetch more. */
export function* judgeTracedVrings(context: SessionContext): Generator<Judgement> {
  for (const log of tracedLogs(context)) {
    const { start, stop, fetched } = log;
    const told = vringsOf(start);
    const later = stop === undefined ? fetched : vringsOf(stop);
    const extra = later[told.length];
    if (extra === undefined) continue;
    const started = countOf(start, 'SET_FEATURES');
    const [others, what, role] =
      stop === undefined
        ? [stopsBefore(context, start, extra), 'device stops fetch', 'one more vring is fetched']
        : [countOf(stop, 'SET_FEATURES'), 'log stop tells', 'one more vring is told to stop'];
    // Where a whole device is left out that is not about its vrings.
    if (others === 0 || others > started) continue;
    yield judge(context, log, {
      at: start,
      extra,
      message: `the log start tells ${some(told.length, 'vring')} to log, and the ${what} ${some(later.length, 'vring')}, with none set up in between`,
      expected: 'SET_VRING_ADDR for each vring in the log start',
      role,
    });
  }
}

/** LE-SKIP, of devices, and LE-CLEAR, of vrings: what the log start told to log runs on, and the log stop tells less. */
export function* judgeTracedStops(
  context: SessionContext,
  what: 'devices' | 'vrings',
): Generator<Judgement> {
  for (const log of tracedLogs(context)) {
    const { start, stop, fetched } = log;
    if (stop === undefined) continue;
    const [logging, told] = [vringsOf(start), vringsOf(stop)];
    const extra = fetched[told.length];
    if (extra === undefined || fetched.length > logging.length) continue;
    const [of, off] = [countOf(start, 'SET_FEATURES'), countOf(stop, 'SET_FEATURES')];
    if (off > of || off < of !== (what === 'devices')) continue;
    const message =
      what === 'devices'
        ? `the log start switches ${some(of, 'device')} on, and the log stop ${off === 0 ? 'none' : some(off, 'device')} off, while all their vrings run on`
        : `the log stop tells ${some(told.length, 'vring')} to stop logging, and ${some(fetched.length, 'vring')} run on that the log start told to log`;
    yield judge(context, log, {
      at: stop,
      extra,
      message,
      expected: 'SET_FEATURES, and SET_VRING_ADDR for each vring, of each device that logs',
      role: 'one more vring is fetched: it was set up all along',
    });
  }
}

/** LE-CLEAR: log stops that send features and tell no vring, where nothing shows whether one runs. */
export function* judgeBareStops(context: SessionContext): Generator<Judgement> {
  const judged = new Set([...judgeTracedStops(context, 'vrings')].map(({ step }) => step));
  for (const pass of tracedLogPasses(context)) {
    const { isStart, begin } = pass;
    if (isStart || countOf(pass, 'SET_FEATURES') === 0 || vringsOf(pass).length > 0) continue;
    if (judged.has(begin.index)) continue;
    yield {
      verdict: 'inconclusive',
      step: begin.index,
      line: begin.line,
      message: 'the log stop sends SET_FEATURES, and tells no vring to stop logging',
      missing: ['whether a vring of these devices logs: probe vhost_virtqueue_set_addr'],
    };
  }
}

interface TracedLog {
  readonly start: TracedLogPass;
  /** Undefined where vrings are fetched before it. */
  readonly stop: TracedLogPass | undefined;
  /** GET_VRING_BASE behind the stop, or behind the start where there is none, up to what changes the vrings. */
  readonly fetched: readonly MessageEvent[];
}

/** Log starts, and what follows before anything changes the vrings. */
function tracedLogs(context: SessionContext): readonly TracedLog[] {
  return context.once('traced logs', () => {
    const messages = messageEvents(context).filter(({ sender }) => sender === 'frontend');
    const passes = tracedLogPasses(context);
    const found: TracedLog[] = [];
    let at = 0;
    for (const [i, start] of passes.entries()) {
      if (!start.isStart) continue;
      while ((messages[at]?.step ?? Infinity) <= lastOf(start)) at++;
      found.push({ start, ...whatFollows(messages, at, passes[i + 1]) });
    }
    return found;
  });
}

/** `at`: the first message behind the log start. */
function whatFollows(
  messages: readonly MessageEvent[],
  at: number,
  next: TracedLogPass | undefined,
): Omit<TracedLog, 'start'> {
  const begin = next?.begin.index ?? Infinity;
  let i = at;
  const goesOn = (allowed: ReadonlySet<string>, end: number): boolean => {
    const message = messages[i];
    return message !== undefined && message.step < end && allowed.has(message.name);
  };
  while (goesOn(CHANGES_NO_VRING, begin)) i++;
  const isStopped = next !== undefined && (messages[i]?.step ?? Infinity) > begin;
  if (isStopped) while ((messages[i]?.step ?? Infinity) <= lastOf(next)) i++;
  const from = i;
  while (goesOn(OF_DEVICE_STOP, isStopped ? Infinity : begin)) i++;
  const fetched = messages.slice(from, i).filter(({ name }) => name === 'GET_VRING_BASE');
  return { stop: isStopped ? next : undefined, fetched };
}

/** Vrings that are shown one by one: devices of more exist. */
const MOST_TOLD = 8;

interface Mismatch {
  readonly at: TracedLogPass;
  /** The message that shows it. */
  readonly extra: MessageEvent;
  readonly role: string;
  readonly message: string;
  readonly expected: string;
}

function judge(
  context: SessionContext,
  { start }: TracedLog,
  { at, extra, role, message, expected }: Mismatch,
): Judgement {
  const { run, session } = context;
  const { begin } = at;
  const place = { step: begin.index, line: begin.line };
  const from = start.begin;
  const missing: string[] = [];
  const isOne = begin.thread !== undefined && isOneRun(context, from.index, extra.step);
  if (!isOne || start.isDisturbed || at.isDisturbed || run.mixed.has(session))
    missing.push(oneQemu(context));
  if (!hasSucceeded(start))
    missing.push('what the log start goes on with: memory regions, or a sync');
  if (hasGap(run, from.index, extra.step)) missing.push('an unbroken record since the log start');
  if (missing.length > 0) return { verdict: 'inconclusive', ...place, message, missing };
  const told = vringsOf(at).slice(0, MOST_TOLD);
  const evidence = [
    ...(at === start ? [] : [{ line: from.line, role: 'the log start begins here' }]),
    ...told.map(({ line }) => ({ line, role: 'a vring is told' })),
    { line: extra.line, role },
  ];
  return { verdict: 'violation', ...place, message, expected, evidence };
}

/** One that fails takes back what it has told, and goes on neither with the memory topology nor with a sync. */
function hasSucceeded({ end }: TracedLogPass): boolean {
  const kind = end?.event?.row.kind;
  return kind !== undefined && (OF_TOPOLOGY.has(kind) || kind === 'migration_bitmap_sync');
}

/** The last step of the pass itself. */
function lastOf({ begin, messages }: TracedLogPass): number {
  return messages.at(-1)?.step ?? begin.index;
}

/** A reply shows that it was sent, too, where the row of the message itself is lost. */
function vringsOf({ messages }: TracedLogPass): readonly MessageEvent[] {
  const of = messages.filter(({ name }) => name === 'SET_VRING_ADDR');
  const [sent, replies] = [
    of.filter(({ sender }) => sender === 'frontend'),
    of.filter(({ sender }) => sender === 'reply'),
  ];
  return replies.length > sent.length ? replies : sent;
}

function countOf({ messages }: TracedLogPass, request: string): number {
  return messages.filter(({ name, sender }) => name === request && sender === 'frontend').length;
}

/** How many device stops are reported between a log start and what is fetched. */
function stopsBefore(
  context: SessionContext,
  { begin }: TracedLogPass,
  fetch: MessageEvent,
): number {
  const stops = context.events('vhost_dev_stop');
  return stops.filter(({ index }) => index > begin.index && index < fetch.step).length;
}

/** `1 vring`, `2 vrings`. */
function some(count: number, one: string): string {
  return `${String(count)} ${one}${count === 1 ? '' : 's'}`;
}
