/**
 * VHOST_F_LOG_ALL as a vhost-user backend gets it.
 *
 * Source: QEMU hw/virtio/vhost.c: LOG_ALL goes in front of the first VHOST_VRING_F_LOG, at a log start as at a device
 * start. Only a log stop that fails tells vrings to log again in front of the features, right behind those that it sent.
 */
import type { Judgement, SessionContext } from '../../rule.js';
import { eachGreeting, isOfSameQemu, missingEndpoint, nameOf } from './messages.js';
import type { Connection, Message } from './messages.js';

const UNBROKEN = 'the messages since the features without a gap, in one thread';
const EXPECTED = 'SET_FEATURES with LOG_ALL in front of it';

/** Is LOG_ALL set where vrings are told to log? One judgement for each features word in force. */
export function* judgeWireFeatures(context: SessionContext): Generator<Judgement> {
  yield* eachGreeting(context, (connection, requests) => judge(context, connection, requests));
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
  for (const request of requests) {
    if (request.name === 'SET_FEATURES') {
      word = request;
      hasLogged ||= request.enable === true;
      isJudged = false;
    } else if (request.name === 'SET_LOG_BASE' && word?.enable === false) {
      // The next log start.
      hasLogged = false;
    }
    if (request.name !== 'SET_VRING_ADDR' || request.enable !== true || isJudged) continue;
    if (word === undefined) continue;
    isJudged = true;
    const at = { endpoint, step: request.step, line: request.line };
    const evidence = [{ line: word.line, role: 'the features in force' }];
    const missing = missingEndpoint(connection);
    if (!isOfSameQemu(context, connection, word, request)) missing.push(UNBROKEN);
    const isSet = word.enable === true;
    if (!isSet && hasLogged)
      missing.push('a log start: a log stop that fails tells vrings to log once more');
    const message = isSet
      ? `${who} has LOG_ALL where vrings are told to log`
      : `${who} is told to log vring ${request.vring ?? '?'}, and has no LOG_ALL`;
    if (missing.length > 0) yield { verdict: 'inconclusive', ...at, message, missing };
    else if (isSet) yield { verdict: 'pass', ...at, message, evidence };
    else yield { verdict: 'violation', ...at, message, expected: EXPECTED, evidence };
  }
}
