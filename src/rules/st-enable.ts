import type { Call } from '../facts/stacks/calls.js';
import type { Run } from '../flows/run.js';
import { nestedPairs } from './shared/calls/stack-calls.js';
import type { CallPair } from './shared/calls/stack-calls.js';
import type { Judgement, Rule } from './rule.js';

/** What a caller must pass on, by its function; undefined where the rule has nothing to say of the pair. */
function demanded(outer: Call, inner: Call): boolean | undefined {
  const pair = `${outer.row.kind} ${inner.row.kind}`;
  switch (pair) {
    case 'vhost_log_global_start vhost_migration_log':
      return true;
    case 'vhost_log_global_stop vhost_migration_log':
      return false;
    case 'vhost_migration_log vhost_dev_set_log':
    case 'vhost_dev_set_log vhost_dev_set_features':
    case 'vhost_dev_set_log vhost_virtqueue_set_addr':
    case 'vhost_dev_set_log vhost_dev_elect_mem_logger':
      return outer.enable;
    case 'vhost_log_put vhost_dev_elect_mem_logger':
      return false;
    default:
      return undefined;
  }
}

/** The enable flag of a log start or stop must not change on its way down the stack. */
export const stEnable: Rule = {
  info: {
    id: 'ST-ENABLE',
    title: 'the enable flag reaches the backend calls unchanged',
    severity: 'error',
    impact: 'corrupt',
    backends: ['kernel', 'user', 'vdpa'],
    versions: '2.12 - 11.1',
    needs: ['one backtrace with enable=, enable_log= or add= of caller and callee'],
    probes: [
      'vhost_log_global_start',
      'stack of vhost_log_global_start',
      'vhost_log_global_stop',
      'vhost_migration_log',
      'vhost_dev_set_log',
      'vhost_dev_set_features',
      'vhost_virtqueue_set_addr',
    ],
    why: 'A log start that arrives at the backend as a stop leaves the device writing guest memory that nobody marks dirty: the destination gets stale pages.',
    remedy:
      'Compare the arguments of the two frames with the source of that QEMU; look for a patched caller.',
    exceptions: [
      'calls that undo a failed vhost_dev_set_log() carry the old flag; one stack cannot tell them from a fault, so a mismatch inside vhost_dev_set_log() is judged by LS-UNIFORM, and inconclusive in notes and where the entry of the call was not reported',
      'values that are optimized out or not printed',
    ],
    sources: [
      'QEMU hw/virtio/vhost.c vhost_log_global_start(), vhost_log_global_stop()',
      'QEMU hw/virtio/vhost.c vhost_migration_log(), vhost_dev_set_log()',
    ],
  },
  triggers: [],
  stack: {
    of: [
      'vhost_migration_log',
      'vhost_dev_set_log',
      'vhost_dev_set_features',
      'vhost_virtqueue_set_addr',
      'vhost_dev_elect_mem_logger',
    ],
    *judge(step, run) {
      for (const pair of nestedPairs(step, run)) {
        const { outer, inner, caller, line, evidence } = pair;
        const flag = demanded(outer, inner);
        if (flag === undefined || inner.enable === undefined || isGuessed(pair)) continue;
        const isUndoing = mayBeUndoing(outer, inner) && inner.enable !== flag;
        // The call was reported where it began, so that all of it can be looked at.
        if (isUndoing && run.ordered && caller?.entered === true) continue;
        const device = inner.row.device === 'listener' ? caller?.device : inner.pointer;
        const verdict = isUndoing
          ? undoing(outer, inner, flag, run)
          : verdictOf(outer, inner, flag);
        yield { ...verdict, device, step: step.index, line, evidence };
      }
    },
  },
};

/** A pass that fails undoes itself with the old flag; the election comes last, in one that has succeeded. */
function mayBeUndoing(outer: Call, inner: Call): boolean {
  return outer.row.kind === 'vhost_dev_set_log' && inner.row.kind !== 'vhost_dev_elect_mem_logger';
}

/**
 * The order of stops tells who made an election by its flag; and at a place inside of another function, where it is inlined,
 * perf may take the flag from a register that holds something else.
 */
function isGuessed({ called, inner }: CallPair): boolean {
  if (called?.isLinked === true) return inner.row.kind === 'vhost_dev_elect_mem_logger';
  return called?.isInsideReturned === true && !called.isWatched;
}

type Verdict = Pick<Judgement, 'verdict' | 'message' | 'missing' | 'expected'>;

function undoing(outer: Call, inner: Call, flag: boolean, { ordered }: Run): Verdict {
  return {
    verdict: 'inconclusive',
    message: `${inner.func} gets ${String(inner.enable)} from ${outer.func}(${String(flag)}): the undoing of a failed pass, or a wrong flag`,
    missing: [
      ordered
        ? `the entry of ${outer.func}: LS-UNIFORM judges all calls of one together`
        : 'the order of the backtraces: LS-UNIFORM judges the calls of one vhost_dev_set_log() together (--assume-ordered)',
    ],
  };
}

function verdictOf(outer: Call, inner: Call, flag: boolean): Verdict {
  const passed = `${inner.func} gets ${String(inner.enable)} from ${outer.func}`;
  if (inner.enable === flag) return { verdict: 'pass', message: passed };
  return {
    verdict: 'violation',
    message: `${passed}, which must pass ${String(flag)}`,
    expected: `${inner.func}(${String(flag)})`,
  };
}
