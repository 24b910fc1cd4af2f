import {
  below,
  bareWithin,
  callerOf,
  hasGap,
  place,
  probeName,
  unwatched,
} from './shared/calls/queries.js';
import { sizeEvents, sizeMarks } from './shared/calls/log-size.js';
import type { SizeEvent } from './shared/calls/log-size.js';
import { judgeWireGrowth } from './shared/wire/growth.js';
import { mark } from './shared/marks.js';
import type { Judgement, Rule, SessionContext } from './rule.js';

/** A log grows before the memory table does, and shrinks after it. */
export const rzTable: Rule = {
  info: {
    id: 'RZ-TABLE',
    title: 'the log grows before the memory table is sent, and shrinks after it',
    severity: 'error',
    impact: 'corrupt',
    backends: ['kernel', 'user', 'vdpa'],
    versions: '2.12 - 11.1',
    needs: [
      'vhost_commit and vhost_dev_log_resize below it, and the size of the log before (the log start, or the resize before)',
      'probe on the set_mem_table op of the backend',
      'or the messages of a vhost-user connection since the log start, with payload: the log of the backend, or an strace -y of it',
    ],
    why: 'The backend may write to memory for which the log it has is too small: bits are set beyond the bitmap, or lost.',
    probes: ['vhost_commit', 'vhost_dev_log_resize', 'vhost_log_get', 'op_set_mem_table'],
    remedy: 'Look at the order of resize and vhost_set_mem_table in vhost_commit() of that QEMU.',
    exceptions: ['a resize by a log start or a device start: no table is sent then, or before it'],
    sources: ['QEMU hw/virtio/vhost.c vhost_commit()'],
  },
  passesAtEntry: true,
  triggers: [],
  *sequence(context) {
    for (const event of sizeEvents(context))
      if (event.inCommit && !event.isKept && event.size !== event.before)
        yield judge(context, event);
    yield* judgeWireGrowth(context, true);
  },
};

function judge(context: SessionContext, event: SizeEvent): Judgement {
  const { run } = context;
  const { device, activation: resize, size, before } = event;
  const at = { ...place(resize), device };
  const commit = callerOf(resize, 'vhost_commit') ?? resize;
  const tables = [
    ...below(commit, 'op_set_mem_table'),
    ...bareWithin(context, commit, 'op_set_mem_table'),
  ];
  const table = tables.find((a) => a.first < resize.first);
  const evidence = mark(table, 'the memory table is sent');
  const missing: string[] = [];
  if (before === undefined) missing.push('the size of the log before this resize');
  const grows = before !== undefined && size > before;
  if (table === undefined) {
    const backend = run.rings.backendOf(resize);
    missing.push(...unwatched(run, 'op_set_mem_table', commit.first, resize.first, backend));
    if (backend === undefined) missing.push('the backend of the device');
    if (hasGap(run, commit.first, resize.first)) missing.push('an unbroken record of vhost_commit');
  }
  if (table !== undefined && table.device === undefined) missing.push(`dev= of ${table.func}`);
  // Two topology changes whose entries are not reported look like one.
  if (!commit.entered) missing.push('the entry of vhost_commit');
  if (resize.altered) missing.push('a run that the debugger did not alter');
  if (missing.length > 0) {
    return {
      verdict: 'inconclusive',
      ...at,
      message: 'whether the log is resized on the right side of the memory table is not seen',
      missing,
      evidence,
    };
  }
  const change = `from ${before ?? 0n} to ${size} chunks`;
  if (grows === (table === undefined)) {
    const side = grows ? 'grows before' : 'shrinks after';
    return {
      verdict: 'pass',
      ...at,
      message: `the log ${side} the memory table changes`,
      evidence,
      seenAt: () => [
        ...sizeMarks(context, event),
        ...mark(commit, 'the topology change'),
        ...mark(
          tables.find((a) => a.first > resize.first),
          'the memory table is sent',
        ),
      ],
    };
  }
  return {
    verdict: 'violation',
    ...at,
    message: grows
      ? `the log grows ${change} only after the backend got the larger memory table`
      : `the log shrinks ${change} while the backend still has the larger memory table`,
    expected: grows
      ? `vhost_dev_log_resize before ${probeName('op_set_mem_table', run.rings.backendOf(resize))}`
      : `${probeName('op_set_mem_table', run.rings.backendOf(resize))} before vhost_dev_log_resize`,
    evidence: [{ line: commit.line, role: 'the topology change' }, ...evidence],
  };
}
