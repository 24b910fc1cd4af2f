import { plainName } from '../facts/functions.js';
import type { Activation } from '../flows/activations/activation.js';
import { hasGap } from '../flows/run.js';
import { callerOf, place, unwatched } from './shared/calls/queries.js';
import { endMark, mark } from './shared/marks.js';
import type { Judgement, Mark, Rule, SessionContext } from './rule.js';

/** The BQL keeps the threads that control vhost devices apart. */
export const thOverlap: Rule = {
  info: {
    id: 'TH-OVERLAP',
    title:
      'device starts and stops, log starts and stops and memory commits of two threads never overlap',
    severity: 'error',
    impact: 'crash',
    backends: ['kernel', 'user', 'vdpa'],
    versions: '2.12 - 11.1',
    needs: [
      'probes vhost_dev_start, vhost_dev_stop, vhost_log_global_start, vhost_log_global_stop, vhost_commit with threads',
      'what the calls do inside, or their returns (gdb: finish), to know how long they last',
    ],
    why: 'All of them change the vhost_dev and the log without a lock of their own: two at a time corrupt memory of QEMU, or leave a device half switched.',
    probes: [
      'vhost_dev_start',
      'vhost_dev_stop',
      'vhost_log_global_start',
      'vhost_log_global_stop',
      'vhost_commit',
      'return of vhost_dev_start',
      'return of vhost_dev_stop',
      'return of vhost_log_global_start',
      'return of vhost_log_global_stop',
      'return of vhost_commit',
    ],
    remedy: 'Look for the caller that does not hold the BQL.',
    exceptions: [
      'calls inside a call of the same thread, as a nested main loop of vhost-user makes them',
      'calls whose end is not shown',
    ],
    sources: [
      'QEMU docs/devel/multiple-iothreads.txt',
      'QEMU system/memory.c memory_region_transaction_commit()',
    ],
  },
  passesAtEntry: true,
  triggers: [],
  *sequence(context) {
    const open = new Map<string, Activation>();
    for (const span of context.of(...SPANS)) {
      const { thread, first } = span;
      if (thread === undefined || !span.entered || callerOf(span, ...SPANS) !== undefined) continue;
      for (const [other, before] of open) {
        if (other !== thread) yield* judge(context, before, span);
        // It has ended: nobody later can overlap with it.
        if (before.closed !== undefined && before.closed <= first) open.delete(other);
      }
      open.set(thread, span);
    }
  },
};

const SPANS = [
  'vhost_dev_start',
  'vhost_dev_stop',
  'vhost_log_global_start',
  'vhost_log_global_stop',
  'vhost_commit',
] as const;

function* judge(
  context: SessionContext,
  before: Activation,
  span: Activation,
): Generator<Judgement> {
  const { run } = context;
  const at = { ...place(span) };
  if (before.closed !== undefined && before.closed <= span.first) {
    const message = `${before.func} of another thread has returned before`;
    const seenAt = (): readonly Mark[] => [
      ...mark(before, `another thread enters ${before.func}`),
      ...endMark(run, before),
    ];
    yield { verdict: 'pass', step: at.step, line: at.line, message, seenAt };
    return;
  }
  const until = lastSeen(context, before);
  const isSeen = until > span.first;
  if (!isSeen && !showsReturns(context)) return;
  const missing = isSeen
    ? unwatched(run, before.kind, before.first, until)
    : [`the return of ${before.func}, which another thread has entered before`];
  if (hasGap(run, before.first, isSeen ? until : span.first))
    missing.push('an unbroken record of both calls');
  if (before.altered || span.altered) missing.push('a run that the debugger did not alter');
  if (missing.length > 0) {
    const message = `${span.func} may overlap with ${before.func} of another thread`;
    yield { verdict: 'inconclusive', ...at, message, missing };
    return;
  }
  yield {
    verdict: 'violation',
    ...at,
    message: `${span.func} begins while another thread is inside ${before.func}: the BQL does not keep them apart`,
    expected: `${before.func} returns first`,
    evidence: [
      { line: before.line, role: `another thread enters ${before.func}` },
      {
        line: run.steps[until]?.line ?? before.line,
        role: until === before.closed ? 'and returns only here' : 'and is still inside',
      },
    ],
  };
}

/** The last step at which it was under way: what it does inside, or its own return. */
function lastSeen({ run }: SessionContext, { func, last, closed }: Activation): number {
  const returned = run.steps[closed ?? -1]?.returned?.func;
  const isOwn = returned !== undefined && plainName(returned) === func;
  return isOwn ? Math.max(last, closed ?? last) : last;
}

/** The debugger shows returns of these calls; where it does not, every two threads could overlap. */
function showsReturns(context: SessionContext): boolean {
  return context.once('returns of spans', () =>
    context
      .of(...SPANS)
      .some(({ closed }) => context.run.steps[closed ?? -1]?.returned !== undefined),
  );
}
