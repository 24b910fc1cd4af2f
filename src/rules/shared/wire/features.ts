/**
 * VHOST_F_LOG_ALL as a vhost-user backend gets it.
 *
 * Source: QEMU hw/virtio/vhost.c: LOG_ALL goes in front of the first VHOST_VRING_F_LOG, at a log start as at a device
 * start. Only a log stop that fails tells vrings to log again in front of the features, right behind those that it sent.
 * A vring that is reset alone is told what the device was told before, perhaps by a thread that is not traced.
 */
import type { Judgement, SessionContext } from '../../rule.js';
import {
  eachGreeting,
  isContinued,
  isOfSameQemu,
  MESSAGES_RECIPE,
  missingEndpoint,
  nameOf,
} from './messages.js';
import type { Connection, Message } from './messages.js';
import { isOfAnotherFrontEnd } from './front-ends.js';
import { beforeOf, isOfOneQemu, missingFor, nextOf, wirePasses } from './passes.js';
import type { WirePass } from './passes.js';
import { runningAt } from './rounds.js';
import { STARTING } from './starts.js';

const UNBROKEN =
  'the features right in front of it, in one thread; or an strace -y of the backend without a gap';
const UNBROKEN_BEHIND =
  'the features before it and what follows, in one thread; or an strace -y of the backend without a gap';
const EXPECTED = 'SET_FEATURES with LOG_ALL in front of it';

/** Is LOG_ALL set where vrings are told to log? One judgement for each features word in force. */
export function* judgeWireFeatures(context: SessionContext): Generator<Judgement> {
  yield* eachGreeting(context, (connection, requests) => judge(context, connection, requests));
  for (const pass of wirePasses(context)) yield* judgeShared(context, pass);
  yield* eachGreeting(context, (connection, requests) => judgeBases(context, connection, requests));
}

/**
 * Log bases that no features follow, where LOG_ALL is not set: vhost_migration_log() gives the base and sets the
 * features right behind it, and a device start sets them before.
 */
function* judgeBases(
  context: SessionContext,
  connection: Connection,
  requests: readonly Message[],
): Generator<Judgement> {
  const { endpoint } = connection;
  const stops = logStops(context);
  let word: Message | undefined;
  for (const [i, request] of requests.entries()) {
    if (request.name === 'SET_FEATURES') word = request;
    // Vrings that are told to log are judged for themselves.
    else if (request.name === 'SET_VRING_ADDR' && request.enable !== false) word = undefined;
    if (request.name !== 'SET_LOG_BASE' || word?.enable !== false) continue;
    const next = nextOf(requests, i);
    // What a log base goes before is judged at the last of several: see VU-LOGBASE-COUNT.
    if (next?.name === 'SET_VRING_ADDR' || next?.name === 'SET_LOG_BASE') continue;
    if (next?.name === 'SET_FEATURES' && !stops.has(next)) continue;
    const missing = missingEndpoint(connection);
    if (next === undefined) missing.push(`what the connection goes on with (${MESSAGES_RECIPE})`);
    else if (!isShownFrom(context, connection, word, next)) missing.push(UNBROKEN_BEHIND);
    const at = { endpoint, step: request.step, line: request.line };
    const message = `${nameOf(connection)} is given a log base, and no LOG_ALL behind it`;
    if (missing.length > 0) {
      yield { verdict: 'inconclusive', ...at, message, missing };
      continue;
    }
    const evidence = [
      { line: word.line, role: 'the features in force' },
      ...(next === undefined ? [] : [{ line: next.line, role: 'QEMU goes on' }]),
      ...(connection.alone ?? []),
    ];
    const expected = 'SET_FEATURES with LOG_ALL behind it';
    yield { verdict: 'violation', ...at, message, expected, evidence };
  }
}

/**
 * Queue pairs that are told to log behind the features of another one. vhost_dev_set_log() sends those of each, and the
 * backend keeps one word for the connection, so that the last one holds for all: it is the call that is missed.
 */
function* judgeShared(context: SessionContext, pass: WirePass): Generator<Judgement> {
  const { kind, connection, features, begin, addresses } = pass;
  if (kind !== 'start' || features.enable !== true) return;
  if (missingFor(context, pass).length > 0 || !isOfOneQemu(connection)) return;
  const told = new Set(addresses.map(({ vring }) => vring));
  const devices = runningAt(context, connection, begin.step)
    .map(({ vrings }) => [...vrings.keys()].filter((vring) => told.has(vring)))
    .filter((vrings) => vrings.length > 0);
  const first = devices.find((vrings) => vrings.includes(addresses[0]?.vring ?? -1));
  const others = devices.filter((vrings) => vrings !== first).flat();
  const other = addresses.find(({ vring = -1 }) => others.includes(vring));
  if (first === undefined || other === undefined) return;
  yield {
    verdict: 'inconclusive',
    endpoint: connection.endpoint,
    step: other.step,
    line: other.line,
    message: `${nameOf(connection)} is told to log vrings ${others.join(', ')} behind the features of vrings ${first.join(', ')}: its LOG_ALL holds for them, too`,
    evidence: [{ line: features.line, role: 'the features in force' }],
    missing: ['whether QEMU sets the features of that queue pair: probe vhost_dev_set_features'],
  };
}

function* judge(
  context: SessionContext,
  connection: Connection,
  requests: readonly Message[],
): Generator<Judgement> {
  const { endpoint } = connection;
  const who = nameOf(connection);
  let word: Message | undefined;
  let hasLogged = false;
  let isJudged = false;
  /** Only what a log start or a device start sends has come since the features; and the size of a vring. */
  let isOneStart = false;
  let isSetUp = false;
  /** The log base of a log start, as long as nothing but addresses has come since. */
  let base: Message | undefined;
  for (const [i, request] of requests.entries()) {
    if (request.name === 'SET_LOG_BASE') base = request;
    else if (!OF_VRINGS.has(request.name)) base = undefined;
    if (request.name === 'SET_FEATURES') {
      word = request;
      hasLogged ||= request.enable === true;
      isJudged = false;
      [isOneStart, isSetUp] = [true, false];
    } else if (request.name === 'SET_LOG_BASE' && word?.enable === false) {
      // The next log start.
      hasLogged = false;
    }
    isOneStart &&= request === word || STARTING.has(request.name);
    isSetUp ||= request.name === 'SET_VRING_NUM';
    if (request.name !== 'SET_VRING_ADDR' || request.enable !== true || isJudged) continue;
    const unset = base && leftOut(context, connection, base, requests, i);
    if (word === undefined) {
      if (unset !== undefined) yield unset;
      isJudged = unset !== undefined;
      continue;
    }
    isJudged = true;
    const at = { endpoint, step: request.step, line: request.line };
    const evidence = [{ line: word.line, role: 'the features in force' }];
    const missing = missingEndpoint(connection);
    const isShown = isShownFrom(context, connection, word, request);
    if (!isShown || (!connection.isOfBackend && !isOneStart)) missing.push(UNBROKEN);
    if (word.enable === undefined) missing.push(`the word of SET_FEATURES (${MESSAGES_RECIPE})`);
    const isSet = word.enable === true;
    if (word.enable === false && hasLogged && !isSetUp)
      missing.push('a log start: a log stop that fails tells vrings to log once more');
    const has = word.enable === undefined ? 'may have no LOG_ALL' : 'has no LOG_ALL';
    const message = isSet
      ? `${who} has LOG_ALL where vrings are told to log`
      : `${who} is told to log vring ${request.vring ?? '?'}, and ${has}`;
    if (missing.length > 0 && !isSet && unset !== undefined) yield unset;
    else if (missing.length > 0) yield { verdict: 'inconclusive', ...at, message, missing };
    else if (isSet) yield { verdict: 'pass', ...at, message, evidence };
    else yield { verdict: 'violation', ...at, message, expected: EXPECTED, evidence };
  }
}

/** Without REPLY_ACK QEMU waits with GET_FEATURES for a vring that logs. */
const OF_VRINGS: ReadonlySet<string> = new Set(['SET_LOG_BASE', 'SET_VRING_ADDR', 'GET_FEATURES']);

/**
 * A log start whose features come neither behind its log base nor behind its vrings: there that is for LS-FEAT-BEFORE-VRING
 * to say. Whatever another thread has sent before, vhost_dev_set_log() sends them itself.
 */
function leftOut(
  context: SessionContext,
  connection: Connection,
  base: Message,
  requests: readonly Message[],
  address: number,
): Judgement | undefined {
  let end = address;
  while (OF_VRINGS.has(requests[end]?.name ?? '')) end++;
  const [first, next] = [requests[address], requests[end]];
  if (first === undefined || next === undefined || next.name === 'SET_FEATURES') return undefined;
  // A log base behind its features: see LS-BASE-FIRST.
  if (beforeOf(requests, requests.lastIndexOf(base, address))?.name === 'SET_FEATURES')
    return undefined;
  if (missingEndpoint(connection).length > 0) return undefined;
  if (isOfAnotherFrontEnd(context, connection)) return undefined;
  if (!isContinued(context, connection, base, requests[end - 1] ?? first)) return undefined;
  if (!isOfSameQemu(context, connection, base, next)) return undefined;
  return {
    verdict: 'violation',
    endpoint: connection.endpoint,
    step: first.step,
    line: first.line,
    message: `${nameOf(connection)} is told to log vring ${first.vring ?? '?'} behind the log base, and gets no features in this log start`,
    expected: EXPECTED,
    evidence: [
      { line: base.line, role: 'the log base of the log start' },
      { line: next.line, role: `${next.name}: QEMU goes on` },
    ],
  };
}

/** With which log stops begin that take all back. */
function logStops(context: SessionContext): ReadonlySet<Message> {
  const stops = wirePasses(context).filter(
    ({ kind, addresses }) => kind === 'stop' && addresses.every(({ enable }) => enable === false),
  );
  return new Set(stops.map(({ begin }) => begin));
}

/** Is all that the connection is sent between two messages shown? An strace of QEMU shows it for one thread. */
function isShownFrom(
  context: SessionContext,
  connection: Connection,
  from: Message,
  to: Message,
): boolean {
  return connection.isOfBackend
    ? isOfSameQemu(context, connection, from, to)
    : isContinued(context, connection, from, to);
}
