/**
 * Which QEMU made this: version bounds read off the shapes of functions, source paths and trace events.
 *
 * Every row is one observation and the range it proves. Rules use the bounds only to allow more,
 * never to see a fault where an unknown version would leave doubt.
 */
import { own } from '../base/own.js';
import { showsCalls } from '../facts/step.js';
import type { Step } from '../facts/step.js';
import type { Frame } from '../model/record.js';
import { innerFrames } from '../facts/stacks/inner-frames.js';

/** The oldest and the newest version that is possible, both inclusive; 9.1 is 901. */
export interface VersionRange {
  readonly atLeast: number;
  readonly atMost: number;
}

/** Where a bound comes from. */
export interface VersionSign {
  /** Line of the capture; undefined where the user gave the version. */
  readonly line: number | undefined;
  /** What is there to see, `vhost_log_get() with backend_type`. */
  readonly shows: string;
}

export interface Profile extends VersionRange {
  readonly lower: VersionSign | undefined;
  readonly upper: VersionSign | undefined;
  /** Two observations that no single version explains; then there are no bounds. */
  readonly conflict: readonly [VersionSign, VersionSign] | undefined;
  /** What the user gives and the capture rules out. */
  readonly overruled?: VersionRange;
}

export const OLDEST = 0;
export const NEWEST = 9999;

/** 901 → `9.1`. */
export function versionText(version: number): string {
  return `${Math.floor(version / 100)}.${version % 100}`;
}

/** `9.1`, `10.0.13` → the range of that release; undefined for anything else. */
export function parseVersion(text: string): VersionRange | undefined {
  const [, major, minor] = /^v?(\d{1,2})\.(\d{1,2})(?:\.\d+)*$/.exec(text.trim()) ?? [];
  if (major === undefined || minor === undefined) return undefined;
  const version = Number(major) * 100 + Number(minor);
  return { atLeast: version, atMost: version };
}

interface Fingerprint extends Partial<VersionRange> {
  readonly func: RegExp;
  /** Further condition on the frame. */
  readonly when?: (frame: Frame) => boolean;
  /** Of what the condition looks at, for people. */
  readonly shape?: string;
  /** The condition is that gdb prints `()`. */
  readonly isEmpty?: true;
}

const has =
  (name: string) =>
  (frame: Frame): boolean =>
    frame.args?.some((arg) => arg.name === name) ?? false;
/** Without debug information gdb prints `()` behind every name, and no source file; a person may leave some out. */
const hasArgs =
  (count: number) =>
  (frame: Frame): boolean =>
    frame.args?.length === count && frame.file !== undefined && !has('...')(frame);
const NO_ARGUMENT = { when: hasArgs(0), shape: 'no argument', isEmpty: true } as const;
const isIn =
  (path: string) =>
  (frame: Frame): boolean =>
    frame.file?.endsWith(path) ?? false;

/** Source: hw/virtio/vhost.c, system/memory.c (memory.c, softmmu/memory.c), migration/ of the releases named. */
const frames: readonly Fingerprint[] = [
  { func: /^memory_global_dirty_log_start$/, when: has('errp'), shape: 'errp', atLeast: 901 },
  {
    func: /^memory_global_dirty_log_start$/,
    when: (f) => has('flags')(f) && !has('errp')(f),
    shape: 'flags and no errp',
    atLeast: 602,
    atMost: 900,
  },
  { func: /^memory_global_dirty_log_start$/, ...NO_ARGUMENT, atMost: 601 },
  { func: /^memory_global_dirty_log_stop$/, when: has('flags'), shape: 'flags', atLeast: 602 },
  { func: /^memory_global_dirty_log_do_start$/, atLeast: 901 },
  { func: /^memory_global_dirty_log_do_stop$/, ...NO_ARGUMENT, atLeast: 210 },
  {
    func: /^memory_global_dirty_log_sync$/,
    when: has('last_stage'),
    shape: 'last_stage',
    atLeast: 801,
  },
  { func: /^vhost_log_get$/, when: has('backend_type'), shape: 'backend_type', atLeast: 901 },
  { func: /^vhost_log_get$/, when: hasArgs(2), shape: 'two arguments', atMost: 900 },
  { func: /^vhost_log_global_start$/, when: has('errp'), shape: 'errp', atLeast: 901 },
  { func: /^vhost_dev_(?:start|stop)$/, when: has('vrings'), shape: 'vrings', atLeast: 702 },
  { func: /^vhost_dev_(?:start|stop)$/, when: hasArgs(2), shape: 'two arguments', atMost: 701 },
  { func: /^vhost_dev_elect_mem_logger$/, atLeast: 901 },
  { func: /^vhost_dev_should_log$/, atLeast: 901 },
  { func: /^ram_state_pending_exact$/, atLeast: 800, atMost: 1100 },
  { func: /^qemu_savevm_query_pending(?:_iter|_final)$/, atLeast: 1101 },
  { func: /^ram_save_pending$/, atMost: 702 },
  { func: /^migration_cleanup$/, atLeast: 1000 },
  { func: /^migrate_fd_cleanup$/, atMost: 902 },
  { func: /^migration_bh_dispatch_bh$/, atLeast: 900 },
  {
    func: /^(?:do_vhost_virtqueue_stop|do_vhost_dev_stop|vhost_dev_force_stop)$/,
    atLeast: 1001,
  },
  {
    func: /^memory_/,
    when: isIn('softmmu/memory.c'),
    shape: 'softmmu/memory.c',
    atLeast: 501,
    atMost: 801,
  },
  { func: /^memory_/, when: isIn('system/memory.c'), shape: 'system/memory.c', atLeast: 802 },
];

/** Trace events that came or went. Source: the trace-events files of the releases named. */
const events: Readonly<Record<string, Partial<VersionRange>>> = {
  vhost_reject_section: { atLeast: 501 },
  global_dirty_changed: { atLeast: 602 },
  memory_region_sync_dirty: { atLeast: 602 },
  vhost_user_write: { atLeast: 701 },
  vhost_user_read: { atLeast: 701 },
  vhost_dev_start: { atLeast: 702, atMost: 1100 },
  vhost_dev_stop: { atLeast: 702, atMost: 1100 },
  vhost_dev_start_in: { atLeast: 1101 },
  vhost_dev_stop_in: { atLeast: 1101 },
  vhost_dev_cleanup: { atLeast: 702 },
  migrate_pending: { atMost: 702 },
  migrate_pending_exact: { atLeast: 800, atMost: 1100 },
  migrate_pending_estimate: { atLeast: 800, atMost: 1100 },
  qemu_savevm_query_pending: { atLeast: 1101 },
  migrate_fd_error: { atMost: 900 },
  migrate_error: { atLeast: 901 },
  migrate_fd_cancel: { atMost: 902 },
  migration_cancel: { atLeast: 1000 },
  migrate_fd_cleanup: { atMost: 902 },
  migration_cleanup: { atLeast: 1000 },
  savevm_state_complete_precopy: { atMost: 902 },
  migration_precopy_complete: { atLeast: 1000 },
  vhost_vdpa_set_vring_base: { atMost: 802 },
  vhost_vdpa_set_dev_vring_base: { atLeast: 900 },
};

/** One for each of the processes of a capture, see {@link profileOf}. */
export function profilesOf(
  processes: readonly (readonly Step[])[],
  given: VersionRange | undefined,
): Profile[] {
  const byFunction = new Map<string, readonly Fingerprint[]>();
  return processes.map((steps) => profileOf(steps, given, byFunction));
}

/**
 * Bounds from everything that one QEMU process shows; `given` is what the user says of it. Pure, but that
 * `byFunction` remembers which fingerprints are of a function.
 */
export function profileOf(
  steps: readonly Step[],
  given?: VersionRange,
  byFunction = new Map<string, readonly Fingerprint[]>(),
): Profile {
  const bounds = new Bounds();
  const seenFrames = new Set<Frame>();
  let hasArguments: boolean | undefined;
  const printsOf = ({ func }: Frame): readonly Fingerprint[] => {
    const own = byFunction.get(func) ?? frames.filter((print) => print.func.test(func));
    byFunction.set(func, own);
    if (!own.some(({ isEmpty }) => isEmpty)) return own;
    hasArguments ??= steps.some(showsArguments);
    return hasArguments ? own : own.filter(({ isEmpty }) => isEmpty !== true);
  };
  let before: readonly Frame[] = [];
  const seenEvents = new Set<string>();
  for (const step of steps) {
    const name = step.event?.record.name;
    if (name !== undefined) {
      if (seenEvents.has(name)) continue;
      seenEvents.add(name);
      bounds.narrow(own(events, name), step.line, `the event ${name}`);
    }
    if (!showsCalls(step)) continue;
    const inner = innerFrames(step.frames, before);
    inner.forEach((frame, i) => {
      if (seenFrames.has(frame)) return;
      seenFrames.add(frame);
      observe(bounds, step, frame, i, printsOf(frame));
    });
    before = step.frames;
    observeRingStop(bounds, step);
  }
  return bounds.profile(given);
}

/** `-g1` keeps files and lines, but no argument of any function: gdb prints `()` behind each. */
function showsArguments({ calls }: Step): boolean {
  return calls.some(({ frame: { args = [], file } }) => args.length > 0 && file !== undefined);
}

function observe(
  bounds: Bounds,
  step: Step,
  frame: Frame,
  index: number,
  prints: readonly Fingerprint[],
): void {
  for (const print of prints) {
    if (print.when?.(frame) === false) continue;
    const shape = print.shape === undefined ? '' : ` with ${print.shape}`;
    bounds.narrow(print, step.frameLines[index] ?? step.line, `${frame.func}()${shape}`);
  }
}

/** vhost_dev_stop() itself calling vhost_virtqueue_stop() is the shape before 10.1. */
function observeRingStop(bounds: Bounds, { calls, frames: stack, frameLines, line }: Step): void {
  if (!calls.some(({ row }) => row.kind === 'vhost_virtqueue_stop')) return;
  const at = stack.findIndex((frame) => frame.func === 'vhost_virtqueue_stop');
  if (at < 0 || stack[at + 1]?.func !== 'vhost_dev_stop') return;
  const shows = 'vhost_virtqueue_stop() called by vhost_dev_stop() itself';
  bounds.narrow({ atMost: 1000 }, frameLines[at] ?? line, shows);
}

class Bounds {
  private atLeast = OLDEST;
  private atMost = NEWEST;
  private lower: VersionSign | undefined;
  private upper: VersionSign | undefined;

  narrow(range: Partial<VersionRange> | undefined, line: number, shows: string): void {
    if (range?.atLeast !== undefined && range.atLeast > this.atLeast) {
      this.atLeast = range.atLeast;
      this.lower = { line, shows };
    }
    if (range?.atMost !== undefined && range.atMost < this.atMost) {
      this.atMost = range.atMost;
      this.upper = { line, shows };
    }
  }

  /** The capture has the last word: a version that it rules out is not taken over from the user. */
  profile(given: VersionRange | undefined): Profile {
    const { atLeast, atMost, lower, upper } = this;
    if (lower !== undefined && upper !== undefined && atLeast > atMost) {
      const overruled = given === undefined ? {} : { overruled: given };
      return { ...unbounded, conflict: [lower, upper], ...overruled };
    }
    const seen = { atLeast, atMost, lower, upper, conflict: undefined };
    if (given === undefined) return seen;
    const word = { line: undefined, shows: 'given with --qemu-version' };
    if (given.atMost < atLeast) {
      return { ...seen, conflict: [lower ?? word, word], overruled: given };
    }
    if (given.atLeast > atMost) {
      return { ...seen, conflict: [word, upper ?? word], overruled: given };
    }
    return { ...given, lower: word, upper: word, conflict: undefined };
  }
}

const unbounded = { atLeast: OLDEST, atMost: NEWEST, lower: undefined, upper: undefined };

/** The range that holds for all of several processes. */
export function commonRange(profiles: readonly Profile[]): VersionRange {
  return {
    atLeast: Math.min(NEWEST, ...profiles.map((profile) => profile.atLeast)),
    atMost: Math.max(OLDEST, ...profiles.map((profile) => profile.atMost)),
  };
}
