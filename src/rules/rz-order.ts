import { hasFailed, sameness } from '../flows/activations/activation.js';
import type { Activation } from '../flows/activations/activation.js';
import {
  bareWithin,
  below,
  callerOf,
  endOf,
  firstFrom,
  hasGap,
  place,
  probeName,
  recordDoubts,
  unwatched,
} from './shared/calls/queries.js';
import { isSeenFirst } from './shared/calls/first-sight.js';
import type { Judgement, Rule, SessionContext } from './rule.js';

/** In a resize the backend gets the new log before the old one is given back. */
export const rzOrder: Rule = {
  info: {
    id: 'RZ-ORDER',
    title: 'the backend gets the new log before the old one is given back',
    severity: 'error',
    impact: 'corrupt',
    backends: ['kernel', 'user', 'vdpa'],
    versions: '2.12 - 11.1',
    needs: [
      'the entry of vhost_dev_log_resize and of vhost_log_put below it, in a topology change (vhost_commit)',
      'probe on the set_log_base op of the backend',
      'for a resize that keeps the old log: its return, and vhost_log_put below another vhost_dev_log_resize',
    ],
    why: 'Between the two the backend sets bits in a bitmap that QEMU has read for the last time: those pages are stale on the destination.',
    probes: ['vhost_dev_log_resize', 'vhost_log_put', 'op_set_log_base'],
    remedy: 'Look at the order in vhost_dev_log_resize() of that QEMU.',
    exceptions: [
      'the first log of a device: there is no old one to give back, and LS-BASE-FIRST judges the base',
      'a base that the backend refuses: QEMU goes on all the same',
    ],
    sources: ['QEMU hw/virtio/vhost.c vhost_dev_log_resize() (commit 636f4dddfe)'],
  },
  passesAtEntry: true,
  triggers: [],
  *sequence(context) {
    for (const put of context.of('vhost_log_put')) {
      const resize = callerOf(put, 'vhost_dev_log_resize') ?? callerOf(put, 'vhost_commit');
      // Elsewhere no old log is replaced; what is not an entry is the rest of a call seen before.
      if (!put.entered || resize === undefined || callerOf(put, 'vhost_commit') === undefined)
        continue;
      yield judge(context, put, resize);
    }
    const allPuts = context.of('vhost_log_put');
    for (const resize of context.of('vhost_dev_log_resize')) {
      if (!isSeenFirst(resize) || callerOf(resize, 'vhost_commit') === undefined) continue;
      const puts = [
        ...below(resize, 'vhost_log_put'),
        ...bareWithin(context, resize, 'vhost_log_put'),
        ...during(allPuts, resize).filter((put) => mayBelongTo(resize, put)),
      ];
      if (puts.length === 0) yield judgeKept(context, resize);
    }
  },
};

/** Calls in order, from behind the begin of another one up to where it had returned. */
function during(calls: readonly Activation[], { first, closed }: Activation): Activation[] {
  const end = closed === undefined ? undefined : firstFrom(calls, closed + 1);
  return calls.slice(firstFrom(calls, first + 1), end);
}

/** The stack of the put shows this resize, too: an argument that is printed in one of them only made two of it. */
function mayBelongTo(resize: Activation, put: Activation): boolean {
  const caller = callerOf(put, 'vhost_dev_log_resize');
  if (caller === undefined || caller === resize) return false;
  return sameness(caller, resize.call) !== 'different';
}

/**
 * vhost_dev_log_resize() calls vhost_log_put(sync=true) whatever the backend has answered. The compiler may have made it
 * a part of this caller alone: then no resize shows it.
 */
function judgeKept(context: SessionContext, resize: Activation): Judgement {
  const { run } = context;
  const at = place(resize);
  const missing = [
    ...recordDoubts(run, resize),
    ...unwatched(run, 'vhost_log_put', resize.first, endOf(run, resize)),
  ];
  const inSight = context
    .of('vhost_log_put')
    .find(({ entered, parent }) => entered && parent?.kind === 'vhost_dev_log_resize');
  if (inSight === undefined)
    missing.push(
      'a vhost_log_put below a vhost_dev_log_resize, which shows that it is watched there',
    );
  if (missing.length > 0 || inSight === undefined) {
    const message = 'the log is resized, and the old one is not seen to be given back';
    return { verdict: 'inconclusive', ...at, message, missing };
  }
  return {
    verdict: 'violation',
    ...at,
    message: `${resize.func} never gives the old log back: what the backend marked since the last sync is not read`,
    expected: `vhost_log_put(sync=true) before ${resize.func} returns`,
    evidence: [{ line: inSight.line, role: 'another resize calls vhost_log_put' }],
  };
}

function judge(context: SessionContext, put: Activation, resize: Activation): Judgement {
  const { run } = context;
  const at = place(put);
  const bases = [
    ...below(resize, 'op_set_log_base'),
    ...bareWithin(context, resize, 'op_set_log_base'),
  ];
  const base = bases.find((a) => a.first < put.first);
  if (base !== undefined) {
    const evidence = [{ line: base.line, role: 'the new base is given to the backend' }];
    return hasFailed(base)
      ? {
          verdict: 'inconclusive',
          ...at,
          message: 'the backend refused the new log base',
          missing: ['a set_log_base that succeeds'],
          evidence,
        }
      : {
          verdict: 'pass',
          ...at,
          message: 'the new base comes before the old log is put',
          evidence,
        };
  }
  const backend = run.rings.backendOf(put);
  const missing = unwatched(run, 'op_set_log_base', resize.first, put.first, backend);
  if (backend === undefined) missing.push('the backend of the device');
  if (!resize.entered) missing.push(`the entry of ${resize.func}`);
  if (hasGap(run, resize.first, put.first)) missing.push('an unbroken record of the resize');
  if (resize.altered || put.altered) missing.push('a run that the debugger did not alter');
  if (missing.length > 0) {
    return {
      verdict: 'inconclusive',
      ...at,
      message: 'the old log is put and no new base is seen before that',
      missing,
    };
  }
  return {
    verdict: 'violation',
    ...at,
    message: 'the old log is given back before the backend gets the new base',
    expected: `${probeName('op_set_log_base', backend)} before vhost_log_put`,
    evidence: [{ line: resize.line, role: 'the resize begins here' }],
  };
}
