/** Which vhost_devs of one vhost-user connection a log start and a log stop reach. */
import { bigintOf } from '../../../model/values.js';
import type { Judgement, Mark, SessionContext } from '../../rule.js';
import { mayReset, messagesOf, NOT_RESET } from './devices.js';
import type { WireVring } from './devices.js';
import {
  ALL_THREADS,
  answerTo,
  asksForReply,
  isOfSameQemu,
  MESSAGES_RECIPE,
  missingEndpoint,
  NAMED_SOCKET,
  nameOf,
} from './messages.js';
import type { Connection, Message } from './messages.js';
import { isOfOneQemu, missingFor } from './passes.js';
import { unreached, wireRounds } from './rounds.js';
import type { WireRound } from './rounds.js';
import { STARTING } from './starts.js';

/** Judgements of each log start, or log stop, that does not reach all devices of the connection: one for each vring that is left. */
export function* judgeWireReach(
  context: SessionContext,
  kind: WireRound['kind'],
): Generator<Judgement> {
  for (const round of wireRounds(context)) {
    if (round.kind !== kind || isUntrue(round)) continue;
    const left = [...unreached(round)].flatMap(({ vrings }) => [...vrings]);
    const missed = left.filter(([, { address }]) => address.enable !== (kind === 'start'));
    if (missed.length > 0) yield* judge(context, round, new Map(missed.sort(([a], [b]) => a - b)));
  }
}

/** Features without LOG_ALL in front of vrings that are all told to log: a log start that leaves them out, see LS-FEATURES. */
function isUntrue({ kind, passes }: WireRound): boolean {
  const told = passes.flatMap(({ addresses }) => addresses);
  return kind === 'stop' && told.length > 0 && told.every(({ enable }) => enable === true);
}

function* judge(
  context: SessionContext,
  round: WireRound,
  missed: ReadonlyMap<number, WireVring>,
): Generator<Judgement> {
  const { kind, connection, begin, passes, next } = round;
  const isStart = kind === 'start';
  const told = passes.flatMap(({ addresses }) => addresses.map(({ vring }) => vring));
  const how = isStart ? 'to log' : 'not to log';
  const whom = told.length > 0 ? ` vrings ${[...new Set(told)].join(', ')}` : '';
  const at = { endpoint: connection.endpoint, step: begin.step, line: begin.line };
  const what = `${nameOf(connection)} is told ${how}${whom}`;
  const missing = [...new Set(doubts(context, round, missed))];
  if (missing.length > 0) {
    const numbers = [...missed.keys()].join(', ');
    const message = `${what}, and for vrings ${numbers} nothing follows`;
    yield { verdict: 'inconclusive', ...at, message, missing };
    return;
  }
  const end: Mark[] = next === undefined ? [] : [{ line: next.line, role: 'QEMU goes on' }];
  for (const [vring, { kick, address }] of missed) {
    const before: Mark = isStart
      ? { line: kick.line, role: `vring ${vring} is set going` }
      : { line: address.line, role: `vring ${vring} was told to log` };
    yield {
      verdict: 'violation',
      ...at,
      vring,
      message: `${what}, and for vring ${vring} nothing follows`,
      expected: `SET_VRING_ADDR of vring ${vring} with flags ${isStart ? '0x1' : '0x0'}`,
      evidence: [before, ...end],
    };
  }
}

function* doubts(
  context: SessionContext,
  round: WireRound,
  missed: ReadonlyMap<number, WireVring>,
): Generator<string> {
  const { connection, begin, passes, next } = round;
  yield* missingEndpoint(connection);
  for (const pass of passes) yield* missingFor(context, pass);
  if (connection.endpoint === undefined) return;
  if (!isOfOneQemu(connection)) yield NAMED_SOCKET;
  if (!connection.isOfBackend) yield ALL_THREADS;
  const isFlagShown = [...missed.values()].every(({ address }) => address.enable !== undefined);
  if (!isFlagShown) yield `the flags of SET_VRING_ADDR (${MESSAGES_RECIPE})`;
  if (next === undefined) yield 'what the connection goes on with';
  const devices = unreached(round);
  const known = devices.flatMap((device) => [device.features, ...messagesOf(device)]);
  const end = next ?? begin;
  if (!known.every((one) => one !== undefined && isOfSameQemu(context, connection, one, end)))
    yield 'an unbroken record since the device start';
  if (devices.some(mayReset)) yield NOT_RESET;
  yield* round.kind === 'start' ? startDoubts(round) : stopDoubts(round);
}

/** A log start that fails at one device is taken back from those before (9.1 and later). */
function* startDoubts(round: WireRound): Generator<string> {
  const { connection, passes, bare, next, isBehindBase } = round;
  if (isToggle(next) && next?.enable !== true)
    yield 'a log start that is not undone, or why it is: the output of QEMU';
  if (passes.length === 0 && !bare.every((features) => isTaken(connection, features)))
    yield 'whether the backend took the features: its log';
  // A device start gives the log base last of all.
  if (!isBehindBase && mayBeDeviceStart(round)) yield NO_DEVICE_START;
}

/** QEMU goes on where it does not wait for an answer, and where that is no error. */
function isTaken({ messages }: Connection, features: Message): boolean {
  const asks = asksForReply(features);
  if (asks !== true) return asks === false;
  return bigintOf(answerTo(messages, messages.indexOf(features))?.payload.u64) === 0n;
}

function* stopDoubts(round: WireRound): Generator<string> {
  const { next } = round;
  if (mayBeDeviceStart(round)) yield NO_DEVICE_START;
  if (isToggle(next) && next?.enable === undefined) yield `the payload of ${next?.name}`;
}

const NO_DEVICE_START = 'that the features are not those of a device start';

/** Features without any vring may be those of a queue pair that the guest does not use, in its start. */
function mayBeDeviceStart({ passes, before }: WireRound): boolean {
  const name = before?.name ?? '';
  const isLog = name === 'SET_VRING_ADDR' || name === 'GET_FEATURES';
  return passes.length === 0 && (name === 'SET_VRING_ENABLE' || (STARTING.has(name) && !isLog));
}

/** May be of the same round, where its payload is not shown. */
function isToggle(next: Message | undefined): boolean {
  return next?.name === 'SET_FEATURES' || next?.name === 'SET_VRING_ADDR';
}
