import type { Activation } from '../flows/activations/activation.js';
import {
  below,
  childrenOf,
  endOf,
  hasGap,
  place,
  unwatched,
  withoutCaller,
} from './shared/calls/queries.js';
import { directionOf } from './shared/calls/log-toggles.js';
import { judgeTracedStops } from './shared/traced/told-vrings.js';
import type { Judgement, Rule, SessionContext } from './rule.js';

/** A log stop of a logging device switches the backend off before the log is given back. */
export const leSkip: Rule = {
  info: {
    id: 'LE-SKIP',
    title: 'the backend is told to stop logging before the log is given back',
    severity: 'error',
    impact: 'corrupt',
    impactOn: { user: 'leak' },
    backends: ['kernel', 'user', 'vdpa'],
    versions: '2.12 - 11.1',
    needs: [
      'the entry of vhost_migration_log(false)',
      'probe vhost_dev_set_log',
      'vhost_log_put called by vhost_migration_log',
      'or the trace events global_dirty_changed, vhost_section and vhost_user_write (7.1 and later) with their threads (-msg timestamp=on), from the log start to the device stop',
    ],
    probes: ['vhost_migration_log', 'vhost_dev_set_log', 'vhost_log_put'],
    faultProbes: ['event global_dirty_changed', 'event vhost_user_write', 'event vhost_section'],
    why: 'The log of a kernel device is memory of QEMU, which is freed: the kernel overwrites whatever lies there next, silently. A vhost-user backend has its own mapping of the log: it harms no memory, but pays for bits that nobody reads and keeps the log allocated.',
    remedy: 'Look at the disable branch of vhost_migration_log() of that QEMU; restart the device.',
    exceptions: [
      'a device that is stopped or does not log: vhost_migration_log() returns at once and puts no log',
    ],
    sources: ['QEMU hw/virtio/vhost.c vhost_migration_log()'],
  },
  triggers: ['vhost_log_global_stop'],
  *sequence(context) {
    yield* judgeTracedStops(context, 'devices');
    const { run } = context;
    for (const stop of context.of('vhost_migration_log', 'vhost_log_global_stop')) {
      if (!isStop(stop) || stop.device === undefined || !stop.stackKnown) continue;
      const put = childrenOf(stop, 'vhost_log_put')[0];
      const off = below(stop, 'vhost_dev_set_log')[0];
      if (off !== undefined && put !== undefined && put.first < off.first) {
        yield early(context, stop, put, off);
        continue;
      }
      if (off !== undefined) {
        yield {
          verdict: 'pass',
          ...place(stop),
          message: 'vhost_dev_set_log(false) is called before the log is given back',
          evidence: [{ line: off.line, role: 'logging is switched off' }],
        };
        continue;
      }
      const end = endOf(run, stop);
      const blind = [
        ...unwatched(run, 'vhost_dev_set_log', stop.first, end),
        ...unwatched(run, 'vhost_log_put', stop.first, end),
        ...withoutCaller(context, stop, 'vhost_log_put'),
      ];
      if (put === undefined) {
        // Neither call, and both watched: the early exits.
        if (blind.length === 0) continue;
        yield {
          verdict: 'inconclusive',
          ...place(stop),
          message: 'what the log stop does is not seen',
          missing: blind,
        };
        continue;
      }
      const missing = [
        ...unwatched(run, 'vhost_dev_set_log', stop.first, end),
        ...withoutCaller(context, stop, 'vhost_dev_set_log'),
      ];
      if (!stop.entered) missing.push('the entry of vhost_migration_log');
      if (hasGap(run, stop.first, put.first)) missing.push('an unbroken record of the log stop');
      if (stop.altered) missing.push('a run that the debugger did not alter');
      const parts = below(stop, 'vhost_dev_set_features', 'op_set_features');
      if (parts.length > 0) missing.push('vhost_dev_set_log that is not inlined');
      if (missing.length > 0) {
        yield {
          verdict: 'inconclusive',
          ...place(stop),
          message: 'the log is put without a vhost_dev_set_log(false) that is seen',
          missing,
        };
        continue;
      }
      yield {
        verdict: 'violation',
        ...place(stop),
        message: `vhost_migration_log(false) gives the log back without vhost_dev_set_log(false): ${harmOf(context, stop)}`,
        expected: 'vhost_dev_set_log(enable_log=false) before vhost_log_put',
        evidence: [{ line: put.line, role: 'the log is given back' }],
      };
    }
  },
};

/** Inlined, vhost_migration_log() may leave no trace in vhost_log_global_stop() but the log that it puts. */
function isStop(call: Activation): boolean {
  return call.kind === 'vhost_migration_log'
    ? directionOf(call) === false
    : childrenOf(call, 'vhost_log_put').length > 0;
}

/** The log stop calls vhost_log_put() and goes on into vhost_dev_set_log(): no call that went unseen makes up for that. */
function early(
  context: SessionContext,
  stop: Activation,
  put: Activation,
  off: Activation,
): Judgement {
  const { run } = context;
  const missing: string[] = [];
  if (hasGap(run, put.first, off.first)) missing.push('an unbroken record of the log stop');
  if (stop.altered) missing.push('a run that the debugger did not alter');
  if (missing.length > 0) {
    return {
      verdict: 'inconclusive',
      ...place(stop),
      message: 'whether the log is put before vhost_dev_set_log(false) is not seen',
      missing,
    };
  }
  return {
    verdict: 'violation',
    ...place(stop),
    message: `vhost_migration_log(false) gives the log back and then calls vhost_dev_set_log(false): until then ${harmOf(context, stop)}`,
    expected: 'vhost_dev_set_log(enable_log=false) before vhost_log_put',
    evidence: [
      { line: put.line, role: 'the log is given back' },
      { line: off.line, role: 'logging is switched off only now' },
    ],
  };
}

/**
 * Only the log of a vhost-user device is shared memory: QEMU hw/virtio/vhost.c, vhost_log_get(share), vhost_log_alloc().
 * A backend cannot reach any other memory of QEMU than what it was given to map.
 */
function harmOf({ run }: SessionContext, stop: Activation): string {
  switch (run.rings.backendOf(stop)) {
    case 'kernel':
      return 'the kernel logs into memory that QEMU frees';
    case 'user':
      return 'the backend logs for nobody, into its own mapping of the log';
    default:
      return 'the backend logs into a log that is no longer its own';
  }
}
