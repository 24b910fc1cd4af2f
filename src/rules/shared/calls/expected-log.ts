/**
 * What `dev->log_enabled` must be at a device start, where the capture proves it.
 *
 * Only vhost_migration_log() changes the flag, besides vhost_dev_init(), which clears it. So the flag
 * is that of the last log start or stop, unless that log start failed or the device was cleaned up
 * and made anew unseen (reconnect). Both are ruled out by what comes later: dirty tracking is global,
 * and as long as it is on, a new device is told so at its registration (listener_add_address_space()),
 * which would be seen as one more log start. A log *stop* as the next thing to reach the device
 * therefore proves that it was registered and logging all the time.
 */
import { versionsIn } from '../../../flows/run.js';
import { callsOf } from './device-calls.js';
import { passes, successOf } from './log-passes.js';
import { lastToggle, nextToggle, unwatchedToggles } from './log-toggles.js';
import { below, callerOf, hasGap, hasStranger, lastBefore, unwatched } from './queries.js';
import type { Pass } from './log-passes.js';
import type { Toggle } from './log-toggles.js';
import { isFailed } from './undone-pass.js';
import type { Activation } from '../../../flows/activations/activation.js';
import type { Mark, SessionContext } from '../../rule.js';

export interface ExpectedLog {
  /** The proven flag, undefined when the capture cannot tell. */
  readonly flag: boolean | undefined;
  /** What the last log start or stop that is seen asked for, whatever came of it; undefined where none is. */
  readonly asked?: boolean;
  /** True when the flag is known only well enough to confirm a match, not to convict a mismatch. */
  readonly onlyConfirms: boolean;
  readonly evidence: readonly Mark[];
  readonly missing: readonly string[];
}

/** The first version whose log stop callbacks come only when tracking really was on. */
const PAIRED_STOPS = 602;

export function expectedLog(
  context: SessionContext,
  device: string,
  start: Activation,
): ExpectedLog {
  const previous = lastToggle(context, device, start.first);
  const next = nextToggle(context, device, start.first);
  const zeroed = lastBefore(
    callsOf(context, device, 'vhost_dev_init', 'vhost_dev_cleanup'),
    start.first,
  );
  if (zeroed !== undefined && zeroed.first > (previous?.activation.first ?? -1)) {
    return afterZeroing(context, zeroed, start);
  }
  if (previous === undefined) return beforeFirstToggle(context, next, start);
  return previous.enable
    ? afterLogStart(context, device, previous, next, start)
    : afterLogStop(context, previous, start);
}

/** What keeps the time between two steps from being known in full. */
function doubtsBetween(context: SessionContext, from: number, to: number, since: string): string[] {
  const { run } = context;
  const missing = unwatchedToggles(context, from, to);
  if (hasGap(run, from, to)) missing.push(`an unbroken record since ${since}`);
  if (hasStranger(context, from, to, ...CHANGES)) {
    missing.push(
      'listener= of every log start and stop, hdev= of every vhost_dev_init and vhost_dev_cleanup',
    );
  }
  return missing;
}

/** Functions that change `log_enabled`. */
const CHANGES = [
  'vhost_log_global_start',
  'vhost_log_global_stop',
  'vhost_migration_log',
  'vhost_dev_init',
  'vhost_dev_cleanup',
] as const;

function unknown(...missing: readonly string[]): ExpectedLog {
  return { flag: undefined, onlyConfirms: false, evidence: [], missing };
}

function afterZeroing(context: SessionContext, zeroed: Activation, start: Activation): ExpectedLog {
  const missing = doubtsBetween(context, zeroed.first, start.first, zeroed.func);
  // Its registration may have switched logging on before the capture began.
  if (zeroed.kind === 'vhost_dev_init' && !zeroed.entered)
    missing.push('the entry of vhost_dev_init');
  if (missing.length > 0) return unknown(...missing);
  return {
    flag: false,
    onlyConfirms: false,
    evidence: [
      { line: zeroed.line, role: `${zeroed.func} clears the flag, and no log start follows` },
    ],
    missing: [],
  };
}

/** What began before the capture is not known; in a process that begins in it, the making of the device tells. */
const BEFORE_START =
  'the log start or stop before this start, or vhost_dev_init of the device, which clears the flag';

/** A log start that goes on to its work proves that the flag was off up to then. */
function beforeFirstToggle(
  { run }: SessionContext,
  next: Toggle | undefined,
  start: Activation,
): ExpectedLog {
  if (next?.enable !== true || !doesWork(next) || hasGap(run, start.first, next.activation.first)) {
    return unknown(BEFORE_START);
  }
  return {
    flag: false,
    onlyConfirms: true,
    evidence: [{ line: next.activation.line, role: 'the first log start finds the flag off' }],
    missing: [BEFORE_START],
  };
}

function afterLogStop(context: SessionContext, previous: Toggle, start: Activation): ExpectedLog {
  const { activation } = previous;
  const missing = doubtsBetween(context, activation.first, start.first, 'the log stop');
  if (activation.altered) missing.push('a run that the debugger did not alter');
  if (missing.length > 0) return { ...unknown(...missing), asked: false };
  return {
    flag: false,
    onlyConfirms: false,
    evidence: [{ line: activation.line, role: 'the last log stop: the flag is off since then' }],
    missing: [],
  };
}

function afterLogStart(
  context: SessionContext,
  device: string,
  previous: Toggle,
  next: Toggle | undefined,
  start: Activation,
): ExpectedLog {
  const { activation } = previous;
  const failed = failedPass(context, device, previous);
  if (failed !== undefined) return afterFailure(context, failed, start);
  const isKept = next !== undefined && !next.enable && provesTracking(context, next);
  const until = isKept ? next.activation.first : start.first;
  const missing = doubtsBetween(context, activation.first, until, 'the log start');
  if (activation.altered) missing.push('a run that the debugger did not alter');
  const evidence: Mark[] = [
    { line: activation.line, role: 'the last log start: the flag is on since then' },
  ];
  if (isKept) {
    evidence.push({
      line: next.activation.line,
      role: 'the next log stop: until here dirty tracking was on',
    });
  } else {
    const success = logStartSuccess(context, device, previous);
    if (success === undefined) missing.push('proof that the log start succeeded');
    else evidence.push(success);
    // A next log start that has work to do finds the flag off: something cleared it unseen.
    const isCleared = next?.enable === true && doesWork(next);
    const isSame =
      isSameDeviceSince(context, device, previous, start) ||
      hasRunSince(context, device, previous, start);
    if (isCleared || !isSame) {
      const stop = 'the log stop after this start';
      missing.push(isSame ? stop : `${stop}, or probe vhost_dev_init`);
    }
  }
  if (missing.length > 0) return { ...unknown(...missing), evidence, asked: true };
  return { flag: true, onlyConfirms: false, evidence, missing: [] };
}

/** Up to 6.1 a migration that fails early calls the log stop without a start; real work proves it there. */
function provesTracking({ run, session }: SessionContext, stop: Toggle): boolean {
  if (versionsIn(run, session).atLeast >= PAIRED_STOPS) return true;
  return below(stop.activation, 'vhost_dev_set_log', 'vhost_log_put').length > 0;
}

/** The toggle goes past the early exits of vhost_migration_log(). */
function doesWork({ activation }: Toggle): boolean {
  return below(activation, 'vhost_dev_log_resize', 'vhost_dev_set_log').length > 0;
}

/** The pass of a log start. */
function passIn(context: SessionContext, device: string, { activation }: Toggle): Pass | undefined {
  return passes(context, true).find(
    (p) => p.device === device && callerOf(p.activation, activation.kind) === activation,
  );
}

function failedPass(context: SessionContext, device: string, toggle: Toggle): Pass | undefined {
  const pass = passIn(context, device, toggle);
  return pass !== undefined && isFailed(pass) ? pass : undefined;
}

/** Logging is off then, unless a vhost-user backend has disconnected. */
function afterFailure(
  context: SessionContext,
  { activation }: Pass,
  start: Activation,
): ExpectedLog {
  const missing = doubtsBetween(context, activation.first, start.first, 'the log start');
  if (missing.length > 0) return { ...unknown(...missing), asked: true };
  return {
    flag: false,
    onlyConfirms: true,
    evidence: [{ line: activation.line, role: 'the last log start, which fails' }],
    missing: ['proof that the log start succeeded'],
  };
}

function logStartSuccess(
  context: SessionContext,
  device: string,
  toggle: Toggle,
): Mark | undefined {
  const { run } = context;
  const pass = passIn(context, device, toggle);
  if (pass !== undefined) return successOf(run, pass);
  const { activation } = toggle;
  const watched = run.probes.watching(
    'vhost_dev_set_log',
    activation.first,
    activation.closed ?? activation.last,
  );
  // Of a call without a stack, and without a return of its own, nobody knows what it called.
  const worked =
    !activation.stackKnown ||
    below(activation, 'vhost_dev_log_resize', 'vhost_dev_set_log').length > 0;
  if (activation.closed === undefined || watched === undefined || worked || !activation.entered)
    return undefined;
  return { line: activation.line, role: 'a log start of a stopped device only sets the flag' };
}

/** The device cannot have been cleaned up and made anew between the log start and this start. */
function isSameDeviceSince(
  context: SessionContext,
  device: string,
  toggle: Toggle,
  start: Activation,
): boolean {
  const { run } = context;
  const from = toggle.activation.first;
  const isWatched = (['vhost_dev_init', 'vhost_dev_cleanup'] as const).some(
    (kind) => run.probes.watching(kind, from, start.first) !== undefined,
  );
  if (isWatched) return true;
  // As long as one migration thread runs, tracking stays on, and a new device would be told so.
  const thread = callerOf(toggle.activation, 'migration_thread');
  return (
    thread?.thread !== undefined &&
    thread.last > start.first &&
    thread.session === start.session &&
    device !== ''
  );
}

/**
 * A vring that starts again is of a device that runs: where the log start found it running and no other start is seen,
 * it has run ever since. Source: hw/net/vhost_net.c, vhost_net_virtqueue_restart().
 */
function hasRunSince(
  context: SessionContext,
  device: string,
  toggle: Toggle,
  { kind, first: to }: Activation,
): boolean {
  const { first: from } = toggle.activation;
  return (
    kind === 'vhost_virtqueue_start' &&
    doesWork(toggle) &&
    unwatched(context.run, 'vhost_dev_start', from, to).length === 0 &&
    !hasStranger(context, from, to, 'vhost_dev_start') &&
    !callsOf(context, device, 'vhost_dev_start').some(({ first }) => first > from && first < to)
  );
}
