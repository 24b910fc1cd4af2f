import { versionsIn } from '../flows/run.js';
import type { Activation } from '../flows/activations/activation.js';
import { roundsOf, scansBetween, scansOf } from './shared/calls/memory-scan.js';
import type { Scan } from './shared/calls/memory-scan.js';
import {
  callerOf,
  callsBetween,
  hasGap,
  hasStranger,
  place,
  probeName,
  unwatched,
} from './shared/calls/queries.js';
import {
  hasUnknownScan,
  isOnSince,
  provedByElections,
  provedByScans,
  stillElected,
  unseenBetween,
} from './shared/calls/resize-view.js';
import type { ResizeView } from './shared/calls/resize-view.js';
import { resizeWindows } from './shared/calls/resize-windows.js';
import type { ResizeWindow } from './shared/calls/resize-windows.js';
import { CORRECTED, judgeTracedElections } from './shared/traced/elections.js';
import type { Judgement, Mark, Rule, SessionContext } from './rule.js';

/** After a log resize some device still scans guest memory. */
export const rzElect: Rule = {
  info: {
    id: 'RZ-ELECT',
    title: 'after a log resize a device that scans guest memory is still elected',
    severity: 'error',
    impact: 'corrupt',
    backends: ['kernel', 'user'],
    versions: '9.1 - 11.0',
    needs: [
      'vhost_dev_log_resize or the set_log_base op below vhost_commit, and a sync round after it, or the last read of the log as the device is stopped',
      'probe vhost_dev_sync_region, or probe vhost_dev_elect_mem_logger since before the log start',
      'a trace log shows the resize of a vhost-user device (vhost_commit and vhost_user_write), but not who is elected: a warning',
    ],
    faultProbes: ['event vhost_commit', 'event vhost_user_write'],
    why: 'Since 9.1 only the first device of the list vhost_log_devs[type] scans guest memory. vhost_dev_log_resize() calls vhost_log_put(), which takes the device off that list, and nothing puts it back: what the backend marks dirty is read for used rings only, and the destination of a migration that reports "completed" has stale memory.',
    probes: [
      'vhost_dev_start',
      'vhost_dev_log_resize',
      'vhost_log_sync',
      'vhost_dev_elect_mem_logger',
      'vhost_dev_sync_region',
      'op_set_features',
    ],
    remedy:
      'Correct vhost_dev_log_resize(): after vhost_log_put() has taken the device off the list it must call vhost_dev_elect_mem_logger(dev, true) again if the device was elected before. Until then do not trust the destination of this migration, keep the highest RAM-backed BAR from moving while a migration runs (a guest that switches memory decoding off and on, a reset), and start no migration while a dirty-rate measurement that saw a hotplug goes on.',
    exceptions: [
      'QEMU before 9.1: every device scans',
      'a device that was not resized is still on the list, or one that starts with logging on joins it',
      'a log start after the resize elects again',
      'a resize that no read of the log follows',
      'vdpa: its shadow virtqueues mark memory dirty without the log',
    ],
    sources: [
      'QEMU hw/virtio/vhost.c vhost_dev_log_resize(), vhost_log_put(), vhost_dev_elect_mem_logger(), vhost_dev_should_log()',
    ],
    bugs: [
      {
        where:
          'QEMU 9.1.0 to 11.0.3, not corrected (seen on 10.0.13; comes with c5cd7e5f230a, 9.1)',
        what: 'The guest switched memory decoding of a RAM-backed BAR off and on during a migration. The log was resized twice, nobody was elected from then on, and all 96 pages that the backend wrote afterwards were stale on the destination.',
      },
    ],
  },
  triggers: ['vhost_dev_elect_mem_logger'],
  *sequence(context) {
    // Before 9.1 every device scans memory, and none is elected.
    if (versionsIn(context.run, context.session).atMost < 901) return;
    for (const window of resizeWindows(context)) {
      if (context.run.rings.backendOf(window.resizes[0]) !== 'vdpa') yield judge(context, window);
    }
    yield* judgeTracedElections(context);
  },
};

function judge(context: SessionContext, window: ResizeWindow): Judgement {
  const { device, resizes, again, end } = window;
  const [resize] = resizes;
  const at = { ...place(resize), device };
  const inside = (calls: readonly Activation[]): readonly Activation[] =>
    callsBetween(calls, resize.first, end);
  const scans = scansBetween(context, resize.first, end).filter(
    (scan) => scan.cause === 'round' || isLastRead(scan),
  );
  const own = scans.filter((scan) => scan.device === device);
  const sync =
    own[0]?.activation ?? inside(context.of(...SYNCS)).find((a) => mayRead(context, a, device));
  if (again !== undefined && (sync === undefined || again.first < sync.first)) {
    return {
      verdict: 'pass',
      ...at,
      message: 'the device is elected again before the next sync',
      evidence: [{ line: again.line, role: 'it is elected again' }],
    };
  }
  if (sync === undefined) {
    return {
      verdict: 'inconclusive',
      ...at,
      message: 'the log is resized, and no sync is seen after it',
      missing: ['a sync after the resize, with probes vhost_log_sync and vhost_dev_sync_region'],
    };
  }
  const reader = scans.find((s) => s.of !== 'used ring' && mayShareList(context, s, resize));
  // A reader that comes only after a whole round without one does not bring back what that round missed.
  const rounds = roundsOf(
    own.filter(({ activation }) => activation.first < (reader?.activation.first ?? end)),
  );
  const early = rounds.length < 2 ? reader : undefined;
  if (early?.of === 'memory') return judgeReader(context, early, resize, sync);
  const off = inside(context.of('vhost_dev_elect_mem_logger')).find(
    (a) => a.device === device && a.enable === false && a.first < sync.first,
  );
  return judgeUnread({ context, window, resize, sync, rounds, unclear: early, off });
}

/** The last device that holds a log reads it out when it is stopped, before it is freed: vhost_log_put(). */
function isLastRead({ activation, cause }: Scan): boolean {
  return cause === 'put' && callerOf(activation, 'vhost_dev_stop') !== undefined;
}

/** Calls that show a sync; those without a device are for all of them. */
const SYNCS = ['vhost_log_sync', 'memory_global_dirty_log_sync', 'migration_bitmap_sync'] as const;

/** A sync reads nothing of a device that is stopped or does not log. */
function mayRead(context: SessionContext, sync: Activation, device: string): boolean {
  if (sync.device !== undefined && sync.device !== device) return false;
  const { run, log } = context.stateBefore(device, sync.first);
  return run.includes('started') && log.includes('on');
}

/** There is one list for each type of backend; unknown types may be the same. */
function mayShareList(context: SessionContext, scan: Scan, resize: Activation): boolean {
  const { rings } = context.run;
  const types = [rings.backendOf(scan.activation), rings.backendOf(resize)];
  return scan.device === resize.device || types.includes(undefined) || types[0] === types[1];
}

function judgeReader(
  { run }: SessionContext,
  reader: Scan,
  resize: Activation,
  sync: Activation,
): Judgement {
  const isOwn = reader.device === resize.device;
  const isKnown = isOwn || run.rings.backendOf(reader.activation) !== undefined;
  const evidence = [{ line: reader.activation.line, role: `${reader.device} scans guest memory` }];
  const isSure = isKnown && !hasGap(run, resize.first, sync.first);
  return isSure
    ? {
        verdict: 'pass',
        ...place(resize),
        message: 'guest memory is scanned after the resize',
        evidence,
      }
    : {
        verdict: 'inconclusive',
        ...place(resize),
        message:
          'guest memory is scanned after the resize, but by which type of backend is not seen',
        missing: [`probe ${probeName('op_set_features', undefined)}`],
        evidence,
      };
}

/** No scan of guest memory is seen after the resize. */
function judgeUnread(view: ResizeView): Judgement {
  const { context, resize, sync } = view;
  const { run } = context;
  const missing: string[] = [];
  if (hasGap(run, resize.first, sync.first))
    missing.push('an unbroken record from the resize to the sync');
  if (resize.altered) missing.push('a run that the debugger did not alter');
  if (run.rings.backendOf(resize) === undefined) missing.push('the backend of the device');
  if (view.unclear !== undefined)
    missing.push('rfirst= and rlast= of every vhost_dev_sync_region, with its backtrace');
  if (hasUnknownScan(view)) missing.push('the callers of vhost_dev_sync_region');
  if (hasStranger(context, resize.first, view.window.end, 'vhost_dev_sync_region'))
    missing.push('dev= of every vhost_dev_sync_region');
  const [other] = stillElected(view).filter((a) => run.rings.backendOf(a) !== undefined);
  if (missing.length === 0 && other !== undefined) {
    return {
      verdict: 'pass',
      ...place(resize),
      message: 'another device of this type is still elected',
      evidence: [{ line: other.line, role: 'it was elected here' }],
    };
  }
  const elections = unwatched(run, 'vhost_dev_elect_mem_logger', resize.first, sync.first);
  const scans = unwatched(run, 'vhost_dev_sync_region', resize.first, sync.first);
  if (missing.length === 0 && (provedByScans(view) || provedByElections(view))) return lost(view);
  if (elections.length > 0 && scans.length > 0) {
    const open = [...missing, ...unseenBetween(view)];
    if (open.length === 0) return suspected(view);
    missing.push(...open);
  }
  missing.push(...elections, ...scans);
  if (missing.length === 0)
    missing.push('two whole sync rounds after the resize, and one before it');
  return {
    verdict: 'inconclusive',
    ...place(resize),
    message: 'the log is resized, and who scans guest memory after it is not seen',
    missing: [...new Set(missing)],
  };
}

function lost(view: ResizeView): Judgement {
  const { resize, off } = view;
  const tail = readsOf(view);
  const what =
    off === undefined
      ? 'leaves nobody who scans guest memory'
      : 'takes the device off the list of memory loggers and nobody is elected again';
  return {
    verdict: 'violation',
    ...place(resize),
    message: `${nameOf(resize)} ${what}: ${tail}; what the backend writes from here on is lost, even if the migration completes`,
    expected:
      'vhost_dev_elect_mem_logger(add=true) in vhost_dev_log_resize, after its vhost_log_put',
    evidence: marksOf(view),
  };
}

/**
 * Reads of used rings by calls that the capture does not show, as uprobes without returns do not: rounds and the last
 * read are not told apart. What vhost_log_put() reads in the resize lies in front of `off`.
 */
function readsWithoutCaller({ context, resize, rounds, off }: ResizeView): readonly Scan[] {
  const last = rounds.at(-1)?.at(-1)?.activation;
  if (last === undefined) return [];
  return scansBetween(context, (off ?? resize).first, last.first).filter(
    ({ device, of, cause }) =>
      device === resize.device && of === 'used ring' && cause === 'unknown',
  );
}

function readsOf(view: ResizeView): string {
  const { rounds } = view;
  const bare = readsWithoutCaller(view);
  const total = rounds.flat().length + bare.length;
  if (bare.length > 0)
    return `none of the ${total} scans that follow is of guest memory, all are of used rings`;
  const scans = `${total} scans are all of used rings`;
  if (rounds.length > 1)
    return `none of the ${rounds.length} sync rounds that follow scans guest memory (their ${scans})`;
  const [scan] = rounds[0] ?? [];
  if (scan === undefined) return 'the sync that follows scans no guest memory';
  const what = scan.cause === 'put' ? 'last read of the log' : 'sync round that follows';
  return `the ${what} scans no guest memory (its ${scans})`;
}

function suspected(view: ResizeView): Judgement {
  const { resize } = view;
  return {
    verdict: 'violation',
    severity: 'warning',
    ...place(resize),
    message: `${nameOf(resize)} while the device logs: in QEMU 9.1 to 11.0 nobody scans guest memory after that and what the backend writes is lost; who is elected is not seen here`,
    expected: CORRECTED,
    evidence: marksOf(view),
  };
}

function nameOf({ kind, value }: Activation): string {
  return kind === 'vhost_dev_log_resize' && value !== undefined
    ? `vhost_dev_log_resize(size=${value}) in vhost_commit`
    : 'a log resize in vhost_commit';
}

/** Last scan, resize and first sync, in order of the capture; the last election where neither scans nor the resize prove that it logs. */
function marksOf(view: ResizeView): Mark[] {
  const { context, window, resize, sync, rounds, off } = view;
  const isOwn = (a: Activation): boolean => a.device === window.device;
  const isToldOn = rounds.length === 0 && isOnSince(view);
  const elected =
    provedByScans(view) || isToldOn
      ? undefined
      : context
          .of('vhost_dev_elect_mem_logger')
          .findLast((a) => isOwn(a) && a.enable === true && a.first < resize.first);
  const read = scansOf(context).findLast(
    (scan) => scan.of === 'memory' && isOwn(scan.activation) && scan.activation.first < sync.first,
  );
  const bare = readsWithoutCaller(view)[0]?.activation;
  // Without the end of the list it may be a read of the resize itself.
  const first = off === undefined ? undefined : bare;
  const ordinal = bare === undefined || first !== undefined ? 'the first' : 'a';
  const marks: (Mark | undefined)[] = [
    mark(elected, 'the last election'),
    mark(off, 'vhost_log_put takes the device off the list'),
    mark(read?.activation, 'the last scan of guest memory'),
    mark(
      first ?? sync,
      rounds.length > 0
        ? `${ordinal} read after the resize: a used ring, no guest memory`
        : 'the first sync after the resize',
    ),
  ];
  return marks.filter((m) => m !== undefined).sort((a, b) => a.line - b.line);
}

function mark(activation: Activation | undefined, role: string): Mark | undefined {
  return activation === undefined ? undefined : { line: activation.line, role };
}
