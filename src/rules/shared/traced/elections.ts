/** What a trace log tells of who scans guest memory after a log resize: the resize, and not who is elected. */
import type { Step } from '../../../facts/step.js';
import { hasGap, versionsIn } from '../../../flows/run.js';
import type { Judgement, SessionContext } from '../../rule.js';
import { messageEvents } from './message-events.js';
import { tracedLosses } from './resize.js';
import type { TracedLoss, TracedResize } from './resize.js';

/** The remedy of a log resize that leaves nobody elected. */
export const CORRECTED =
  'a QEMU whose vhost_dev_log_resize elects the device again; probes vhost_dev_elect_mem_logger and vhost_dev_sync_region tell';

/** One judgement for each migration that goes on, or begins, after a resize. */
export function* judgeTracedElections(context: SessionContext): Generator<Judgement> {
  // The calls themselves tell more.
  if (context.of('vhost_commit', 'vhost_dev_log_resize').length > 0) return;
  for (const loss of tracedLosses(context)) {
    const [resize] = loss.resizes;
    if (loss.rounds.length > 0) yield judgeRounds(context, loss);
    else if (loss.again !== undefined) {
      yield {
        verdict: 'pass',
        ...resized(resize),
        message: `${what(resize)}, and a start with logging on elects its device before the next sync`,
        evidence: [{ line: loss.again.line, role: 'SET_LOG_BASE of that start' }],
      };
    } else if (!resize.isMigrating) {
      yield {
        verdict: 'inconclusive',
        ...resized(resize),
        message: `${what(resize)}, and no migration follows; whether the measurement reads the log is not seen`,
        missing: ['a gdb log with probes vhost_dev_elect_mem_logger and vhost_dev_sync_region'],
      };
    }
  }
}

function judgeRounds(context: SessionContext, loss: TracedLoss): Judgement {
  const { resizes, rounds, stops, isTracked } = loss;
  const followed = resizes.map((resize) => ({
    resize,
    seen: roundsAfter(context, resize, rounds),
  }));
  const sure = followed.find(({ resize, seen }) => resize.ofAll && seen.length > 0);
  const [round] = sure?.seen ?? [];
  if (sure !== undefined && round !== undefined && mayScanAll(context)) {
    return {
      verdict: 'inconclusive',
      ...resized(sure.resize),
      message: `${what(sure.resize)}; up to QEMU 9.0 every device scans guest memory`,
      missing: [
        'a sign of QEMU 9.1 or later (--qemu-version): it sends SET_VRING_ENABLE without asking for a reply, as QEMU up to 7.2',
      ],
    };
  }
  if (sure !== undefined && !isTracked) {
    return {
      verdict: 'inconclusive',
      ...resized(sure.resize),
      message: `${what(sure.resize)}; whether the log is started anew before the next sync round is not seen`,
      missing: ['the event global_dirty_changed since before the resize'],
    };
  }
  if (sure !== undefined && round !== undefined) {
    const until = stops ? ' before a device stops' : '';
    return {
      verdict: 'violation',
      severity: 'warning',
      ...resized(sure.resize),
      message: `${what(sure.resize)} and ${sure.seen.length} sync rounds follow${until}: in QEMU 9.1 to 11.0 none of them scans guest memory and what the backend writes is lost; a trace log does not show who is elected`,
      expected: CORRECTED,
      evidence: [{ line: round.line, role: 'the first sync round after it' }],
    };
  }
  const [resize] = resizes;
  const isBroken = followed.every(({ seen }) => seen.length === 0);
  return {
    verdict: 'inconclusive',
    ...resized(resize),
    message: `${what(resize)}; whether another device still scans guest memory is not seen`,
    missing: [
      ...(isBroken ? ['an unbroken record from the resize to the sync'] : []),
      'a gdb log with probes vhost_dev_elect_mem_logger and vhost_dev_sync_region',
    ],
  };
}

/** From this version on one device scans guest memory for all. */
const ELECTS = 901;

/**
 * A backend acknowledges requests, and SET_VRING_ENABLE does not ask it to: up to QEMU 7.2 it never did. Of two devices the
 * other one may be that which does not acknowledge.
 */
function mayScanAll(context: SessionContext): boolean {
  if (versionsIn(context.run, context.session).atLeast >= ELECTS) return false;
  const events = messageEvents(context).filter(({ sender }) => sender === 'frontend');
  return (
    events.some(({ needsReply }) => needsReply) &&
    events.some(({ name, needsReply }) => name === 'SET_VRING_ENABLE' && !needsReply)
  );
}

/** As far as no lines are lost: a start that elects the device again may be among them. */
function roundsAfter(
  { run }: SessionContext,
  { step }: TracedResize,
  rounds: readonly Step[],
): readonly Step[] {
  return rounds.filter(({ index }) => index > step.index && !hasGap(run, step.index, index));
}

function resized({ step }: TracedResize): { readonly step: number; readonly line: number } {
  return { step: step.index, line: step.line };
}

function what({ way, isMigrating }: TracedResize): string {
  const when = isMigrating ? 'during the migration' : 'while dirty pages are tracked';
  return `the log of a vhost-user device ${way} ${when} (SET_LOG_BASE inside vhost_commit)`;
}
