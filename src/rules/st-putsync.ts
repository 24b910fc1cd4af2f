import type { Step } from '../facts/step.js';
import type { Run } from '../flows/run.js';
import { directionOf } from './shared/calls/log-toggles.js';
import { nestedPairs } from './shared/calls/stack-calls.js';
import type { CallPair } from './shared/calls/stack-calls.js';
import type { Rule } from './rule.js';

/** `sync` that a caller of vhost_log_put() must pass; undefined where one frame alone does not tell. */
function demandedSync({ outer, caller }: CallPair): boolean | undefined {
  switch (outer.row.kind) {
    case 'vhost_dev_stop':
    case 'vhost_dev_log_resize':
      return true;
    case 'vhost_dev_start':
      return false;
    // Inlined, vhost_dev_log_resize() may leave no trace: it makes the one put of a log start.
    case 'vhost_migration_log':
      return outer.enable ?? (caller && directionOf(caller));
    case 'vhost_log_global_start':
    case 'vhost_commit':
      return true;
    case 'vhost_log_global_stop':
      return false;
    default:
      return undefined;
  }
}

/** What runs in a main loop inside of a call is told from what that one calls by the device stop that it makes. */
function mayBeOfStop({ outer, called }: CallPair, step: Step, { probes }: Run): boolean {
  if (called?.isInsideReturned !== true || outer.row.kind === 'vhost_dev_stop') return false;
  return probes.watching('vhost_dev_stop', step.index, step.index) === undefined;
}

/** vhost_log_put(sync) with the flag that its caller must give. */
export const stPutsync: Rule = {
  info: {
    id: 'ST-PUTSYNC',
    title: 'the log is read for the last time exactly when it must be',
    severity: 'error',
    impact: 'corrupt',
    backends: ['kernel', 'user', 'vdpa'],
    versions: '2.12 - 11.1',
    needs: [
      'one backtrace with sync= of vhost_log_put and its caller, or the watched return of that caller',
    ],
    probes: [
      'vhost_log_put',
      'stack of vhost_log_put',
      'vhost_dev_start',
      'vhost_dev_stop',
      'vhost_dev_log_resize',
      'vhost_migration_log',
    ],
    why: 'A device stop that gives the log back without reading it loses the dirty bits since the last sync round: the pages that were written last are stale on the destination.',
    remedy:
      'Compare the caller with the source of that QEMU: stop and resize pass true, log stop and a failed start pass false.',
    exceptions: ['callers that were inlined away'],
    sources: [
      'QEMU hw/virtio/vhost.c vhost_log_put() and its callers vhost_dev_stop(), vhost_dev_log_resize(), vhost_migration_log()',
    ],
  },
  triggers: [],
  stack: {
    of: ['vhost_log_put'],
    *judge(step, run) {
      for (const pair of nestedPairs(step, run)) {
        const { outer, inner, line, evidence } = pair;
        if (inner.row.kind !== 'vhost_log_put' || inner.enable === undefined) continue;
        const demanded = demandedSync(pair);
        if (demanded === undefined) continue;
        const place = { device: inner.pointer, step: step.index, line, evidence };
        const passed = `${outer.func} calls vhost_log_put(sync=${String(inner.enable)})`;
        if (inner.enable === demanded) yield { verdict: 'pass', ...place, message: passed };
        else if (mayBeOfStop(pair, step, run))
          yield {
            verdict: 'inconclusive',
            ...place,
            message: `${passed}, or a device stop that runs inside`,
            missing: ['probe vhost_dev_stop'],
          };
        else {
          const expected = `sync=${String(demanded)}`;
          yield { verdict: 'violation', ...place, message: passed, expected };
        }
      }
    },
  },
};
