import { hasFailed } from '../flows/activation.js';
import type { Activation } from '../flows/activation.js';
import {
  bareWithin,
  below,
  callerOf,
  hasGap,
  place,
  probeName,
  unwatched,
} from './shared/calls/queries.js';
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
  triggers: [],
  *sequence(context) {
    for (const put of context.of('vhost_log_put')) {
      const resize = callerOf(put, 'vhost_dev_log_resize') ?? callerOf(put, 'vhost_commit');
      // Elsewhere no old log is replaced; what is not an entry is the rest of a call seen before.
      if (!put.entered || resize === undefined || callerOf(put, 'vhost_commit') === undefined)
        continue;
      yield judge(context, put, resize);
    }
  },
};

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
