import type { Activation } from '../flows/activations/activation.js';
import { known } from '../protocol/replay.js';
import { missingLogFlag } from './shared/calls/device-calls.js';
import { passes, successOf } from './shared/calls/log-passes.js';
import {
  hasNoDirection,
  togglesOf,
  unshownDirection,
  unwatchedToggles,
} from './shared/calls/log-toggles.js';
import { below, hasGap, hasStranger, place, unwatched } from './shared/calls/queries.js';
import { isFailed } from './shared/calls/undone-pass.js';
import type { Pass } from './shared/calls/log-passes.js';
import type { Toggle } from './shared/calls/log-toggles.js';
import { mark, marksOfState, toggleMark } from './shared/marks.js';
import type { Judgement, Mark, Rule, SessionContext } from './rule.js';

/** vhost_migration_log() leaves a stopped device alone, and one that logs already as asked. */
export const lsEarlyExit: Rule = {
  info: {
    id: 'LS-EARLY-EXIT',
    title: 'a log toggle leaves alone a device that is stopped, or that logs as asked',
    severity: 'error',
    impact: 'odd',
    backends: ['kernel', 'user', 'vdpa'],
    versions: '2.12 - 11.1',
    needs: [
      'what vhost_migration_log does, and the state of the device before it: its starts and stops, and every earlier log toggle',
    ],
    why: 'The backend of a stopped device is told to log, or the log of a device that logs is replaced: dirty bits of the old one may be lost.',
    probes: [
      'vhost_dev_start',
      'vhost_dev_stop',
      'vhost_migration_log',
      'vhost_dev_set_log',
      'return of vhost_dev_set_log',
    ],
    remedy: 'Compare the first two tests of vhost_migration_log() of that QEMU with upstream.',
    exceptions: [
      'a device whose start is under way counts as started',
      'a log start that failed leaves logging off',
    ],
    sources: ['QEMU hw/virtio/vhost.c vhost_migration_log()'],
  },
  passesAtEntry: true,
  triggers: [],
  *sequence(context) {
    for (const device of new Set(context.of('vhost_migration_log').map((a) => a.device))) {
      if (device === undefined) continue;
      let before: Toggle | undefined;
      for (const toggle of togglesOf(context, device)) {
        const [work] = below(toggle.activation, ...WORK);
        if (work !== undefined) yield judge(context, toggle, work, before);
        before = toggle;
      }
    }
    for (const call of context.of('vhost_migration_log'))
      if (hasNoDirection(call)) yield unshownDirection(call);
  },
};

/** What only a toggle does that got past its early exits. */
const WORK = ['vhost_dev_log_resize', 'vhost_dev_set_log', 'vhost_log_put'] as const;

function judge(
  context: SessionContext,
  { activation, enable }: Toggle,
  work: Activation,
  before: Toggle | undefined,
): Judgement {
  const at = place(work);
  const name = `vhost_migration_log(${String(enable)})`;
  const state = context.stateBefore(activation.device ?? '', activation.first);
  if (known(state.run) === 'stopped') {
    return verdictOn(context, activation, work, {
      message: `${name} goes on to ${work.func} although the device is stopped`,
      missing: [],
      evidence: [],
    });
  }
  const log = known(state.log);
  const hasTaken = before !== undefined && !hasFailed(context, before);
  const isSameLife =
    before !== undefined && !(enable && isStartedSince(context, before, activation));
  if (before?.enable === enable && hasTaken && (isSameLife || log === 'on')) {
    const asked = enable ? 'on' : 'off';
    return verdictOn(context, activation, work, {
      message: `${name} goes on to ${work.func} although logging is ${asked}`,
      missing: doubtsSince(context, before, activation),
      evidence: [{ line: before.activation.line, role: `logging is ${asked} since this toggle` }],
    });
  }
  const isToggledBefore = before !== undefined && (before.enable !== enable || !hasTaken);
  // That a toggle between is not shown is likelier than a QEMU that takes no early exit.
  if (before === undefined && log === (enable ? 'on' : 'off')) {
    return {
      verdict: 'inconclusive',
      ...at,
      message: `${name} goes on to ${work.func}, and by what is shown logging is ${log} already`,
      missing: ['the log toggle before it'],
    };
  }
  return log === undefined && !isToggledBefore
    ? {
        verdict: 'inconclusive',
        ...at,
        message: `whether ${name} had anything to do is not known`,
        missing: missingLogFlag(context, activation.device ?? '', activation.first),
      }
    : {
        verdict: 'pass',
        ...at,
        message: `${name} has something to do`,
        seenAt: () => [
          ...mark(activation, 'the log toggle begins here'),
          ...marksOfState(context, activation.device ?? '', activation.first, 'run', 'log'),
          ...(isToggledBefore ? toggleMark(before) : []),
        ],
      };
}

/** What leaves room for another state of logging than the toggle before left. */
function doubtsSince(context: SessionContext, before: Toggle, toggle: Activation): string[] {
  const { run } = context;
  const [from, to] = [before.activation.first, toggle.first];
  const missing = unwatchedToggles(context, from, to);
  if (!isEntered(before.activation) || before.activation.altered)
    missing.push('the toggle before it');
  // One that may still run may be this one: a stack without its stop line can be of the same thread.
  if ((before.activation.closed ?? Infinity) > to) missing.push('the end of the toggle before');
  if (hasGap(run, from, to)) missing.push('an unbroken record since the toggle before');
  if (hasStranger(context, from, to, ...CHANGES)) missing.push('the device of every call');
  if (!before.enable) return missing;
  // A device that was cleaned up and made anew does not log; it would have been started again.
  missing.push(...unwatched(run, 'vhost_dev_start', from, to));
  if (isStartedSince(context, before, toggle))
    missing.push('that the device is the same: no start in between');
  const pass = passOf(context, before.activation);
  if (pass === undefined || successOf(run, pass) === undefined) {
    missing.push('proof that the toggle before succeeded');
  }
  return missing;
}

/** What the device is told at its start counts then: at the same address it may have been made anew, with its flag off. */
function isStartedSince(context: SessionContext, before: Toggle, toggle: Activation): boolean {
  return context
    .of('vhost_dev_start', 'vhost_dev_init', 'vhost_dev_cleanup')
    .some(
      ({ device, first }) =>
        device === toggle.device && first > before.activation.first && first < toggle.first,
    );
}

const CHANGES = [
  'vhost_log_global_start',
  'vhost_log_global_stop',
  'vhost_migration_log',
  'vhost_dev_set_log',
  'vhost_dev_start',
] as const;

/** The pass of vhost_dev_set_log(true) inside a log start. */
function passOf(context: SessionContext, toggle: Activation): Pass | undefined {
  const byToggle = context.once('pass of each log start', () => {
    const found = new Map<Activation, Pass>();
    for (const pass of passes(context, true)) {
      for (let a = pass.activation.parent; a !== undefined; a = a.parent) found.set(a, pass);
    }
    return found;
  });
  const pass = byToggle.get(toggle);
  return pass?.device === toggle.device ? pass : undefined;
}

/** It is known to have come to nothing. */
function hasFailed(context: SessionContext, toggle: Toggle): boolean {
  const pass = toggle.enable ? passOf(context, toggle.activation) : undefined;
  return pass !== undefined && isFailed(pass);
}

/** The callback of the memory core, or the one vhost_migration_log() in it: two would be of two callbacks. */
function isEntered(toggle: Activation): boolean {
  const inner = below(toggle, 'vhost_migration_log');
  return toggle.entered || (inner.length === 1 && inner.every(({ entered }) => entered));
}

function verdictOn(
  { run }: SessionContext,
  toggle: Activation,
  work: Activation,
  found: { message: string; missing: readonly string[]; evidence: readonly Mark[] },
): Judgement {
  const at = place(work);
  const { message } = found;
  const missing = [...found.missing];
  if (!isEntered(toggle)) missing.push(`the entry of ${toggle.func}`);
  if (hasGap(run, toggle.first, work.first)) missing.push('an unbroken record of the log toggle');
  if (missing.length > 0) return { verdict: 'inconclusive', ...at, message, missing };
  return {
    verdict: 'violation',
    ...at,
    message,
    expected: 'vhost_migration_log returns without a call to the backend',
    evidence: [{ line: toggle.line, role: 'the log toggle begins here' }, ...found.evidence],
  };
}
