import { callerOf, hasFailed } from '../flows/activations/activation.js';
import type { Activation } from '../flows/activations/activation.js';
import { passes, successOf } from './shared/calls/log-passes.js';
import { place } from './shared/calls/queries.js';
import type { Pass } from './shared/calls/log-passes.js';
import { connectionsOf } from './shared/wire/messages.js';
import { mark } from './shared/marks.js';
import type { Judgement, Rule, SessionContext } from './rule.js';

/** A log start does not go on without a log base. QEMU does: it prints a message and forgets the error. */
export const lsLogbaseErr: Rule = {
  info: {
    id: 'LS-LOGBASE-ERR',
    title: 'logging is not switched on after the backend refused the log base',
    severity: 'warning',
    impact: 'corrupt',
    backends: ['kernel', 'user'],
    versions: '2.12 - 11.1',
    needs: [
      "what the set_log_base op returned below vhost_dev_log_resize: finish, or QEMU's report on standard error behind the stop of the op",
      'or a log of DPDK in which SET_LOG_BASE is refused',
    ],
    why: 'The backend logs nowhere, or into the bitmap of an earlier migration: every page that it writes is stale on the destination of a migration that reports success.',
    probes: [
      'op_set_log_base',
      'return of op_set_log_base',
      'vhost_dev_set_log',
      'return of vhost_dev_set_log',
    ],
    remedy:
      'Look for "vhost_set_log_base failed" in the output of QEMU, and for the reason in the log of the backend. No released QEMU stops the migration for it.',
    exceptions: [
      'vdpa without shadow virtqueues: the kernel refuses every log base',
      'a backend that disconnects: the device stops next',
    ],
    sources: ['QEMU hw/virtio/vhost.c vhost_dev_log_resize()'],
  },
  triggers: [],
  *sequence(context) {
    for (const op of context.of('op_set_log_base')) {
      const resize = callerOf(op, 'vhost_dev_log_resize', 'vhost_migration_log');
      if (op.backend === 'vdpa' || resize === undefined) continue;
      yield judge(context, op);
    }
    yield* judgeReports(context);
    for (const connection of connectionsOf(context)) {
      for (const { sender, name, payload, step, line } of connection.messages) {
        if (sender !== 'frontend' || name !== 'SET_LOG_BASE' || payload.refused === undefined)
          continue;
        yield {
          verdict: 'inconclusive',
          endpoint: connection.endpoint,
          step,
          line,
          message: `the backend refused the log base: ${payload.refused}`,
          missing: [GOES_ON],
        };
      }
    }
  },
};

/** Both vhost_dev_log_resize(), which goes on, and vhost_dev_start(), which fails, report it. */
function* judgeReports(context: SessionContext): Generator<Judgement> {
  if (context.of('op_set_log_base').some(({ result }) => result !== undefined)) return;
  for (const { session, line, after, operation, error } of context.run.refusals) {
    if (session !== context.session || operation !== 'vhost_set_log_base') continue;
    yield {
      verdict: 'inconclusive',
      step: after,
      line,
      message: `QEMU reports that ${operation} failed: ${error}`,
      missing: [GOES_ON],
    };
  }
}

const GOES_ON =
  'whether logging is switched on all the same: vhost_dev_set_log, and proof that it succeeded';

function judge(context: SessionContext, op: Activation): Judgement {
  const at = place(op);
  const { result } = op;
  if (result === undefined) {
    const message = `what ${op.func} returned is not seen`;
    return { verdict: 'inconclusive', ...at, message, missing: [`finish at ${op.func}`] };
  }
  if (!hasFailed(op)) {
    const message = `${op.func} returned ${result.value}`;
    return { verdict: 'pass', ...at, message, seenAt: () => mark(result, 'what it returned') };
  }
  const pass = passAfter(context, op);
  const success = pass === undefined ? undefined : successOf(context.run, pass);
  const message = `${op.func} returned ${result.value}`;
  if (pass === undefined || success === undefined) {
    return { verdict: 'inconclusive', ...at, message, missing: [GOES_ON] };
  }
  const { line } = pass.activation;
  return {
    verdict: 'violation',
    ...at,
    message: `${message}, and logging is switched on all the same`,
    expected: 'a log start that fails',
    evidence: [
      { line: result.line, role: 'what it returned' },
      { line, role: 'logging is switched on without a log base' },
      success,
    ],
  };
}

/** The same log start goes on; where the backend has disconnected, that does not succeed. */
function passAfter(context: SessionContext, op: Activation): Pass | undefined {
  const toggle = callerOf(op, 'vhost_migration_log');
  if (toggle === undefined) return undefined;
  return passes(context, true).find(
    ({ activation }) =>
      activation.first > op.first && callerOf(activation, 'vhost_migration_log') === toggle,
  );
}
