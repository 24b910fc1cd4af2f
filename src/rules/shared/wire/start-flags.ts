/** The log flags of a device start, as a vhost-user backend gets them: those of its vrings are that of the device. */
import type { Judgement, SessionContext } from '../../rule.js';
import { mark } from '../marks.js';
import { isContinued, MESSAGES_RECIPE, missingEndpoint, nameOf } from './messages.js';
import { plainStarts } from './plain-starts.js';
import type { PlainStart } from './plain-starts.js';
import { splitStarts, wireStarts } from './starts.js';
import type { SplitStart, WireStart } from './starts.js';

/** One judgement for each vring of a start with logging, and for each start that should have it. */
export function* judgeWireFlags(context: SessionContext): Generator<Judgement> {
  for (const start of wireStarts(context)) yield* judgeStart(context, start);
  const splits = splitStarts(context);
  for (const split of splits) yield judgeSplit(context, split);
  const judged = new Set(splits.map(({ plain }) => plain.features));
  for (const plain of plainStarts(context))
    if (!judged.has(plain.start.features)) yield judgePlain(plain);
}

function* judgeStart(context: SessionContext, start: WireStart): Generator<Judgement> {
  const { connection, features, addresses } = start;
  const { endpoint } = connection;
  const who = nameOf(connection);
  const evidence = mark(features, 'the features of the device start');
  for (const address of addresses) {
    const { vring, enable, step, line } = address;
    const at = { endpoint, vring, step, line };
    const missing = missingEndpoint(connection);
    if (vring === undefined || enable === undefined)
      missing.push(`the flags of SET_VRING_ADDR (${MESSAGES_RECIPE})`);
    if (!isContinued(context, connection, features, address))
      missing.push('the device start without a gap, in one thread');
    const subject = `${vring === undefined ? 'a vring' : `vring ${vring}`} of ${who}`;
    if (missing.length > 0) {
      const message = `whether ${subject} is started with logging, as the device is, is not shown`;
      yield { verdict: 'inconclusive', ...at, message, missing };
    } else if (enable === true) {
      const message = `${subject} is started with logging, as the device is`;
      yield { verdict: 'pass', ...at, message, seenAt: () => evidence };
    } else {
      yield {
        verdict: 'violation',
        ...at,
        message: `${subject} is started without VHOST_VRING_F_LOG, but the device with LOG_ALL in the same start`,
        expected: `SET_VRING_ADDR of vring ${String(vring)} with flags 0x1`,
        evidence,
      };
    }
  }
}

/** Messages do not tell whether a device that starts without LOG_ALL should have it: a log stop sends a stopped one nothing. */
function judgePlain({ start: { connection, features }, logged }: PlainStart): Judgement {
  const who = nameOf(connection);
  const before = logged.connection === connection ? 'it' : nameOf(logged.connection);
  return {
    verdict: 'inconclusive',
    endpoint: connection.endpoint,
    step: features.step,
    line: features.line,
    message: `${who} is started without LOG_ALL, and no log stop is seen since ${before} was told to log`,
    evidence: [{ line: logged.features.line, role: 'LOG_ALL is set' }],
    missing: [
      'whether logging has ended meanwhile, of which a device that is stopped gets no message: probe vhost_migration_log',
    ],
  };
}

/** The queue pairs of a device start one behind the other with the big lock held: no log start comes between. */
function judgeSplit(context: SessionContext, { logging, plain }: SplitStart): Judgement {
  const { connection, features } = plain;
  const { endpoint } = connection;
  const at = { endpoint, step: features.step, line: features.line };
  const [first, last] = logging.features.step < features.step ? [logging, plain] : [plain, logging];
  const missing = missingEndpoint(connection);
  if (!isContinued(context, connection, first.features, last.addresses.at(-1) ?? last.features))
    missing.push('the device start without a gap, in one thread');
  const message = `${nameOf(connection)} is started without LOG_ALL for ${vringsOf(plain)}, but with it for ${vringsOf(logging)} in the same start`;
  if (missing.length > 0) return { verdict: 'inconclusive', ...at, message, missing };
  return {
    verdict: 'violation',
    ...at,
    message,
    expected: `SET_FEATURES with LOG_ALL (bit 26) for ${vringsOf(plain)}`,
    evidence: [{ line: logging.features.line, role: 'the features of the other queue pair' }],
  };
}

function vringsOf({ vrings }: WireStart): string {
  return `vrings ${vrings.map((vring) => vring ?? '?').join(', ')}`;
}
