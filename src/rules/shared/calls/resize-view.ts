/**
 * What a capture shows of the time behind a log resize (QEMU 9.1 and later): whether guest memory is still scanned, and by
 * what that is proved. Source: hw/virtio/vhost.c vhost_dev_log_resize(), vhost_log_put(), vhost_sync_dirty_bitmap(). All pure.
 */
import type { Activation } from '../../../flows/activations/activation.js';
import { known } from '../../../protocol/replay.js';
import type { SessionContext } from '../../rule.js';
import { startedBefore } from '../device-lives.js';
import { callsOf } from './device-calls.js';
import { unwatchedToggles } from './log-toggles.js';
import { loggersBefore, scansBetween, scansOf } from './memory-scan.js';
import type { Scan } from './memory-scan.js';
import { callerOf, firstFrom, hasGap, hasStranger, unwatched } from './queries.js';
import type { ResizeWindow } from './resize-windows.js';

/** What the capture shows between the resize and the end of the window. */
export interface ResizeView {
  readonly context: SessionContext;
  readonly window: ResizeWindow;
  readonly resize: Activation;
  /** The first sync of the device after the resize. */
  readonly sync: Activation;
  /** Scans of the device that sync rounds asked for. */
  readonly rounds: readonly Scan[][];
  /** A scan before a second round that may be of guest memory. */
  readonly unclear: Scan | undefined;
  /** vhost_log_put() takes the device off the list. */
  readonly off: Activation | undefined;
}

/** Memory is scanned, and whether a sync round or vhost_log_put() asked for it is not shown. */
export function hasUnknownScan({ context, window, resize }: ResizeView): boolean {
  return scansBetween(context, resize.first, window.end).some(
    ({ of, cause }) => of !== 'used ring' && cause === 'unknown',
  );
}

/**
 * The scans are watched, a whole round shows this device logging, and no device that may be on the
 * same list scans guest memory; that the watch reports such scans is shown by one before.
 */
export function provedByScans(view: ResizeView): boolean {
  const { context, resize, rounds, off } = view;
  const last = rounds.at(-1)?.at(-1)?.activation;
  const isWatched =
    last !== undefined &&
    context.run.probes.watching('vhost_dev_sync_region', resize.first, last.first) !== undefined;
  const first = context.once('first scan of memory', () =>
    scansOf(context).find(({ of }) => of === 'memory'),
  );
  const wasScanned = first !== undefined && first.activation.first < resize.first;
  const isWhole = rounds.length > 1 || isLastReadAlone(view);
  return isWatched && isWhole && (wasScanned || off !== undefined);
}

/**
 * The one round is the last read of the log, which is over, and no other device is seen to run or to be read: the last
 * one that holds a log heads the list. (Of two that differ in memory each would have a log of its own, and one list.)
 */
function isLastReadAlone({ context, resize, sync, rounds }: ResizeView): boolean {
  const [scan] = rounds[0] ?? [];
  const put = scan?.cause === 'put' ? callerOf(scan.activation, 'vhost_log_put') : undefined;
  const isOwn = ({ device }: { readonly device: string }): boolean => device === resize.device;
  return (
    put?.closed !== undefined &&
    !hasGap(context.run, resize.first, put.closed) &&
    startedBefore(context, 'calls', sync.first).every(isOwn) &&
    scansBetween(context, 0, sync.first).every(isOwn)
  );
}

/** The elections are watched since before the log start, and nobody of that type is left on the list. */
export function provedByElections(view: ResizeView): boolean {
  const { context, resize, sync, rounds, off } = view;
  const { run, log } = context.stateBefore(resize.device ?? '', sync.first);
  // A used ring is scanned only for a device that runs and logs.
  const runs = known(run) === 'started' || isToldLater(view);
  const logs = rounds.length > 0 || (runs && (known(log) === 'on' || isOnSince(view)));
  const isComplete = loggersBefore(context, sync.first).complete;
  return off !== undefined && isComplete && stillElected(view).length === 0 && logs;
}

const TOGGLES = ['vhost_dev_start', 'vhost_dev_set_log', 'vhost_dev_stop'] as const;

/**
 * Only a started device is told to log or to stop logging, or is stopped by its status (the set_status callbacks of a
 * vhost-user device that was closed do not call vhost_dev_stop()), and nothing has started it since the sync.
 */
function isToldLater({ context, resize, sync }: ResizeView): boolean {
  const { run } = context;
  const toggles = callsOf(context, resize.device ?? '', ...TOGGLES);
  const next = toggles[firstFrom(toggles, sync.first + 1)];
  if (next === undefined || hasGap(run, sync.first, next.first)) return false;
  const isTold =
    next.kind === 'vhost_dev_set_log' ||
    (next.kind === 'vhost_dev_stop' &&
      callerOf(next, 'virtio_set_status', 'vm_state_notify') !== undefined);
  return isTold && unwatched(run, 'vhost_dev_start', sync.first, next.first).length === 0;
}

/**
 * vhost_commit() resizes only the log of a device that logs (QEMU hw/virtio/vhost.c), and no toggle has changed that: up
 * to the sync nothing in the window is one of this device. Without a start in between it is still the same device.
 */
export function isOnSince({ context, resize, sync }: ResizeView): boolean {
  const { run } = context;
  return (
    unwatchedToggles(context, resize.first, sync.first).length === 0 &&
    unwatched(run, 'vhost_dev_start', resize.first, sync.first).length === 0 &&
    !hasStranger(context, resize.first, sync.first, ...ELECTS)
  );
}

/** An election of each device that is on the list at the sync and may be of the same type: the first that shows its type. */
export function stillElected({ context, resize, sync }: ResizeView): Activation[] {
  const { rings } = context.run;
  const backend = rings.backendOf(resize);
  const found: Activation[] = [];
  for (const device of loggersBefore(context, sync.first).members) {
    const elections = callsOf(context, device, 'vhost_dev_elect_mem_logger');
    const before = elections.slice(0, firstFrom(elections, sync.first));
    const mayBeSame = before.filter(
      (a) => backend === undefined || (rings.backendOf(a) ?? backend) === backend,
    );
    const one = mayBeSame.find((a) => rings.backendOf(a) !== undefined) ?? mayBeSame[0];
    if (one !== undefined) found.push(one);
  }
  return found.sort((a, b) => a.id - b.id);
}

/** Calls that may elect a device, or take one off the list. */
const ELECTS = [
  'vhost_dev_start',
  'vhost_dev_stop',
  'vhost_log_global_start',
  'vhost_log_global_stop',
  'vhost_migration_log',
] as const;

/** What may have put somebody on the list unseen: a start, a log start, a device that was not resized. */
export function unseenBetween({ context, resize, sync }: ResizeView): string[] {
  const { run } = context;
  const isAlone = run.devices.filter(({ session }) => session === context.session).length === 1;
  return [
    ...unwatched(run, 'vhost_dev_start', resize.first, sync.first),
    ...unwatched(run, 'vhost_dev_stop', resize.first, sync.first),
    ...unwatchedToggles(context, resize.first, sync.first),
    ...(hasStranger(context, resize.first, sync.first, ...ELECTS)
      ? ['dev= and listener= of every call']
      : []),
    ...(isAlone ? [] : ['whether another device is elected']),
  ];
}
