import { hasSucceeded } from '../flows/activations/activation.js';
import type { Activation } from '../flows/activations/activation.js';
import { versionsIn } from '../flows/run.js';
import { undoingOf } from '../flows/activations/undone-start.js';
import { scansOf } from './shared/calls/memory-scan.js';
import type { Scan } from './shared/calls/memory-scan.js';
import { passes, successOf } from './shared/calls/log-passes.js';
import {
  bareWithin,
  below,
  childrenOf,
  doubts,
  endOf,
  hasGap,
  place,
  unwatched,
} from './shared/calls/queries.js';
import { isFailed } from './shared/calls/undone-pass.js';
import type { Pass } from './shared/calls/log-passes.js';
import type { Judgement, Rule, SessionContext } from './rule.js';

/** While devices log, exactly one of each backend type scans guest memory. */
export const mgLogger: Rule = {
  info: {
    id: 'MG-LOGGER',
    title: 'of the devices of one type that log, exactly one scans guest memory',
    severity: 'warning',
    impact: 'corrupt',
    backends: ['kernel', 'user'],
    versions: '9.1 - 11.1',
    needs: [
      'probe vhost_dev_elect_mem_logger, and a log start that succeeds (vhost_dev_set_log(true) with its vhost_virtqueue_set_addr calls)',
      'for a device start with logging on: the set_log_base op in it, and another such start that elects its device',
      'for two loggers at once: probe vhost_dev_sync_region',
    ],
    why: 'Nobody elected: what the backend marks dirty in guest memory is never read, and the destination is stale. Two elected: each bit is read once only, by whoever comes first, and time is lost.',
    probes: [
      'vhost_dev_start',
      'vhost_dev_stop',
      'vhost_dev_set_log',
      'vhost_dev_set_features',
      'vhost_dev_elect_mem_logger',
      'op_set_features',
      'op_set_log_base',
      'return of vhost_dev_set_log',
      'return of vhost_dev_start',
    ],
    remedy:
      'Look at the end of vhost_dev_set_log() and at vhost_dev_elect_mem_logger() of that QEMU.',
    exceptions: [
      'QEMU before 9.1: every device scans',
      'after a log resize: judged by RZ-ELECT',
      'a log start that fails; a device start that does, too: its undoing takes the device off the list again',
      'devices of different backend types have a logger each',
      'vdpa: its shadow virtqueues mark memory dirty without the log',
    ],
    sources: [
      'QEMU hw/virtio/vhost.c vhost_dev_set_log(), vhost_dev_elect_mem_logger(), vhost_dev_should_log()',
    ],
  },
  triggers: [],
  *sequence(context) {
    if (versionsIn(context.run, context.session).atMost < 901) return;
    for (const pass of passes(context, true)) {
      const judged = judgePass(context, pass);
      if (judged !== undefined) yield judged;
    }
    if (versionsIn(context.run, context.session).atLeast < 901) return;
    for (const start of context.of('vhost_dev_start')) yield* judgeStart(context, start);
    yield* judgeScans(context);
  },
};

/** A log start that ends well elects the device. */
function judgePass(context: SessionContext, pass: Pass): Judgement | undefined {
  const { run } = context;
  const { activation, device } = pass;
  const backend = run.rings.backendOf(activation);
  if (backend === 'vdpa' || isFailed(pass)) return undefined;
  const at = { ...place(activation), device };
  const elections = [
    ...childrenOf(activation, 'vhost_dev_elect_mem_logger'),
    ...bareWithin(context, activation, 'vhost_dev_elect_mem_logger'),
  ];
  const elected = elections.find((a) => a.enable === true);
  if (elected !== undefined) {
    return {
      verdict: 'pass',
      ...at,
      message: 'the log start puts the device on the list of memory loggers',
      evidence: [{ line: elected.line, role: 'it joins the list' }],
    };
  }
  const end = endOf(run, activation);
  const success = successOf(run, pass);
  const missing = unwatched(run, 'vhost_dev_elect_mem_logger', activation.first, end);
  // Unwatched in a QEMU that may be too old to elect: nothing says that there is something to judge.
  if (versionsIn(run, context.session).atLeast < 901 && missing.length > 0) return undefined;
  if (elections.some((a) => a.enable === undefined)) missing.push('add= of the election');
  if (backend === undefined) missing.push('the backend of the device');
  if (success === undefined) missing.push('proof that the log start succeeded');
  if (!activation.entered) missing.push(`the entry of ${activation.func}`);
  if (hasGap(run, activation.first, end)) missing.push('an unbroken record of the log start');
  if (success === undefined || missing.length > 0) {
    return {
      verdict: 'inconclusive',
      ...at,
      message: 'whether the log start elects a memory logger is not seen',
      missing,
    };
  }
  return {
    verdict: 'violation',
    ...at,
    message: 'the log start succeeds, but does not put the device on the list of memory loggers',
    expected: 'vhost_dev_elect_mem_logger(add=true) at the end of vhost_dev_set_log(true)',
    evidence: [success],
  };
}

/** So does a device start with logging on, right behind its log base. */
function* judgeStart(context: SessionContext, start: Activation): Generator<Judgement> {
  const { run } = context;
  const backend = run.rings.backendOf(start);
  const base = childrenOf(start, 'op_set_log_base').find(({ entered }) => entered);
  const isLogging = childrenOf(start, 'vhost_dev_set_features').some((a) => a.enable === true);
  if (base === undefined || !isLogging || backend === 'vdpa' || undoingOf(start) !== undefined)
    return;
  const elections = [
    ...below(start, 'vhost_dev_elect_mem_logger'),
    ...bareWithin(context, start, 'vhost_dev_elect_mem_logger'),
  ];
  const elected = elections.find((a) => a.enable === true);
  if (elected !== undefined) {
    yield {
      verdict: 'pass',
      ...place(start),
      message: 'the device start puts the device on the list of memory loggers',
      evidence: [{ line: elected.line, role: 'it joins the list' }],
    };
    return;
  }
  const next = childrenOf(start, 'op_set_vring_enable', 'op_dev_start').find(
    (a) => a.enable === true && a.first > base.first,
  );
  const over = next?.first ?? endOf(run, start);
  const missing = [
    ...unwatched(run, 'vhost_dev_elect_mem_logger', start.first, over),
    ...(elections.some((a) => a.enable === undefined) ? ['add= of the election'] : []),
    ...(backend === undefined ? ['the backend of the device'] : []),
    ...doubts(run, start, next?.first),
    ...(electsInSight(context)
      ? []
      : ['the election in another device start: the function may be part of its caller']),
  ];
  if (next === undefined && !hasSucceeded(start)) missing.push('proof that the start succeeded');
  if (missing.length > 0) {
    const message = 'whether the device start elects a memory logger is not seen';
    yield { verdict: 'inconclusive', ...place(start), message, missing };
    return;
  }
  yield {
    verdict: 'violation',
    ...place(start),
    message: 'the device starts with logging on, but is not put on the list of memory loggers',
    expected: 'vhost_dev_elect_mem_logger(add=true) behind the log base',
    evidence: [
      { line: base.line, role: 'the log base is set' },
      ...(next === undefined
        ? []
        : [{ line: next.line, role: 'the start gets past the election' }]),
    ],
  };
}

/** `static inline`: a breakpoint on it may stop at some of its copies only. */
function electsInSight(context: SessionContext): boolean {
  return context.once('elections in starts', () =>
    context
      .of('vhost_dev_elect_mem_logger')
      .some((a) => a.enable === true && a.parent?.kind === 'vhost_dev_start'),
  );
}

/** What may change who is elected. */
const CHANGES = [
  'vhost_dev_elect_mem_logger',
  'vhost_dev_set_log',
  'vhost_dev_log_resize',
  'vhost_log_put',
  'vhost_dev_start',
  'vhost_dev_stop',
] as const;

/** Two devices of one type scan memory, and nothing in between can have changed the election. */
function* judgeScans(context: SessionContext): Generator<Judgement> {
  const { run } = context;
  const last = new Map<string, Scan>();
  const scans = scansOf(context).filter((scan) => scan.cause === 'round' && scan.of === 'memory');
  const changes = context.of(...CHANGES).map((a) => a.first);
  let change = 0;
  for (const scan of scans) {
    const { activation, device } = scan;
    while ((changes[change] ?? Infinity) < activation.first) {
      change++;
      last.clear();
    }
    const type = run.rings.backendOf(activation);
    if (type === undefined) continue;
    const other = last.get(type);
    last.set(type, scan);
    if (other === undefined || other.device === device) continue;
    if (!isQuiet(context, other.activation, activation)) continue;
    yield {
      verdict: 'violation',
      ...place(activation),
      device,
      message: `two devices of type ${type} scan guest memory at the same time: ${device} and ${other.device}`,
      expected: 'one head of the list, the first device of its type',
      evidence: [{ line: other.activation.line, role: `${other.device} scans guest memory` }],
    };
  }
}

function isQuiet({ run }: SessionContext, from: Activation, to: Activation): boolean {
  const watched = (
    ['vhost_dev_elect_mem_logger', 'vhost_dev_start', 'vhost_dev_stop'] as const
  ).every((kind) => run.probes.watching(kind, from.first, to.first) !== undefined);
  return watched && !hasGap(run, from.first, to.first);
}
