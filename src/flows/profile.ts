/**
 * Which QEMU made this: version bounds read off the shapes of functions and events.
 *
 * Every row is one observation and the range it proves. Rules use the bounds only to allow more,
 * never to see a fault where an unknown version would leave doubt.
 */
import type { Step } from '../facts/step.js';
import type { Frame } from '../model/record.js';

/** 9.1 is 901. */
export interface Profile {
  /** Oldest version that is possible, inclusive. */
  readonly atLeast: number;
  /** Newest version that is possible, inclusive. */
  readonly atMost: number;
}

interface Fingerprint {
  readonly func: RegExp;
  /** Further condition on the frame. */
  readonly when?: (frame: Frame) => boolean;
  readonly atLeast?: number;
  readonly atMost?: number;
}

const has =
  (name: string) =>
  (frame: Frame): boolean =>
    frame.args?.some((arg) => arg.name === name) ?? false;

/** Source: hw/virtio/vhost.c, system/memory.c (memory.c, softmmu/memory.c), migration/ of the releases named. */
const fingerprints: readonly Fingerprint[] = [
  { func: /^memory_global_dirty_log_start$/, when: has('errp'), atLeast: 901 },
  {
    func: /^memory_global_dirty_log_start$/,
    when: (f) => has('flags')(f) && !has('errp')(f),
    atLeast: 602,
    atMost: 900,
  },
  { func: /^memory_global_dirty_log_start$/, when: (f) => f.args?.length === 0, atMost: 601 },
  { func: /^memory_global_dirty_log_stop$/, when: has('flags'), atLeast: 602 },
  { func: /^memory_global_dirty_log_do_start$/, atLeast: 901 },
  { func: /^memory_global_dirty_log_do_stop$/, when: (f) => f.args?.length === 0, atLeast: 210 },
  { func: /^vhost_log_get$/, when: has('backend_type'), atLeast: 901 },
  { func: /^vhost_log_get$/, when: (f) => f.args?.length === 2, atMost: 900 },
  { func: /^vhost_log_global_start$/, when: has('errp'), atLeast: 901 },
  { func: /^vhost_dev_start$/, when: has('vrings'), atLeast: 702 },
  { func: /^vhost_dev_start$/, when: (f) => f.args?.length === 2, atMost: 701 },
  { func: /^vhost_dev_elect_mem_logger$/, atLeast: 901 },
  { func: /^ram_state_pending_exact$/, atLeast: 800 },
  { func: /^ram_save_pending$/, atMost: 702 },
  { func: /^migration_cleanup$/, atLeast: 1000 },
  { func: /^migrate_fd_cleanup$/, atMost: 902 },
  { func: /^migration_bh_dispatch_bh$/, atLeast: 900 },
  { func: /^(?:do_vhost_virtqueue_stop|do_vhost_dev_stop|vhost_dev_force_stop)$/, atLeast: 1002 },
  {
    func: /^memory_/,
    when: (f) => f.file?.endsWith('softmmu/memory.c') ?? false,
    atLeast: 501,
    atMost: 801,
  },
  { func: /^memory_/, when: (f) => f.file?.endsWith('system/memory.c') ?? false, atLeast: 802 },
];

/** Trace events that came or went with a release (the trace-events files of the releases named). */
const eventBounds: Readonly<Record<string, Partial<Profile>>> = {
  migrate_fd_error: { atMost: 900 },
  migrate_error: { atLeast: 901 },
  migrate_pending: { atMost: 702 },
  migrate_fd_cleanup: { atMost: 902 },
  migration_cleanup: { atLeast: 1000 },
  savevm_state_complete_precopy: { atMost: 902 },
  migration_precopy_complete: { atLeast: 1000 },
  global_dirty_changed: { atLeast: 602 },
  vhost_user_write: { atLeast: 702 },
};

/** Bounds from all stacks and events of some steps; contradicting observations (several versions in one file) give no bounds. */
export function profileOf(steps: Iterable<Step>): Profile {
  let atLeast = 0;
  let atMost = 9999;
  const seen = new Set<Frame>();
  for (const step of steps) {
    const bounds = step.event === undefined ? undefined : eventBounds[step.event.record.name];
    atLeast = Math.max(atLeast, bounds?.atLeast ?? 0);
    atMost = Math.min(atMost, bounds?.atMost ?? 9999);
    for (const frame of step.frames) {
      if (seen.has(frame)) continue;
      seen.add(frame);
      for (const print of fingerprints) {
        if (!print.func.test(frame.func) || print.when?.(frame) === false) continue;
        atLeast = Math.max(atLeast, print.atLeast ?? 0);
        atMost = Math.min(atMost, print.atMost ?? 9999);
      }
    }
  }
  // vhost_dev_stop() itself calling vhost_virtqueue_stop() is the shape before 10.2.
  for (const step of steps) {
    const funcs = step.frames.map((frame) => frame.func);
    const at = funcs.indexOf('vhost_virtqueue_stop');
    if (at >= 0 && funcs[at + 1] === 'vhost_dev_stop') atMost = Math.min(atMost, 1001);
  }
  return atLeast <= atMost ? { atLeast, atMost } : { atLeast: 0, atMost: 9999 };
}
