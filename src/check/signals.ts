/**
 * Openings and returns of calls → signals, see `protocol/replay.ts`: what each says of the device that it is about.
 * Signals of one call are applied in their order; none where it says nothing of the states. Pure.
 *
 * Source: QEMU hw/virtio/vhost.c, the functions that the kinds are named after (2.12 to 11.1).
 */
import {
  callerOf,
  directCaller,
  failureIn,
  hasFailed,
  hasSucceeded,
} from '../flows/activations/activation.js';
import type { Activation } from '../flows/activations/activation.js';
import type { Run } from '../flows/run.js';
import { isUndoing, undoingOf } from '../flows/activations/undone-start.js';
import type { Signal } from '../protocol/replay.js';
import { directionOf } from '../rules/shared/calls/log-toggles.js';
import { isFailed } from '../rules/shared/calls/undone-pass.js';

/** What the entry of a call says, or its first sight as a caller: what QEMU is about to do, and what must hold for it. */
export function signalsOfOpening(run: Run, activation: Activation): Signal[] {
  const own = signalsOfCall(run, activation);
  return isUndoing(activation) ? [{ machine: 'run', event: 'stop' }, ...own] : own;
}

function signalsOfCall(run: Run, activation: Activation): Signal[] {
  const { kind, enable } = activation;
  switch (kind) {
    case 'vhost_dev_init':
    case 'vhost_dev_cleanup':
      return zeroed();
    case 'vhost_dev_start':
      return [
        { machine: 'run', event: 'start' },
        { machine: 'vrings', event: 'device-start' },
      ];
    case 'vhost_dev_stop':
      return directCaller(activation) === activation.parent
        ? [{ machine: 'run', event: 'stop' }]
        : [];
    case 'vhost_dev_set_features':
      return isOfStart(activation) ? seenLog(enable) : [];
    case 'vhost_virtqueue_set_addr':
      return addressSignals(run, activation);
    case 'vhost_dev_log_resize':
      return [
        { machine: 'run', event: 'seen-started' },
        ...seenLog(isBeforeThePass(activation) ? false : undefined),
      ];
    case 'vhost_dev_set_log':
      return [
        { machine: 'run', event: 'seen-started' },
        ...seenLog(enable === undefined ? undefined : !enable),
      ];
    case 'op_set_log_base':
      return [{ machine: 'base', event: 'set' }];
    case 'vhost_log_put':
      return isOfResize(activation) ? [] : [{ machine: 'base', event: 'put' }];
    case 'vhost_virtqueue_stop':
    case 'op_get_vring_base':
      return ringStop(run, activation);
    default:
      return [];
  }
}

/**
 * What it says that a call has returned: what it has done, where it is known not to have failed.
 * `inside`: what its thread does on the device from its beginning until then; where stacks are cut these need not be its children.
 */
export function signalsOfReturn(
  run: Run,
  activation: Activation,
  inside: readonly Activation[],
): Signal[] {
  const { kind } = activation;
  switch (kind) {
    case 'vhost_dev_start':
      if (hasFailed(activation) || undoingOf(activation) !== undefined) return stopped();
      return hasSucceeded(activation) ? [{ machine: 'run', event: 'seen-started' }] : [];
    case 'vhost_dev_stop':
      return stopped();
    case 'vhost_dev_set_log':
    case 'vhost_migration_log':
      return toggleReturned(run, activation, inside);
    case 'vhost_log_global_start':
    case 'vhost_log_global_stop':
      return activation.children.some((child) => child.kind === 'vhost_migration_log')
        ? []
        : [{ machine: 'log-unsure' }];
    default:
      return [];
  }
}

/**
 * vhost_migration_log() leaves `log_enabled` as asked unless the work on a started device failed.
 * A disable cannot leave it on: failure aborts up to 5.1 and clears the flag since 5.2.
 */
function toggleReturned(run: Run, activation: Activation, inside: readonly Activation[]): Signal[] {
  const { enable } = activation;
  if (enable === false) return [{ machine: 'log', event: 'set-off' }];
  if (enable !== undefined && hasSucceeded(activation))
    return [{ machine: 'log', event: 'set-on' }];
  if (enable === true && isLeftOff(run, activation)) return [{ machine: 'log', event: 'set-off' }];
  if (enable === undefined || failureIn(activation) !== undefined)
    return [{ machine: 'log-unsure' }];
  if (activation.kind === 'vhost_dev_set_log') {
    return [
      hasPassed(run, activation, inside)
        ? { machine: 'log', event: 'set-on' }
        : { machine: 'log-unsure' },
    ];
  }
  // The pass has a return of its own. Without one the device was stopped (flag only) or logging already,
  // unless the pass was not watched.
  const { children } = activation;
  if (children.some((c) => c.kind === 'vhost_dev_set_log')) return [];
  const isFlagOnly =
    activation.stackKnown &&
    inside.every(({ kind }) => kind !== 'vhost_dev_log_resize' && kind !== 'vhost_dev_set_log') &&
    run.probes.watching('vhost_dev_set_log', activation.first, activation.last) !== undefined;
  return [isFlagOnly ? { machine: 'log', event: 'set-on' } : { machine: 'log-unsure' }];
}

/** The pass of the log start has failed; a vhost-user backend that disconnects in it stops the device and leaves the flag on. */
function isLeftOff(run: Run, activation: Activation): boolean {
  const backend = run.rings.backendOf(activation);
  if (backend === undefined || backend === 'user') return false;
  const pass =
    activation.kind === 'vhost_dev_set_log'
      ? activation
      : activation.children.find(({ kind }) => kind === 'vhost_dev_set_log');
  if (pass === undefined) return false;
  const { children } = pass;
  const addresses = children.filter(({ kind }) => kind === 'vhost_virtqueue_set_addr');
  const features = children.filter(({ kind }) => kind === 'vhost_dev_set_features');
  return isFailed({ activation: pass, addresses, features, enable: true });
}

/**
 * vhost_dev_set_log(true) has reached vrings and not been undone. Undoing it sends addresses without logging, and last of
 * all the features again.
 */
function hasPassed(
  { probes }: Run,
  { first, last, children }: Activation,
  inside: readonly Activation[],
): boolean {
  const isElected = children.some(
    (c) => c.kind === 'vhost_dev_elect_mem_logger' && c.enable === true,
  );
  if (isElected) return true;
  if (probes.watching('vhost_virtqueue_set_addr', first, last) === undefined) return false;
  const [address] = children.filter(({ kind }) => kind === 'vhost_virtqueue_set_addr');
  if (address === undefined) return false;
  const features = inside.filter(({ kind }) => kind === 'vhost_dev_set_features');
  const addresses = inside.filter(({ kind }) => kind === 'vhost_virtqueue_set_addr');
  if ([...features, ...addresses].some(({ enable }) => enable === false)) return false;
  if (features.some((a) => a.first > address.first)) return false;
  return (
    addresses.every(({ enable }) => enable === true) ||
    probes.watching('vhost_dev_set_features', first, last) !== undefined
  );
}

/**
 * A start that failed has undone what it did, like a stop that returned. Whether they have put the log is
 * not theirs to say: a watched vhost_log_put() is seen, and an unwatched one may have run.
 */
function stopped(): Signal[] {
  return [
    { machine: 'run', event: 'stop-returned' },
    { machine: 'vrings', event: 'stop' },
  ];
}

function zeroed(): Signal[] {
  return [
    { machine: 'run', event: 'zeroed' },
    { machine: 'log', event: 'zeroed' },
    { machine: 'base', event: 'zeroed' },
    { machine: 'vrings', event: 'stop' },
  ];
}

function seenLog(enable: boolean | undefined): Signal[] {
  return enable === undefined ? [] : [{ machine: 'log', event: enable ? 'seen-on' : 'seen-off' }];
}

/** What is put there is the log before; where the resize is inlined and not shown, a log start has no other put. */
function isOfResize(put: Activation): boolean {
  const caller = directCaller(put);
  switch (caller?.kind) {
    case 'vhost_dev_log_resize':
    case 'vhost_log_global_start':
    case 'vhost_commit':
      return true;
    case 'vhost_migration_log':
      return directionOf(caller) === true;
    default:
      return false;
  }
}

/** Logging is off when a log start makes the log; behind the pass, which is a fault, it says no more. */
function isBeforeThePass(resize: Activation): boolean {
  const caller = directCaller(resize);
  return (
    caller?.kind === 'vhost_migration_log' &&
    !caller.children.some(({ kind, first }) => kind === 'vhost_dev_set_log' && first < resize.first)
  );
}

function isOfStart(activation: Activation): boolean {
  const caller = directCaller(activation)?.kind;
  return caller === 'vhost_dev_start' || caller === 'vhost_dev_prepare_inflight';
}

function addressSignals(run: Run, activation: Activation): Signal[] {
  const vring = run.rings.ringOf(activation);
  const { enable } = activation;
  const isStart = callerOf(activation, 'vhost_virtqueue_start') !== undefined;
  const seen = isStart ? seenInStart(activation, enable) : [];
  if (vring === undefined || enable === undefined) return seen;
  const event = `${isStart ? 'start' : 'toggle'}-${enable ? 'logged' : 'plain'}` as const;
  return [...seen, { machine: 'vring', vring, event }];
}

/**
 * A vring says what its device is told: nothing new behind the features word of the same start, and only what fits where
 * it starts again in a device that was told before.
 */
function seenInStart(address: Activation, enable: boolean | undefined): Signal[] {
  if (enable === undefined) return [];
  const event = enable ? 'seen-on' : 'seen-off';
  const start = callerOf(address, 'vhost_dev_start');
  if (start === undefined) return [{ machine: 'log-of-vring', event }];
  const isTold = start.children.some(
    (child) => child.kind === 'vhost_dev_set_features' && child.enable !== undefined,
  );
  return isTold ? [] : [{ machine: 'log', event }];
}

function ringStop(run: Run, activation: Activation): Signal[] {
  const vring = run.rings.ringOf(activation);
  return [
    vring === undefined
      ? { machine: 'some-vring', event: 'stop' }
      : { machine: 'vring', vring, event: 'stop' },
  ];
}
