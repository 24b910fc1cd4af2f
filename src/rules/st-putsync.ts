import type { Step } from '../facts/step.js';
import type { Activation } from '../flows/activations/activation.js';
import type { Run } from '../flows/run.js';
import { directionOf } from './shared/calls/log-toggles.js';
import { nestedPairs } from './shared/calls/stack-calls.js';
import type { CallPair } from './shared/calls/stack-calls.js';
import { firstFrom } from './shared/calls/queries.js';
import type { FactKind } from '../model/fact.js';
import type { Judgement, Rule } from './rule.js';

/** `sync` that a caller of vhost_log_put() must pass; undefined where one frame alone does not tell. */
function demandedSync({ outer, caller }: CallPair): boolean | undefined {
  switch (outer.row.kind) {
    case 'vhost_dev_stop':
    case 'vhost_dev_log_resize':
      return true;
    case 'vhost_dev_start':
      return false;
    // Inlined, vhost_dev_log_resize() may leave no trace: it makes the one put of a log start.
    case 'vhost_migration_log':
      return outer.enable ?? (caller && directionOf(caller));
    case 'vhost_log_global_start':
    case 'vhost_commit':
      return true;
    case 'vhost_log_global_stop':
      return false;
    default:
      return undefined;
  }
}

/** Where no stack is printed, the last of its callers that the thread has entered is the likely one, and no more. */
function* judgeBare({ index, line, calls }: Step, run: Run): Generator<Judgement> {
  const [put] = run.atStep[index] ?? [];
  if (!run.ordered || calls.length > 1 || put?.enable === undefined || put.first !== index) return;
  if (put.parent !== undefined && !put.isLinked) return;
  const caller = lastCaller(put, run);
  if (caller === undefined) return;
  const inner = put.call;
  const demanded = demandedSync({
    outer: caller.call,
    caller,
    inner,
    called: put,
    line,
    evidence: [],
  });
  const at = { device: put.device, step: index, line };
  if (put.enable === demanded) {
    if (put.parent !== caller) return;
    const message = `${caller.func} calls vhost_log_put(sync=${String(put.enable)})`;
    const evidence = [{ line: caller.line, role: `${caller.func} is entered before it` }];
    yield { verdict: 'pass', ...at, message, evidence };
  } else if (demanded !== undefined && OTHERS[`${put.enable}`].every(isWatched)) {
    yield {
      verdict: 'inconclusive',
      ...at,
      message: `vhost_log_put(sync=${String(put.enable)}) comes behind ${caller.func}, which must pass ${String(demanded)}`,
      missing: ['the backtrace at vhost_log_put'],
    };
  }

  function isWatched(kinds: readonly FactKind[]): boolean {
    return kinds.some((kind) => run.probes.watching(kind, index, index) !== undefined);
  }
}

function lastCaller(put: Activation, { activations }: Run): Activation | undefined {
  for (let i = firstFrom(activations, put.first) - 1; i >= 0; i--) {
    const call = activations[i];
    if (call?.session !== put.session) return undefined;
    const isOwn = call.thread === put.thread && call.device === put.device;
    if (isOwn && CALLERS.has(call.kind)) return call;
  }
  return undefined;
}

const CALLERS: ReadonlySet<FactKind> = new Set([
  'vhost_dev_start',
  'vhost_dev_stop',
  'vhost_dev_log_resize',
  'vhost_migration_log',
  'vhost_log_global_start',
  'vhost_log_global_stop',
  'vhost_commit',
]);

/** By the flag, who rightly passes it, but for a start that fails: one of each group has to be watched. */
const OTHERS: Readonly<Record<`${boolean}`, readonly (readonly FactKind[])[]>> = {
  true: [['vhost_dev_stop'], ['vhost_dev_log_resize', 'vhost_commit']],
  false: [['vhost_migration_log', 'vhost_log_global_stop']],
};

/** What runs in a main loop inside of a call is told from what that one calls by the device stop that it makes. */
function mayBeOfStop({ outer, called }: CallPair, step: Step, { probes }: Run): boolean {
  if (called?.isInsideReturned !== true || outer.row.kind === 'vhost_dev_stop') return false;
  return probes.watching('vhost_dev_stop', step.index, step.index) === undefined;
}

/** vhost_log_put(sync) with the flag that its caller must give. */
export const stPutsync: Rule = {
  info: {
    id: 'ST-PUTSYNC',
    title: 'the log is read for the last time exactly when it must be',
    severity: 'error',
    impact: 'corrupt',
    backends: ['kernel', 'user', 'vdpa'],
    versions: '2.12 - 11.1',
    needs: [
      'one backtrace with sync= of vhost_log_put and its caller, or the watched return of that caller',
    ],
    probes: [
      'vhost_log_put',
      'stack of vhost_log_put',
      'vhost_dev_start',
      'vhost_dev_stop',
      'vhost_dev_log_resize',
      'vhost_migration_log',
    ],
    why: 'A device stop that gives the log back without reading it loses the dirty bits since the last sync round: the pages that were written last are stale on the destination.',
    remedy:
      'Compare the caller with the source of that QEMU: stop and resize pass true, log stop and a failed start pass false.',
    exceptions: ['callers that were inlined away'],
    sources: [
      'QEMU hw/virtio/vhost.c vhost_log_put() and its callers vhost_dev_stop(), vhost_dev_log_resize(), vhost_migration_log()',
    ],
  },
  triggers: [],
  stack: {
    of: ['vhost_log_put'],
    *judge(step, run) {
      for (const pair of nestedPairs(step, run)) {
        const { outer, inner, called, line, evidence } = pair;
        if (inner.row.kind !== 'vhost_log_put' || inner.enable === undefined) continue;
        if (called?.isLinked === true) continue;
        const demanded = demandedSync(pair);
        if (demanded === undefined) continue;
        const place = { device: inner.pointer, step: step.index, line, evidence };
        const passed = `${outer.func} calls vhost_log_put(sync=${String(inner.enable)})`;
        if (inner.enable === demanded) yield { verdict: 'pass', ...place, message: passed };
        else if (mayBeOfStop(pair, step, run))
          yield {
            verdict: 'inconclusive',
            ...place,
            message: `${passed}, or a device stop that runs inside`,
            missing: ['probe vhost_dev_stop'],
          };
        else {
          const expected = `sync=${String(demanded)}`;
          yield { verdict: 'violation', ...place, message: passed, expected };
        }
      }
      yield* judgeBare(step, run);
    },
  },
};
