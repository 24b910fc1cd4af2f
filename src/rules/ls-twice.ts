import type { Activation } from '../flows/activations/activation.js';
import { passes, successOf } from './shared/calls/log-passes.js';
import { unwatchedToggles } from './shared/calls/log-toggles.js';
import { cutInTwo, hasGap, hasStranger, place, unwatched } from './shared/calls/queries.js';
import { isFailed } from './shared/calls/undone-pass.js';
import type { Pass } from './shared/calls/log-passes.js';
import { judgeWireTwice } from './shared/wire/twice.js';
import { mark } from './shared/marks.js';
import type { Judgement, Rule, SessionContext } from './rule.js';

/** What lets logging be switched on once more. */
const RESETS = [
  'vhost_dev_start',
  'vhost_dev_stop',
  'vhost_dev_init',
  'vhost_dev_cleanup',
  'vhost_log_global_stop',
] as const;

/** Logging that is on is not switched on again. */
export const lsTwice: Rule = {
  info: {
    id: 'LS-TWICE',
    title: 'logging that is on is not switched on again',
    severity: 'warning',
    impact: 'odd',
    backends: ['kernel', 'user', 'vdpa'],
    versions: '2.12 - 11.1',
    needs: [
      'two passes of vhost_dev_set_log(true) for one device, the first one proven to succeed',
      'probes vhost_migration_log (or vhost_log_global_start and vhost_log_global_stop) and vhost_dev_start',
      'or the messages of a vhost-user connection since the device start: an strace -y or the log of the backend',
    ],
    why: 'vhost_migration_log() returns early when logging is on. A second pass means that QEMU has lost track of what the backend does.',
    probes: [
      'vhost_dev_start',
      'vhost_migration_log',
      'vhost_dev_set_log',
      'return of vhost_dev_set_log',
    ],
    messageProbes: ['wire vhost_user_message', 'wire op_set_features', 'wire op_set_vring_addr'],
    remedy: 'Look for what changes dev->log_enabled besides vhost_migration_log().',
    exceptions: [
      'a repeated vhost_log_global_start or vhost_migration_log(true) that returns early',
      'a first pass that failed: logging is off again since 5.2',
      'a log stop, a device stop or start, a cleanup in between',
    ],
    sources: ['QEMU hw/virtio/vhost.c vhost_migration_log()'],
  },
  passesAtEntry: true,
  triggers: [],
  *sequence(context) {
    const on = new Map<Activation, Pass>(passes(context, true).map((p) => [p.activation, p]));
    const last = new Map<string, Before>();
    for (const call of context.of('vhost_dev_set_log', 'vhost_migration_log', ...RESETS)) {
      const key = call.device;
      if (key === undefined) continue;
      const pass = on.get(call);
      const isOn = call.kind === 'vhost_migration_log' && call.enable === true;
      if (isOn) continue;
      if (pass !== undefined) yield judge(context, last.get(key), pass);
      last.set(key, { call, pass });
    }
    yield* judgeWireTwice(context);
  },
};

/** What a device was told last. */
interface Before {
  readonly call: Activation;
  /** Where it switches logging on; what else there is leaves it off. */
  readonly pass: Pass | undefined;
}

function judge(context: SessionContext, last: Before | undefined, pass: Pass): Judgement {
  const { run } = context;
  const at = place(pass.activation);
  const before = last?.pass;
  if (before !== undefined && isFailed(before)) {
    return {
      verdict: 'pass',
      ...at,
      message: 'logging is switched on once more: the pass before has failed',
      evidence: [{ line: before.activation.line, role: 'the pass that fails' }],
    };
  }
  if (last !== undefined && before === undefined) {
    const message = 'logging is switched on once';
    const { call } = last;
    return {
      verdict: 'pass',
      ...at,
      message,
      seenAt: () => mark(call, `the ${call.func} before it`),
    };
  }
  if (before === undefined) {
    const missing = ['the device start or the log toggle before it'];
    return {
      verdict: 'inconclusive',
      ...at,
      message: 'whether logging was on is not seen',
      missing,
    };
  }
  const [from, to] = [before.activation.first, pass.activation.first];
  const missing = [
    ...unwatchedToggles(context, from, to),
    ...unwatched(run, 'vhost_dev_start', from, to),
  ];
  if (!pass.activation.entered) missing.push('the entry of vhost_dev_set_log');
  missing.push(...cutInTwo(run, pass.activation));
  if (successOf(run, before) === undefined) missing.push('proof that the first pass succeeded');
  if (hasGap(run, from, to)) missing.push('an unbroken record between the two passes');
  if (hasStranger(context, from, to, 'vhost_dev_set_log', 'vhost_migration_log', ...RESETS)) {
    missing.push('the device of every start, stop and log toggle');
  }
  const message = 'logging is switched on although it is on';
  if (missing.length > 0) return { verdict: 'inconclusive', ...at, message, missing };
  return {
    verdict: 'violation',
    ...at,
    message: `vhost_dev_set_log(true) runs again: ${message}`,
    expected: 'vhost_migration_log(true) returns early',
    evidence: [{ line: before.activation.line, role: 'logging is switched on here' }],
  };
}
