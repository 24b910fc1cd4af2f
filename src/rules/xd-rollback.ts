import { callerOf, failureIn, hasFailed, isInside } from '../flows/activations/activation.js';
import type { Activation } from '../flows/activations/activation.js';
import { hasGap } from '../flows/run.js';
import { cutStacks, globalPasses, isOver, lastWork } from './shared/calls/global-passes.js';
import type { GlobalPass } from './shared/calls/global-passes.js';
import { passes } from './shared/calls/log-passes.js';
import type { Pass } from './shared/calls/log-passes.js';
import { endOf, hasStranger, place, recordDoubts, unwatched } from './shared/calls/queries.js';
import { failureOf } from './shared/calls/undone-pass.js';
import type { Judgement, Mark, Rule, SessionContext } from './rule.js';

/** A log start that fails at one device is undone at those before it. */
export const xdRollback: Rule = {
  info: {
    id: 'XD-ROLLBACK',
    title: 'a log start that fails at one device is undone at the devices before it',
    severity: 'error',
    impact: 'leak',
    backends: ['kernel', 'user', 'vdpa'],
    versions: '9.1 - 11.1, where a failed log start does not abort()',
    needs: [
      'the return value of vhost_log_global_start or vhost_migration_log (gdb: finish), or vhost_dev_set_log() undoing itself',
      'probes vhost_log_global_start and vhost_log_global_stop, and proof that memory_global_dirty_log_start returned',
      'of a vhost-user device without that value: probe migration_bitmap_sync, and the cleanup of the migration',
    ],
    why: 'The migration fails, and the devices before go on logging for nobody: they pay for it, keep their log, and ignore the next log start.',
    probes: ['vhost_log_global_start', 'vhost_log_global_stop', 'return of vhost_log_global_start'],
    remedy: 'Look at the error path of memory_global_dirty_log_do_start() of that QEMU.',
    exceptions: [
      'a failed log start that aborts the process (up to 10.0)',
      'a vhost-user device that disconnects in its log start: that counts as success (5.2 and later)',
    ],
    sources: [
      'QEMU system/memory.c memory_global_dirty_log_do_start()',
      'QEMU hw/virtio/vhost.c vhost_log_global_start(), vhost_migration_log()',
    ],
  },
  triggers: [],
  *sequence(context) {
    for (const pass of globalPasses(context)) {
      if (!pass.enable) continue;
      const failed = pass.calls.find(refuses);
      const undoing = failed === undefined ? undoingIn(context, pass) : undefined;
      if (failed !== undefined) yield* judge(context, pass, { call: failed, doubts: [] });
      else if (undoing !== undefined) yield* judge(context, pass, undoing);
      else yield* judgeHidden(pass);
    }
  },
};

/** The callback itself is known to return false; what fails inside may still be forgiven. */
function refuses(call: Activation): boolean {
  if (call.result?.value === 'false') return true;
  return call.children.some((child) => child.kind === 'vhost_migration_log' && hasFailed(child));
}

/** The callback of a pass that fails. */
interface Failure {
  readonly call: Activation;
  /** Where vhost_dev_set_log() undoes itself, which it does only after a failure. */
  readonly mark?: Mark;
  /** What may make a success of it. */
  readonly doubts: readonly string[];
}

/**
 * vhost_dev_set_log() addresses its vrings with the old flag and sends the old features word only when it is about to
 * return an error. vhost_migration_log() hands that on, but where the device has been stopped meanwhile.
 */
function undoingIn(
  context: SessionContext,
  { activation, calls }: GlobalPass,
): Failure | undefined {
  const { run } = context;
  for (const call of calls) {
    const pass = passes(context, true).find((p) => isInside(p.activation, call));
    const undoing = pass === undefined ? undefined : firstUndoing(pass);
    if (pass === undefined || undoing === undefined || call.result !== undefined) continue;
    const proof = pass.addresses.some((a) => a.enable === false) ? failureOf(pass) : undefined;
    const mark = proof ?? { line: undoing.line, role: 'what looks like the undoing of a failure' };
    const end = endOf(run, call);
    const stops = context.of('vhost_dev_stop').filter(({ first }) => first > call.first);
    if (stops.some(({ device, first }) => device === call.device && first < end)) continue;
    const doubts = [
      ...recordDoubts(run, pass.activation),
      ...(proof === undefined ? [UNDOING] : []),
      ...unwatched(run, 'vhost_dev_stop', call.first, end),
      ...(hasStranger(context, call.first, end, 'vhost_dev_stop')
        ? ['the device of every vhost_dev_stop']
        : []),
    ];
    const thread = callerOf(activation, 'migration_thread');
    if ((lastWork(context).get(thread) ?? -1) > activation.last) doubts.push(GOES_ON);
    else doubts.push(...doubtsOfFailure(context, activation, call));
    return { call, mark, doubts };
  }
  return undefined;
}

/** The first call of a pass that has the flag from before it: one alone may be a wrong flag. */
function firstUndoing({ addresses, features }: Pass): Activation | undefined {
  const first = Math.min(...[...addresses, ...features].map((a) => a.first));
  return [...addresses, ...features]
    .filter((a) => a.enable === false && a.first > first)
    .sort((a, b) => a.first - b.first)[0];
}

const UNDOING =
  'probes vhost_virtqueue_set_addr and vhost_dev_set_features: the undoing calls both';

const GOES_ON = 'why the migration goes on';

/**
 * A vhost-user device that disconnects in its log start counts as stopped before any call stops it, and makes a success
 * of what fails inside: vhost_user_async_close() clears `started`. A migration that goes on then reads the dirty log, one
 * that failed is cleaned up.
 */
function doubtsOfFailure(context: SessionContext, start: Activation, failed: Activation): string[] {
  const { run } = context;
  const backend = run.rings.backendOf(failed);
  if (backend === 'kernel' || backend === 'vdpa') return [];
  const next = context.of('migration_bitmap_sync', ...ENDS).find(({ first }) => first > start.last);
  if (next?.kind === 'migration_bitmap_sync') return [GOES_ON];
  if (next === undefined || hasGap(run, start.last, next.first))
    return ['what the migration does next: vhost_log_global_start may have returned true'];
  return unwatched(run, 'migration_bitmap_sync', start.first, next.first);
}

const ENDS = ['migration_cleanup', 'savevm_state_cleanup', 'ram_save_cleanup'] as const;

function* judge(
  context: SessionContext,
  pass: GlobalPass,
  { call: failed, mark, doubts }: Failure,
): Generator<Judgement> {
  const { run } = context;
  const { activation, calls, undone } = pass;
  const end = endOf(run, activation);
  // Where values are optimized out, stacks of one call may look like several calls.
  const before = calls
    .slice(0, calls.indexOf(failed))
    .filter(({ device }) => device === undefined || device !== failed.device);
  const isNamed = failed.device !== undefined || failed.entered;
  const missing = [...doubts, ...unwatched(run, 'vhost_log_global_stop', activation.first, end)];
  if (!isOver(run, activation)) missing.push(`proof that ${activation.func} returned`);
  if (hasGap(run, activation.first, end)) missing.push('an unbroken record of the log start');
  if (hasStranger(context, failed.first, end, 'vhost_log_global_stop'))
    missing.push('listener= of every vhost_log_global_stop');
  missing.push(...cutStacks(context, activation));
  if ([activation, ...calls].some(({ altered }) => altered))
    missing.push('a run that the debugger did not alter');
  for (const call of before) {
    const undo = undone.find((a) => a.device === call.device && a.first > failed.first);
    const at = { ...place(call) };
    if (undo !== undefined) {
      yield {
        verdict: 'pass',
        ...at,
        message: 'the log start that failed later is undone at the device',
        evidence: [{ line: undo.line, role: 'the log stop' }],
      };
    } else if (missing.length > 0 || call.device === undefined || !isNamed) {
      const message = 'the log start fails at a later device, and is not seen to be undone here';
      // A callback that does not show its device may be the one whose undoing is seen, or the one that fails.
      const unnamed =
        call.device === undefined || !isNamed ? ['listener= of every vhost_log_global_start'] : [];
      yield { verdict: 'inconclusive', ...at, message, missing: [...missing, ...unnamed] };
    } else {
      yield {
        verdict: 'violation',
        ...at,
        message:
          'the log start fails at a later device, and is never undone here: the device goes on logging',
        expected: 'vhost_log_global_stop before memory_global_dirty_log_start returns',
        evidence: [
          { line: failed.line, role: 'the log start that fails' },
          ...(mark === undefined ? [] : [mark]),
        ],
      };
    }
  }
}

/** Something inside fails, but whether the log start does is not shown. */
function* judgeHidden({ calls }: GlobalPass): Generator<Judgement> {
  const last = calls.at(-1);
  if (last === undefined || calls.length < 2 || failureIn(last) === undefined) return;
  yield {
    verdict: 'inconclusive',
    ...place(last),
    message: 'a call inside the log start fails; whether the log start does is not shown',
    missing: ['the return value of vhost_log_global_start (gdb: finish)'],
  };
}
