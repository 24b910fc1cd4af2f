import { versionsIn } from '../flows/run.js';
import { callerOf } from '../flows/activations/activation.js';
import type { Activation } from '../flows/activations/activation.js';
import type { Backend } from '../model/fact.js';
import { bigintOf } from '../model/values.js';
import { known } from '../protocol/replay.js';
import { hasGap, hasStranger, place, unwatched } from './shared/calls/queries.js';
import type { Judgement, Rule, SessionContext } from './rule.js';

/** Devices of one backend type share one log. */
export const lgShared: Rule = {
  info: {
    id: 'LG-SHARED',
    title: 'devices of one backend type that log with one size share one log',
    severity: 'error',
    impact: 'corrupt',
    backends: ['kernel', 'user', 'vdpa'],
    versions: '2.12 - 11.1',
    needs: [
      'the set_log_base op with base= of two devices, each below vhost_dev_log_resize or vhost_dev_start',
      'probes vhost_log_get and vhost_log_put since the first of the two, so that no other size is in use and no log is put',
    ],
    why: 'Since 9.1 only one device of a type scans its log for guest memory. A device with a log of its own marks pages that nobody reads.',
    probes: ['op_set_log_base', 'vhost_log_get', 'vhost_log_put'],
    remedy:
      'Look at vhost_log_get() and vhost_log_put() of that QEMU: who replaces the current log?',
    exceptions: [
      'logs of different sizes: a device that was resized, or whose memory is filtered, has a log of its own for a time; that can make several logs of equal size later',
      'during a topology change, which resizes one device after the other',
      'before 9.1 devices of different types share a log too: every page is scanned once for each of them, and none is lost',
    ],
    sources: ['QEMU hw/virtio/vhost.c vhost_log_get(), vhost_log_put()'],
    bugs: [
      {
        where: 'QEMU 51d59a64eed6 with c5cd7e5f230a (9.1)',
        what: 'Before, one log was shared by kernel and vdpa devices and every queue pair scanned all of memory. From 9.1 on a log shared by two types is a fault.',
      },
    ],
  },
  passesAtEntry: true,
  triggers: [],
  *sequence(context) {
    const last = new Map<string, GivenLog>();
    for (const op of context.of('op_set_log_base')) {
      const log = logOf(context, op);
      if (log === undefined) {
        // A log that is not shown takes the place of the one before.
        if (op.device === undefined) last.clear();
        else last.delete(op.device);
        continue;
      }
      for (const other of last.values()) {
        const judged = other.device === log.device ? undefined : judge(context, other, log);
        if (judged !== undefined) yield judged;
      }
      last.set(log.device, log);
    }
  },
};

/** A device is given a log. */
interface GivenLog {
  readonly op: Activation;
  readonly device: string;
  readonly base: bigint;
  readonly size: string;
  readonly backend: Backend;
  /** `share` of vhost_log_get(): a memfd and not memory of QEMU. */
  readonly share: boolean | undefined;
}

/** Who calls vhost_dev_log_resize(), which may leave no trace where it is inlined. */
const RESIZE = ['vhost_migration_log', 'vhost_log_global_start', 'vhost_commit'] as const;

function logOf({ run }: SessionContext, op: Activation): GivenLog | undefined {
  const { device } = op;
  const base = bigintOf(op.value);
  const backend = run.rings.backendOf(op);
  const caller = callerOf(op, 'vhost_dev_log_resize', 'vhost_dev_start', ...RESIZE);
  const get = caller?.children.find((a) => a.kind === 'vhost_log_get' && a.first <= op.first);
  // vhost_dev_log_resize() asks vhost_log_get() for its own size.
  const size = get?.value ?? (caller?.kind === 'vhost_dev_log_resize' ? caller.value : undefined);
  if (device === undefined || base === undefined || base === 0n) return undefined;
  if (backend === undefined || size === undefined) return undefined;
  return { op, device, base, size, backend, share: get?.enable };
}

function judge(context: SessionContext, first: GivenLog, second: GivenLog): Judgement | undefined {
  const { run, session } = context;
  // What it has given back is no log of its own any more; another one may get the same address.
  if (!context.stateBefore(first.device, second.op.first).base.includes('held')) return undefined;
  const { atLeast, atMost } = versionsIn(run, session);
  const isOneType = first.backend === second.backend && first.share === second.share;
  const isOneLog = first.base === second.base;
  // A topology change gives new logs to one device after the other.
  const inCommit =
    callerOf(second.op, 'vhost_commit') !== undefined ||
    (run.atStep[second.op.first] ?? []).some((a) => a.kind === 'vhost_commit');
  const at = { ...place(second.op), device: second.device };
  const evidence = [{ line: first.op.line, role: `${first.device} gets its log` }];
  if (isOneType && isOneLog) {
    return { verdict: 'pass', ...at, message: `the log is that of ${first.device}`, evidence };
  }
  const isMixed = !isOneType && isOneLog && first.backend !== second.backend;
  const isApart = isOneType && first.size === second.size && !inCommit;
  if (isMixed && atMost < 901) {
    const message = `the log is that of ${first.device}, which is of type ${first.backend}: legal before 9.1`;
    return { verdict: 'pass', ...at, message, evidence };
  }
  if (!isApart && !(isMixed && atLeast >= 901)) return undefined;
  const missing = doubtsBetween(context, first, second);
  if (first.share === undefined) missing.push('share= of vhost_log_get');
  if (missing.length > 0) {
    return {
      verdict: 'inconclusive',
      ...at,
      message: isMixed
        ? `${first.device} of another type was given this log; whether it still has it is not seen`
        : `${first.device} was given another log of this size; whether it still has that is not seen`,
      missing,
      evidence,
    };
  }
  return {
    verdict: 'violation',
    ...at,
    message: isMixed
      ? `the device shares a log with ${first.device}, which is of type ${first.backend}`
      : `the device gets a log of its own: ${first.device} of the same type logs elsewhere, with the same size of ${second.size} chunks`,
    expected: isMixed ? 'one log for each backend type' : `base=${first.base}`,
    evidence,
  };
}

/**
 * Why the first device may have given its log back, or the current log may have been replaced rightly.
 * While a device holds a log and no other size is asked for, vhost_log_get() can only give that log.
 */
function doubtsBetween(context: SessionContext, first: GivenLog, second: GivenLog): string[] {
  const { run } = context;
  const from = first.op.first;
  const to = second.op.first;
  const missing = [
    ...unwatched(run, 'vhost_log_get', from, to),
    ...unwatched(run, 'vhost_log_put', from, to),
  ];
  if (hasStranger(context, from, to, 'vhost_log_put', 'vhost_dev_stop'))
    missing.push('dev= of every vhost_log_put');
  if (hasGap(run, from, to)) missing.push('an unbroken record from one log to the other');
  if (first.op.altered || second.op.altered) missing.push('a run that the debugger did not alter');
  if (!hasOneSize(context)) missing.push('one single log size in the session');
  const { base } = context.stateBefore(first.device, to);
  if (known(base) !== 'held') missing.push('proof that the first device holds its log');
  return missing;
}

/** Another size in between may have replaced the current log of the type. */
function hasOneSize(context: SessionContext): boolean {
  return context.once('one log size', () => {
    const made = context.of('vhost_log_get', 'vhost_log_alloc', 'vhost_dev_log_resize');
    const sizes = new Set(made.map((a) => a.value));
    return sizes.size === 1 && !sizes.has(undefined);
  });
}
