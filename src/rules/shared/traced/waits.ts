/** Whether QEMU waits until a vhost-user backend logs, by its trace events. */
import { append } from '../../../base/append.js';
import { own } from '../../../base/own.js';
import { hasGap } from '../../../flows/run.js';
import { mark } from '../marks.js';
import type { Judgement, SessionContext } from '../../rule.js';
import { MESSAGES_RECIPE, missingAnswer } from '../wire/messages.js';
import { GOES_ON, IN_TURN } from '../wire/waits.js';
import { asked, messageEvents } from './message-events.js';
import type { MessageEvent } from './message-events.js';
import { oneQemu, orOneQemu } from './one-process.js';

/**
 * The trace events show no payload, but since 6.2 the flag is set in these two requests only to wait for
 * logging; and QEMU waits in vhost_user_read() with the big lock held, so that no other event comes between.
 */
export function* judgeTracedWaits(context: SessionContext): Generator<Judgement> {
  const events = messageEvents(context);
  let judged = 0;
  yield* judgeUnasked(context, events);
  yield* judgeAddresses(context, events);
  yield* judgeFeatures(events);
  for (const [i, event] of events.entries()) {
    if (event.sender !== 'frontend' || own(GOES_ON, event.name) === undefined || !event.needsReply)
      continue;
    judged++;
    const at = { step: event.step, line: event.line };
    const what = `vhost_user_write ${event.name} asks for an acknowledgement`;
    const answer = asked(context, events, i);
    if (answer?.how === 'read') {
      const { event: reply } = answer;
      const message = `${what}, and QEMU reads it`;
      yield { verdict: 'pass', ...at, message, seenAt: () => mark(reply, 'the reply is read') };
    } else if (answer !== undefined && hasGoneOn(event, answer.event)) {
      yield {
        verdict: 'violation',
        ...at,
        message: `${what}, and QEMU writes ${answer.event.name} without reading it`,
        expected: `vhost_user_read of ${event.name} before any other message`,
        evidence: [{ line: answer.event.line, role: `${answer.event.name}: QEMU has gone on` }],
      };
    } else {
      yield {
        verdict: 'inconclusive',
        ...at,
        message: `${what}, and QEMU is not seen to read it`,
        missing: [orOneQemu(context, missingAnswer(events))],
      };
    }
  }
  const logged = events.find(
    ({ name, sender }) => sender === 'frontend' && name === 'SET_LOG_BASE',
  );
  if (judged > 0 || logged === undefined) return;
  yield {
    verdict: 'inconclusive',
    step: logged.step,
    line: logged.line,
    message: 'vhost_user_write shows no payload: which requests ask for logging is not seen',
    missing: [MESSAGES_RECIPE],
  };
}

/**
 * Requests of a log start that are not acknowledged while the next one is. It has logging in it, and so have the
 * others in front of it: a log stop that fails may tell vrings to log again, but begins with features that ask for no
 * acknowledgement and with no log base.
 */
function* judgeUnasked(
  context: SessionContext,
  all: readonly MessageEvent[],
): Generator<Judgement> {
  for (const events of eventsByThread(all)) {
    for (const [i, event] of events.entries()) {
      const next = nextLogged(events, i);
      if (next !== undefined) yield judgePass(context, events, event, next);
    }
  }
}

/**
 * Addresses that ask for no acknowledgement behind features that do. Right behind them the vring is not told to log, or
 * QEMU does not wait; behind others with logging they may undo a pass that failed, which the features without logging end.
 */
function* judgeAddresses(
  context: SessionContext,
  all: readonly MessageEvent[],
): Generator<Judgement> {
  for (const thread of eventsByThread(all)) {
    const events = thread.filter(({ sender, name }) => sender === 'frontend' && !STATUS.has(name));
    for (const [i, features] of events.entries()) {
      if (features.name !== 'SET_FEATURES' || !features.needsReply) continue;
      let end = i + 1;
      while (events[end]?.name === 'SET_VRING_ADDR') end++;
      const addresses = events.slice(i + 1, end);
      const first = addresses.find(({ needsReply }) => !needsReply);
      // One in front of another that is acknowledged is judged with that.
      if (first === undefined || addresses.at(-1)?.needsReply === true) continue;
      const isFirst = first === addresses[0];
      const next = events[end];
      if (!isFirst && next?.name === 'SET_FEATURES' && !next.needsReply) continue;
      yield judgeAddress(context, features, first, isFirst);
    }
  }
}

function judgeAddress(
  context: SessionContext,
  features: MessageEvent,
  address: MessageEvent,
  isFirst: boolean,
): Judgement {
  const at = { step: address.step, line: address.line };
  const message =
    'vhost_user_write SET_VRING_ADDR behind features with logging asks for no acknowledgement: the vring is not told to log, or QEMU does not wait for it';
  const missing: string[] = [];
  if (address.thread === undefined || context.run.mixed.has(context.session))
    missing.push(oneQemu(context));
  if (hasGap(context.run, features.step, address.step)) missing.push('the log start without a gap');
  if (!isFirst) missing.push(`that it does not undo a log start that failed: ${MESSAGES_RECIPE}`);
  if (missing.length > 0) return { verdict: 'inconclusive', ...at, message, missing };
  return {
    verdict: 'violation',
    ...at,
    message,
    expected: 'NEED_REPLY (0x8) in the flags',
    evidence: [{ line: features.line, role: 'SET_FEATURES asks for an acknowledgement' }],
  };
}

/**
 * Features right behind a log base that ask for no acknowledgement, and that no GET_FEATURES follows: of a log start they
 * would. A resize and a device start send the log base, too, and a log stop may come next; those send it next to the memory
 * table or behind the vrings. Source: QEMU hw/virtio/vhost.c vhost_dev_set_log(), vhost_commit(), vhost_dev_start().
 */
function* judgeFeatures(all: readonly MessageEvent[]): Generator<Judgement> {
  for (const events of eventsByThread(all)) {
    const requests = events.filter(({ sender }) => sender === 'frontend');
    for (const [i, features] of requests.entries()) {
      if (features.name !== 'SET_FEATURES' || features.needsReply) continue;
      const [before, base] = [requests[i - 2], requests[i - 1]];
      const next = requests[i + 1];
      if (base?.name !== 'SET_LOG_BASE' || isOfStartOrResize(before)) continue;
      if (next === undefined || next.name === 'GET_FEATURES') continue;
      // One in front of addresses that are acknowledged is judged with those.
      if (nextLogged(events, events.indexOf(features)) !== undefined) continue;
      yield {
        verdict: 'inconclusive',
        step: features.step,
        line: features.line,
        message: `vhost_user_write SET_FEATURES behind SET_LOG_BASE asks for no acknowledgement, and ${next.name} is the next request`,
        missing: [`that no log start begins here, which has to wait: ${MESSAGES_RECIPE}`],
      };
    }
  }
}

function isOfStartOrResize(before: MessageEvent | undefined): boolean {
  return before !== undefined && IN_FRONT_OF_BASE.has(before.name);
}

/** Of a resize SET_MEM_TABLE, ADD_MEM_REG and REM_MEM_REG; of a device start how a vring ends, SET_VRING_ERR among them. */
const IN_FRONT_OF_BASE: ReadonlySet<string> = new Set([
  'SET_MEM_TABLE',
  '37',
  '38',
  'SET_VRING_KICK',
  'SET_VRING_CALL',
  '14',
]);

function judgePass(
  context: SessionContext,
  events: readonly MessageEvent[],
  event: MessageEvent,
  next: MessageEvent,
): Judgement {
  const what = `vhost_user_write ${event.name} of a log start asks for no acknowledgement`;
  const at = { step: event.step, line: event.line };
  const message = `${what}, and ${next.name} behind it does`;
  const begin = beginOf(events, event);
  const missing: string[] = [];
  if (event.thread === undefined || context.run.mixed.has(context.session))
    missing.push(oneQemu(context));
  else if (begin === undefined || hasGap(context.run, begin.step, next.step))
    missing.push('the log start from SET_LOG_BASE on, without a gap');
  const status = events.find(
    ({ step, name }) => step > event.step && step < next.step && name === 'GET_STATUS',
  );
  if (status !== undefined) missing.push(IN_TURN);
  if (missing.length > 0) return { verdict: 'inconclusive', ...at, message, missing };
  return {
    verdict: 'violation',
    ...at,
    message,
    expected: 'NEED_REPLY (0x8) in the flags',
    evidence: [{ line: next.line, role: `${next.name} asks for an acknowledgement` }],
  };
}

function eventsByThread(events: readonly MessageEvent[]): Iterable<readonly MessageEvent[]> {
  const threads = new Map<string | undefined, MessageEvent[]>();
  for (const event of events) append(threads, event.thread, event);
  return threads.values();
}

const STATUS: ReadonlySet<string> = new Set(['GET_STATUS', 'SET_STATUS']);

/** What follows the features. */
const OF_PASS: ReadonlySet<string> = new Set([...STATUS, 'SET_VRING_ADDR']);

/** The address with logging right behind a request of the same pass that does not ask for an acknowledgement. */
function nextLogged(events: readonly MessageEvent[], index: number): MessageEvent | undefined {
  const { sender, name, needsReply } = events[index] ?? {};
  const isOfPass = name === 'SET_FEATURES' || name === 'SET_VRING_ADDR';
  if (sender !== 'frontend' || needsReply === true || !isOfPass) return undefined;
  const next = events.slice(index + 1, index + 6).find(({ name }) => !STATUS.has(name));
  const isLogged = next?.name === 'SET_VRING_ADDR' && next.needsReply;
  return isLogged && next.sender === 'frontend' ? next : undefined;
}

/** What shows that it is a log start: the log base in front of the features, or features that are acknowledged. */
function beginOf(events: readonly MessageEvent[], event: MessageEvent): MessageEvent | undefined {
  let at = events.indexOf(event);
  while (isBehindFeatures(events[at])) at--;
  const features = events[at];
  if (features?.name !== 'SET_FEATURES') return undefined;
  const before = events[at - 1];
  const isStart = features.needsReply || before?.name === 'SET_LOG_BASE';
  return isStart ? (before ?? features) : undefined;
}

function isBehindFeatures(event: MessageEvent | undefined): boolean {
  const { sender, name = '' } = event ?? {};
  return name === 'SET_FEATURES' ? sender === 'reply' : OF_PASS.has(name);
}

/**
 * A reply that QEMU refuses is not traced: vhost_user_read_header() looks at its flags first. The rollback that
 * follows sends the addresses without logging, and so without asking for an acknowledgement.
 */
function hasGoneOn(request: MessageEvent, next: MessageEvent): boolean {
  const isUndone = next.name === 'SET_VRING_ADDR' && !next.needsReply;
  return own(GOES_ON, request.name)?.includes(next.name) === true && !isUndone;
}
