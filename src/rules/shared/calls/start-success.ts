/** What shows that a device start has succeeded, where what it returned is not seen. */
import { callerOf } from '../../../flows/activations/activation.js';
import type { Activation } from '../../../flows/activations/activation.js';
import type { Mark, SessionContext } from '../../rule.js';
import { isOfAnotherThread, nextOf, unwatched } from './queries.js';

/** A line that shows it, and the step at which all that belongs to the start has to be there. */
export interface StartSuccess extends Mark {
  readonly step: number;
}

/** Work behind a start that only a started device does. */
export function workOfStarted(
  context: SessionContext,
  start: Activation,
): StartSuccess | undefined {
  const calls = context.of(
    'vhost_dev_start',
    'vhost_dev_stop',
    'vhost_dev_init',
    'vhost_dev_cleanup',
    'vhost_dev_set_log',
    'vhost_dev_log_resize',
  );
  const next = nextOf(calls, start);
  // A call that does not show its device may be a stop or another start of this one.
  if (next?.device === undefined) return undefined;
  // What a start that failed has left stopped is not stopped with the VM.
  const isOfVm =
    next.kind === 'vhost_dev_stop' && callerOf(next, 'vm_state_notify')?.enable === false;
  if (!isOfVm && next.kind !== 'vhost_dev_set_log' && next.kind !== 'vhost_dev_log_resize')
    return undefined;
  // Another thread gets the big lock only when the start has given it back; in its own it may be a nested main loop.
  const isOver = start.closed !== undefined || isOfAnotherThread(next, start);
  const isSeen = unwatched(context.run, 'vhost_dev_start', start.first, next.first).length === 0;
  return isOver && isSeen
    ? { step: next.first, line: next.line, role: 'only a started device gets here' }
    : undefined;
}
