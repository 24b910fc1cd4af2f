/**
 * Vrings that a log start tells to log before it sends the features.
 *
 * Source: QEMU hw/virtio/vhost.c vhost_migration_log(): the log base, the features, then the vrings. None but
 * vhost_dev_set_log() addresses a vring whose size is not sent right before.
 */
import type { Judgement, SessionContext } from '../../rule.js';
import { mark } from '../marks.js';
import { BY_QEMU, isOfAnotherFrontEnd } from './front-ends.js';
import { eachGreeting, isContinued, MESSAGES_RECIPE, missingEndpoint, nameOf } from './messages.js';
import type { Connection, Message } from './messages.js';
import { beforeOf, missingFor, wirePasses } from './passes.js';

/** One judgement for each log base that vrings follow, and the features behind these. */
export function* judgeEarlyAddresses(context: SessionContext): Generator<Judgement> {
  const late = new Set<Message>();
  yield* eachGreeting(context, (connection, requests) =>
    judge(context, connection, requests, late),
  );
  for (const pass of wirePasses(context)) {
    const { connection, features, begin, addresses } = pass;
    const [address] = addresses;
    const isFirst = features === begin && !late.has(features) && address !== undefined;
    if (!isFirst || missingFor(context, pass).length > 0) continue;
    yield {
      verdict: 'pass',
      endpoint: connection.endpoint,
      step: address.step,
      line: address.line,
      message: `${nameOf(connection)} gets the features before the first vring address`,
      seenAt: () => mark(features, 'the features'),
    };
  }
}

function* judge(
  context: SessionContext,
  connection: Connection,
  requests: readonly Message[],
  late: Set<Message>,
): Generator<Judgement> {
  for (const [i, base] of requests.entries()) {
    // Behind the features it is the log base that is out of place: see LS-BASE-FIRST.
    if (base.name !== 'SET_LOG_BASE' || beforeOf(requests, i)?.name === 'SET_FEATURES') continue;
    let end = i + 1;
    while (isOfVrings(requests[end])) end++;
    const [first] = requests.slice(i + 1, end);
    const features = requests[end];
    if (first === undefined || first.enable === false) continue;
    if (features?.name !== 'SET_FEATURES' || features.enable !== true) continue;
    late.add(features);
    const missing = missingEndpoint(connection);
    if (first.enable === undefined)
      missing.push(`the flags of SET_VRING_ADDR (${MESSAGES_RECIPE})`);
    if (!isContinued(context, connection, base, features))
      missing.push('the log start without a gap, in one thread');
    if (isOfAnotherFrontEnd(context, connection)) missing.push(BY_QEMU);
    const { step, line, vring } = first;
    const at = { endpoint: connection.endpoint, vring, step, line };
    const which = vring === undefined ? 'a vring' : `vring ${vring}`;
    const message = `${nameOf(connection)} is told to log ${which} in front of the features of the log start`;
    yield missing.length > 0
      ? { verdict: 'inconclusive', ...at, message, missing }
      : {
          verdict: 'violation',
          ...at,
          message,
          expected: 'SET_FEATURES with LOG_ALL in front of the first SET_VRING_ADDR',
          evidence: [
            { line: base.line, role: 'the log base of the log start' },
            { line: features.line, role: 'the features come only here' },
          ],
        };
  }
}

/** Without REPLY_ACK QEMU waits with GET_FEATURES for a vring that logs. */
function isOfVrings(request: Message | undefined): boolean {
  return request?.name === 'SET_VRING_ADDR' || request?.name === 'GET_FEATURES';
}
