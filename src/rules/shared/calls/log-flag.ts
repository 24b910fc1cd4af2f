/**
 * `dev->log_enabled` of a device at some step: what the replay knows, and where that leaves it open, what
 * the last log start or stop left behind.
 *
 * The replay must take a device whose life is not watched for one that may have been made anew with its
 * flag off. A device that is certainly registered all the time was not.
 */
import type { Activation } from '../../../flows/activations/activation.js';
import { hasGap } from '../../../flows/run.js';
import { known } from '../../../protocol/replay.js';
import { mark, marksOfState, toggleMark } from '../marks.js';
import type { Mark, SessionContext } from '../../rule.js';
import { lifeAt, registrationDoubts } from '../device-lives.js';
import type { Life } from '../device-lives.js';
import { passOf, successOf } from './log-passes.js';
import { lastToggle, unwatchedToggles } from './log-toggles.js';
import { below, hasStranger } from './queries.js';

export function logFlagAt(
  context: SessionContext,
  device: string,
  step: number,
): 'on' | 'off' | undefined {
  const flag = known(context.stateBefore(device, step).log);
  if (flag !== undefined) return flag;
  const life = lifeAt(context, 'calls', device, step);
  return life === undefined ? undefined : flagOfLife(context, life, step);
}

/** What leaves the flag as {@link logFlagAt} tells it. */
export function logFlagMarks(
  context: SessionContext,
  device: string,
  step: number,
): readonly Mark[] {
  const certain = marksOfState(context, device, step, 'log');
  if (certain.length > 0) return certain;
  const last = lastToggle(context, device, step);
  const start = lifeAt(context, 'calls', device, step)?.start;
  return last === undefined || last.activation.first <= (start?.step ?? -1)
    ? mark(start, 'the start of the device')
    : toggleMark(last);
}

function flagOfLife(context: SessionContext, life: Life, step: number): 'on' | 'off' | undefined {
  const { run } = context;
  const { device, start } = life;
  const doubts = [
    ...registrationDoubts(context, 'calls', life, step),
    ...unwatchedToggles(context, start.step, step),
  ];
  if (doubts.length > 0 || hasStranger(context, start.step, step, ...TOGGLES)) return undefined;
  const last = lastToggle(context, device, step);
  if (last === undefined || last.activation.first <= start.step)
    return flagOfStart(start.activation);
  if (last.enable) return hasWorked(context, last.activation) ? 'on' : undefined;
  // A log stop clears the flag even if it fails (5.2 and later), or ends the process.
  const { closed, altered, first } = last.activation;
  const isOver = closed !== undefined && closed <= step && !altered && !hasGap(run, first, step);
  return isOver ? 'off' : undefined;
}

const TOGGLES = ['vhost_log_global_start', 'vhost_log_global_stop', 'vhost_migration_log'] as const;

function flagOfStart(start: Activation | undefined): 'on' | 'off' | undefined {
  const features = start?.children.find(({ kind }) => kind === 'vhost_dev_set_features');
  if (features?.enable === undefined) return undefined;
  return features.enable ? 'on' : 'off';
}

/** The log start is known to have succeeded. */
function hasWorked(context: SessionContext, toggle: Activation): boolean {
  const own = below(toggle, 'vhost_dev_set_log')[0];
  const pass = own === undefined ? undefined : passOf(context, own);
  return pass?.enable === true && successOf(context.run, pass) !== undefined;
}
