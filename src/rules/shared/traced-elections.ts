/** What a trace log tells of who scans guest memory after a log resize: the resize, and not who is elected. */
import type { Judgement, SessionContext } from '../rule.js';
import { tracedLosses } from './traced-resize.js';

/** The remedy of a log resize that leaves nobody elected. */
export const CORRECTED =
  'a QEMU whose vhost_dev_log_resize elects the device again; probes vhost_dev_elect_mem_logger and vhost_dev_sync_region tell';

/** One warning for each migration. */
export function* judgeTracedElections(context: SessionContext): Generator<Judgement> {
  // The calls themselves tell more.
  if (context.of('vhost_commit', 'vhost_dev_log_resize').length > 0) return;
  for (const { resizes, rounds } of tracedLosses(context)) {
    const [first] = resizes;
    const [round] = rounds;
    const at = { step: first.step.index, line: first.step.line };
    const what = `the log of a vhost-user device ${first.way} during the migration (SET_LOG_BASE inside vhost_commit)`;
    if (round === undefined) continue;
    if (!resizes.some(({ ofAll }) => ofAll)) {
      yield {
        verdict: 'inconclusive',
        ...at,
        message: `${what}; whether another device still scans guest memory is not seen`,
        missing: ['a gdb log with probes vhost_dev_elect_mem_logger and vhost_dev_sync_region'],
      };
      continue;
    }
    yield {
      verdict: 'violation',
      severity: 'warning',
      ...at,
      message: `${what} and ${rounds.length} sync rounds follow: in QEMU 9.1 to 10.2 none of them scans guest memory and what the backend writes is lost; a trace log does not show who is elected`,
      expected: CORRECTED,
      evidence: [{ line: round.line, role: 'the first sync round after it' }],
    };
  }
}
