import { hasFailed } from '../flows/activations/activation.js';
import type { Activation } from '../flows/activations/activation.js';
import { LOG_ALL } from '../model/constants.js';
import {
  bareWithin,
  below,
  callerOf,
  endOf,
  hasGap,
  place,
  probeName,
} from './shared/calls/queries.js';
import { featuresSent } from './shared/calls/printed.js';
import { isOfInit } from './shared/calls/log-toggles.js';
import { judgeTracedBases } from './shared/traced/log-starts.js';
import { isOfSameQemu, MESSAGES_RECIPE, nameOf } from './shared/wire/messages.js';
import { isOfOneQemu, missingForDevice, wirePasses } from './shared/wire/passes.js';
import type { WirePass } from './shared/wire/passes.js';
import type { Judgement, Rule, SessionContext } from './rule.js';

/** In a log start of a running device the backend gets the log base before anything is to be logged. */
export const lsBaseFirst: Rule = {
  info: {
    id: 'LS-BASE-FIRST',
    title: 'the backend gets the log base before it is told to log',
    severity: 'error',
    impact: 'corrupt',
    backends: ['kernel', 'user', 'vdpa'],
    versions: '2.12 - 11.1',
    needs: [
      'the entry of vhost_migration_log or vhost_log_global_start',
      'probes on the set_log_base op and on vhost_dev_set_features or vhost_virtqueue_set_addr',
      'without a line that names the probe on the op a single log start is judged by elimination, for a warning: one breakpoint number never stops, the first of those on ops, and of all that a log start calls the op alone is never seen',
      'or the messages of a vhost-user connection since it did not log: an strace -y of QEMU or of the backend, or the log of DPDK',
      'or the trace events global_dirty_changed and vhost_user_write (7.1 and later) with their threads (-msg timestamp=on)',
    ],
    probes: [
      'vhost_migration_log',
      'op_set_log_base',
      'vhost_dev_set_features',
      'vhost_virtqueue_set_addr',
    ],
    faultProbes: ['event global_dirty_changed', 'event vhost_user_write'],
    messageProbes: [
      'wire vhost_user_message',
      'wire op_set_log_base',
      'wire op_set_features',
      'wire op_set_vring_addr',
    ],
    why: 'A backend that is told to log without a base writes its dirty bits nowhere (the kernel answers each with EFAULT, silently) or into an old bitmap: every page it writes is stale on the destination.',
    remedy:
      'Look for "vhost_set_log_base failed" in the output of QEMU, and at vhost_dev_log_resize() of that QEMU.',
    exceptions: [
      'a device start with logging on sends the base last: judged by DS-LOGBASE',
      'where no line says which function the silent breakpoint stands on it may be another one, which was not called: a warning',
      'vhost-user devices of a higher pair send no message since 8.0; the op is called all the same, and the op is what is judged',
    ],
    sources: [
      'QEMU hw/virtio/vhost.c vhost_migration_log(), vhost_dev_log_resize()',
      'Linux drivers/vhost/vhost.c log_write()',
    ],
  },
  passesAtEntry: true,
  triggers: [
    'vhost_dev_set_log',
    'vhost_migration_log',
    'vhost_log_global_start',
    'global_dirty_changed',
  ],
  *sequence(context) {
    for (const span of context.of('vhost_log_global_start', 'vhost_migration_log')) {
      if (span.kind === 'vhost_migration_log' && span.enable !== true) continue;
      if (callerOf(span, 'vhost_log_global_start') !== undefined) continue;
      const judged = judge(context, span);
      if (judged !== undefined) yield judged;
    }
    for (const pass of wirePasses(context)) {
      if (pass.kind === 'start') yield judgeWire(context, pass);
    }
    yield* judgeTracedBases(context);
  },
};

function judge(context: SessionContext, span: Activation): Judgement | undefined {
  const { run } = context;
  const first = below(
    span,
    'vhost_dev_set_log',
    'vhost_dev_set_features',
    'op_set_features',
    'vhost_virtqueue_set_addr',
  ).find(switchesOn);
  if (span.device === undefined) return undefined;
  if (first === undefined) return isOfInit(span) ? undefined : judgeUnseen(context, span);
  const at = { ...place(first), device: span.device };
  const bases = [
    ...below(span, 'op_set_log_base').filter(
      ({ device }) => device === undefined || device === span.device,
    ),
    ...bareWithin(context, span, 'op_set_log_base'),
  ];
  const base = bases.find((a) => a.first < first.first);
  if (base !== undefined) {
    return hasFailed(base)
      ? {
          verdict: 'inconclusive',
          ...at,
          message: 'the backend refused the log base',
          missing: [`a set_log_base that succeeds: it returned ${base.result?.value ?? ''}`],
        }
      : {
          verdict: 'pass',
          ...at,
          message: `the log base is set before ${first.func}`,
          evidence: [{ line: base.line, role: 'the log base is set' }],
        };
  }
  const backend = run.rings.backendOf(span);
  const probe =
    run.probes.watching('op_set_log_base', span.first, first.first, backend) ??
    run.probes.logBaseByElimination(span.first);
  const missing: string[] = [];
  if (!startsInside(span, first)) missing.push(`the entry of ${span.func}`);
  if (probe === undefined) missing.push(`probe ${probeName('op_set_log_base', backend)}`);
  else if (backend === undefined) missing.push('the backend of the device');
  if (hasGap(run, beginOf(span), first.first)) missing.push('an unbroken record of the log start');
  if (span.altered) missing.push('a run that the debugger did not alter');
  if (missing.length > 0) {
    return {
      verdict: 'inconclusive',
      ...at,
      message: `no log base is seen before ${first.func}`,
      missing,
    };
  }
  const evidence = [{ line: span.line, role: 'the log start begins here' }];
  const resize = below(span, 'vhost_dev_log_resize')[0];
  if (resize !== undefined)
    evidence.push({ line: resize.line, role: 'the log is made here, and its base should follow' });
  if (probe?.line !== undefined) {
    evidence.push({
      line: probe.line,
      role: `the breakpoint on ${probe.func}; no call stopped there since`,
    });
  }
  const isInferred = probe?.how === 'by elimination';
  const known = isInferred
    ? `: breakpoint ${String(probe.breakpoint)}, the only one that never stopped, is taken for that of ${probe.func}, by its place among the others; \`info breakpoints\` tells`
    : '';
  return {
    verdict: 'violation',
    ...(isInferred ? { severity: 'warning' as const } : {}),
    ...at,
    message: `${first.func} switches logging on, but no set_log_base was called since ${span.func}${known}`,
    expected: `${probeName('op_set_log_base', backend)} before ${first.func}`,
    evidence,
  };
}

/** Without a step that switches logging on there is nothing to judge, if such a step would have been seen. */
function judgeUnseen({ run }: SessionContext, span: Activation): Judgement | undefined {
  const end = endOf(run, span);
  const isWatched = (
    ['vhost_dev_set_log', 'vhost_dev_set_features', 'vhost_virtqueue_set_addr'] as const
  ).some((kind) => run.probes.watching(kind, span.first, end) !== undefined);
  if (isWatched && span.stackKnown) return undefined;
  const missing = isWatched ? [`the backtrace at ${span.func}`] : ['probe vhost_dev_set_log'];
  return {
    verdict: 'inconclusive',
    ...place(span),
    message: 'what the log start does to the device is not seen',
    missing,
  };
}

function switchesOn(activation: Activation): boolean {
  if (activation.kind !== 'op_set_features') return activation.enable === true;
  const word = featuresSent(activation);
  return word !== undefined && (word & LOG_ALL) !== 0n;
}

/** The span's own entry was reported, or that of the log start work which comes before the base and before `step`. */
function startsInside(span: Activation, step: Activation): boolean {
  return (
    span.entered ||
    below(span, 'vhost_migration_log', 'vhost_dev_log_resize').some(
      (a) => a.entered && a.first <= step.first,
    )
  );
}

/** Where it is first seen, or what it called before a stack showed it. */
function beginOf(span: Activation): number {
  const inside = below(span, 'vhost_migration_log', 'vhost_dev_log_resize');
  return inside.reduce((begin, { first }) => Math.min(begin, first), span.first);
}

/** All queue pairs of a device share the connection, and from 8.0 on one message. */
function judgeWire(context: SessionContext, pass: WirePass): Judgement {
  const { connection, features, quiet, base } = pass;
  const who = nameOf(connection);
  const at = { endpoint: connection.endpoint, step: features.step, line: features.line };
  const missing = missingForDevice(context, pass);
  const from = base ?? quiet;
  const isShown =
    from !== undefined &&
    (from === base || isOfOneQemu(connection)) &&
    isOfSameQemu(context, connection, from, features);
  if (!isShown) missing.push(`the messages since it did not log (${MESSAGES_RECIPE})`);
  if (!isShown || missing.length > 0) {
    const message = `whether ${who} gets the log base before LOG_ALL is not shown`;
    return { verdict: 'inconclusive', ...at, message, missing };
  }
  if (from === base && pass.early !== undefined) {
    return {
      verdict: 'inconclusive',
      ...at,
      message: `${who} has got LOG_ALL before the log base, too`,
      evidence: [
        { line: pass.early.line, role: 'LOG_ALL is set' },
        { line: from.line, role: 'the log base is set' },
      ],
      missing: ['what sets LOG_ALL in front of the log base: probe vhost_dev_set_features'],
    };
  }
  if (from === base) {
    return {
      verdict: 'pass',
      ...at,
      message: `${who} gets the log base before LOG_ALL`,
      evidence: [{ line: from.line, role: 'the log base is set' }],
    };
  }
  return {
    verdict: 'violation',
    ...at,
    message: `${who} gets LOG_ALL, and no SET_LOG_BASE before it`,
    expected: 'SET_LOG_BASE before SET_FEATURES with LOG_ALL',
    evidence: [{ line: from.line, role: 'it did not log; no log base came since' }],
  };
}
