import type { Step } from '../facts/step.js';
import type { Run } from '../flows/run.js';
import { printedNumber } from './shared/calls/printed.js';
import { place } from './shared/calls/queries.js';
import type { Rule } from './rule.js';

/** VHOST_VRING_F_LOG, bit 0 of vhost_vring_addr.flags. Source: Linux include/uapi/linux/vhost_types.h. */
const F_LOG = 1n;

/** The log flag in the ring address must be what enable_log says. */
export const lsFlagbit: Rule = {
  info: {
    id: 'LS-FLAGBIT',
    title: 'VHOST_VRING_F_LOG is in the ring address exactly when logging is on',
    severity: 'error',
    impact: 'corrupt',
    backends: ['kernel', 'user', 'vdpa'],
    versions: '2.12 - 11.1',
    needs: [
      'the set_vring_addr op and enable_log= of vhost_virtqueue_set_addr in one backtrace',
      'print *addr (or p addr->flags at the prompt) at the stop in the op',
    ],
    why: 'Without the flag the backend does not log its writes to the used ring: the guest sees stale ring entries on the destination and the device hangs.',
    probes: ['op_set_vring_addr', 'members at op_set_vring_addr'],
    remedy: 'Look at what fills addr.flags in vhost_virtqueue_set_addr() of that QEMU.',
    exceptions: [
      'the address of a shadow virtqueue of vdpa never has the flag; it does not pass through this op',
      'a trace event of vdpa shows the flags, but not what was asked for',
    ],
    sources: [
      'QEMU hw/virtio/vhost.c vhost_virtqueue_set_addr()',
      'Linux include/uapi/linux/vhost_types.h VHOST_VRING_F_LOG',
    ],
  },
  triggers: [],
  stack: {
    of: ['op_set_vring_addr'],
    *judge(step, run) {
      const op = run.atStep[step.index]?.at(-1);
      if (op?.kind !== 'op_set_vring_addr' || op.first !== step.index) return;
      const caller = op.parent;
      const enable = caller?.kind === 'vhost_virtqueue_set_addr' ? caller.enable : undefined;
      const flags = printedNumber(op, 'flags');
      const missing: string[] = [];
      if (flags === undefined) missing.push(...missingFlags(step, run));
      if (enable === undefined) missing.push('enable_log= of vhost_virtqueue_set_addr');
      if (flags === undefined || enable === undefined) {
        const message = 'the flags of a ring address are not seen together with enable_log';
        yield { verdict: 'inconclusive', ...place(op), message, missing };
        return;
      }
      const isSet = (flags & F_LOG) !== 0n;
      const subject = { ...place(op), vring: run.rings.ringOf(op) };
      const message = `${op.func} gets flags 0x${flags.toString(16)}, VHOST_VRING_F_LOG ${isSet ? 'set' : 'not set'}, for enable_log=${String(enable)}`;
      yield isSet === enable
        ? { verdict: 'pass', ...subject, message }
        : {
            verdict: 'violation',
            ...subject,
            message,
            expected: `bit 0 of addr->flags ${enable ? 'set' : 'clear'}`,
          };
    },
  },
};

/** Behind a backtrace that has lost the line of its stop gdb may have printed what another stop is about. */
function missingFlags({ line, frameLines }: Step, run: Run): readonly string[] {
  const printed = 'print *addr at the set_vring_addr op';
  const isLost = frameLines[0] === line && showsStops(run);
  return [isLost ? `${printed}; where it is printed, the line of the stop before it` : printed];
}

const stopsOf = new WeakMap<Run, boolean>();

/** Silent breakpoints, and backtraces in notes, have no line of the stop. */
function showsStops(run: Run): boolean {
  const found = stopsOf.get(run) ?? run.steps.some(({ breakpoint }) => breakpoint !== undefined);
  stopsOf.set(run, found);
  return found;
}
