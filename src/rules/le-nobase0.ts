import { deviceCalls } from './shared/calls/device-calls.js';
import {
  bareWithin,
  below,
  doubts,
  endOf,
  place,
  probeName,
  unwatched,
} from './shared/calls/queries.js';
import { endMark } from './shared/marks.js';
import type { Rule } from './rule.js';

/** A log stop sends no log base: it is never asked for, and worth a note where it comes. */
export const leNobase0: Rule = {
  info: {
    id: 'LE-NOBASE0',
    title: 'a log stop leaves the log base of the backend alone',
    severity: 'note',
    impact: 'odd',
    backends: ['kernel', 'user', 'vdpa'],
    versions: '2.12 - 11.1',
    needs: ['vhost_migration_log(false) and the set_log_base op with its backtrace'],
    why: 'No released QEMU sends a base, 0 or another, when logging ends: the features and the vring flags end it. A base in a log stop is of a changed QEMU, and comes while the last writes may still be logged.',
    probes: ['vhost_migration_log', 'op_set_log_base'],
    remedy:
      'Nothing is wrong with a log stop without SET_LOG_BASE. Where one is sent, find out which change of that QEMU sends it.',
    exceptions: [
      'the backend keeps the stale base after a log stop; that is normal in every version',
    ],
    sources: ['QEMU hw/virtio/vhost.c vhost_migration_log()'],
  },
  passesAtEntry: true,
  triggers: ['vhost_log_global_stop'],
  *sequence(context) {
    const { run } = context;
    for (const { activation: stop } of deviceCalls(context, 'vhost_migration_log')) {
      if (stop.enable !== false) continue;
      const at = place(stop);
      const base = below(stop, 'op_set_log_base')[0];
      if (base !== undefined) {
        yield {
          verdict: 'violation',
          ...at,
          step: base.first,
          line: base.line,
          message: `${base.func} is called in a log stop, which needs none`,
          evidence: [{ line: stop.line, role: 'the log stop' }],
        };
        continue;
      }
      const backend = run.rings.backendOf(stop);
      const missing = [
        ...doubts(run, stop),
        ...unwatched(run, 'op_set_log_base', stop.first, endOf(run, stop), backend),
      ];
      if (backend === undefined) missing.push(`probe ${probeName('op_set_log_base', undefined)}`);
      if (bareWithin(context, stop, 'op_set_log_base').length > 0)
        missing.push('the backtrace of the set_log_base op');
      yield missing.length > 0
        ? {
            verdict: 'inconclusive',
            ...at,
            message: 'whether the log stop sends a log base is not seen',
            missing,
          }
        : {
            verdict: 'pass',
            ...at,
            message: 'the log stop sends no log base',
            seenAt: () => endMark(run, stop),
          };
    }
  },
};
