/** The tap of a vhost-net device, which VHOST_NET_SET_BACKEND gives to the kernel and takes away. */
import { failureIn } from '../../../flows/activations/activation.js';
import type { Activation } from '../../../flows/activations/activation.js';
import { bigintOf } from '../../../model/values.js';
import type { Judgement, SessionContext } from '../../rule.js';
import { doubts } from './queries.js';

/** Calls that can show the device outside of its stop, and those that detach it. */
export const ANCHORS = [
  'vhost_dev_start',
  'vhost_dev_set_features',
  'vhost_virtqueue_start',
  'vhost_virtqueue_set_addr',
  'vhost_migration_log',
  'vhost_log_global_start',
  'vhost_log_global_stop',
  'vhost_log_sync',
  'vhost_commit',
  'op_net_set_backend',
] as const;

/** `print *file` shows the fd of a tap; -1 takes it away. */
export function attaches({ printed }: Activation): boolean {
  return (bigintOf(printed?.get('fd')) ?? -1n) >= 0n;
}

/** The vring of a call, as the kernel counts, where `print *file`, or `print *ring`, shows it. */
export function vringOf({ printed }: Activation): bigint | undefined {
  return bigintOf(printed?.get('index'));
}

const WRAPPER = 'vhost_net_set_backend';
const OP = 'vhost_kernel_net_set_backend';

/**
 * What is wrong with a call that has to take the tap away before `what` goes on: it gives one, it fails, which QEMU
 * asserts it does not (hw/net/vhost_net.c vhost_net_stop_one(), vhost_net_virtqueue_reset()), or it never comes to the
 * kernel. Undefined where none of that is seen.
 */
export function faultOfDetach(
  context: SessionContext,
  detach: Activation,
  what: string,
): Judgement | undefined {
  const { func, line, first } = detach;
  const at = { device: detach.device, step: first, line };
  if (attaches(detach)) {
    const fd = detach.printed?.get('fd') ?? '';
    return {
      verdict: 'violation',
      ...at,
      message: `${func} in ${what} gives the kernel a tap instead of taking it away`,
      expected: `${func} with fd=-1`,
      evidence: [{ line, role: `fd=${fd}` }],
    };
  }
  const failed = failureIn(detach);
  if (failed?.result !== undefined) {
    const message = `${failed.func} returns ${failed.result.value}, and ${what} goes on`;
    if (detach.altered || failed.altered) {
      const missing = ['a run that the debugger did not alter'];
      return { verdict: 'inconclusive', ...at, message, missing };
    }
    return {
      verdict: 'violation',
      ...at,
      message,
      expected: `${func} takes the tap away, or QEMU aborts: it asserts that the call succeeds`,
      evidence: [{ line: failed.result.line, role: 'the vring is not detached' }],
    };
  }
  const missing = unsent(context, detach);
  if (missing === undefined) return undefined;
  const message = `${WRAPPER} in ${what} calls no ${OP}: the kernel keeps the tap`;
  if (missing.length > 0) return { verdict: 'inconclusive', ...at, message, missing };
  return { verdict: 'violation', ...at, message, expected: `${OP} below ${WRAPPER}` };
}

/**
 * vhost_net_set_backend() does nothing but call the op of the backend (hw/virtio/vhost.c). Missing-list entries where one
 * is not seen to, undefined where it does or its op may go by unseen.
 */
function unsent(context: SessionContext, detach: Activation): string[] | undefined {
  const { run } = context;
  const { func, first, last, entered, session, children } = detach;
  if (func !== WRAPPER || !entered || children.some((a) => a.func === OP)) return undefined;
  const others = context
    .of('op_net_set_backend')
    .filter((a) => a.entered && a.func === OP && a.parent?.func === WRAPPER);
  if (others.length === 0) return undefined;
  const probe = run.probes
    .ofSession(session)
    .find((each) => each.func === OP && each.from <= first && last < each.until);
  if (probe === undefined) return undefined;
  // A condition of the breakpoint, which a log may not show, may leave out those that take a tap away.
  const isInSight = probe.isDeclared || others.some((a) => !attaches(a));
  return [...doubts(run, detach), ...(isInSight ? [] : [`a call of ${OP} with fd=-1`])];
}
