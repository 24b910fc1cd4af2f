/** Whether a log start, or a log stop, over one vhost-user socket reaches the other sockets of the same QEMU. */
import type { Judgement, SessionContext } from '../../rule.js';
import { connectionsOf, nameOf } from './messages.js';
import type { Connection } from './messages.js';
import { isConcerned, runningAt, wireRounds } from './rounds.js';
import type { WireRound } from './rounds.js';

/**
 * Messages do not show which listeners there are, nor why QEMU told one device and not the other: it is told what is not
 * seen. One judgement for each socket that is left out of a round.
 */
export function* judgeWireSockets(
  context: SessionContext,
  kind: WireRound['kind'],
): Generator<Judgement> {
  for (const round of wireRounds(context)) {
    if (round.kind !== kind || round.passes.length === 0) continue;
    for (const other of connectionsOf(context)) {
      if (!isOfSameProcess(round.connection, other)) continue;
      const isLeftOut = runningAt(context, other, round.begin.step).some((device) =>
        isConcerned(device, kind),
      );
      if (isLeftOut && !isReached(context, round, other)) yield judge(round, other);
    }
  }
}

/** A thread of QEMU that sends over both. A thread of a backend may serve several QEMUs. */
export function isOfSameProcess(one: Connection, other: Connection): boolean {
  const isOfFrontend = [one, other].every(
    ({ endpoint, messages }) => endpoint !== undefined && messages[0]?.side === 'frontend',
  );
  const isShared = [...one.threads].some(
    (thread) => thread !== undefined && other.threads.has(thread),
  );
  return one !== other && isOfFrontend && isShared;
}

/** Listeners are called one behind the other: nothing else goes over the first socket meanwhile. */
function isReached(context: SessionContext, round: WireRound, other: Connection): boolean {
  const from = round.before?.step ?? -1;
  const until = round.next?.step ?? Infinity;
  return wireRounds(context).some(
    ({ kind, connection, begin }) =>
      connection === other && kind === round.kind && begin.step > from && begin.step < until,
  );
}

function judge({ kind, connection, begin }: WireRound, other: Connection): Judgement {
  const how = kind === 'start' ? 'to log' : 'not to log';
  return {
    verdict: 'inconclusive',
    endpoint: other.endpoint,
    step: begin.step,
    line: begin.line,
    message: `${nameOf(connection)} is told ${how}, and ${nameOf(other)} of the same QEMU is not seen to be told`,
    missing: [
      `probe vhost_log_global_${kind} with the backtrace up to memory_global_dirty_log_${kind}, and the vhost_dev of each socket`,
    ],
  };
}
