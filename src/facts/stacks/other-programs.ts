/**
 * Functions of other programs whose names QEMU has, too: a backend's library and the kernel name what they do on
 * their side of the protocol alike. Only what tells them for certain counts, for a call of QEMU must not be lost.
 *
 * Sources: DPDK lib/vhost/vhost_user.c (lib/librte_vhost/ up to 20.11): vhost_user_set_features() and its like, all
 *          called by vhost_user_msg_handler() with the message; SPDK lib/vhost/; Linux drivers/vhost/vhost.c:
 *          vhost_dev_init(), vhost_dev_stop(), vhost_dev_cleanup(), and drivers/vhost/vdpa.c.
 */
import type { BreakpointSet, Frame } from '../../model/record.js';

/** `vhost_user.c` alone is as gdb prints it by `set filename-display basename`; QEMU's is vhost-user.c. */
const SOURCE =
  /(?:^|\/)(?:lib\/(?:librte_)?vhost(?:\/rte_vhost)?|drivers\/vhost)\/[^/]+$|^vhost_user\.c$/;

const LIBRARY = /(?:^|\/)librte_vhost\.so/;

/** The upper half of the address space is the kernel's, on x86-64, arm64 and riscv64 alike. */
const OF_KERNEL = /^0xffff[0-9a-f]{12}$/;

/** What members of QEMU's VhostOps are not given: the message that is being answered, and who holds the device. */
const OF_HANDLER: ReadonlySet<string> = new Set(['pdev', 'msg', 'ctx']);

/** DPDK handles a message in it: what it calls is DPDK's, too. */
const HANDLER = 'vhost_user_msg_handler';

/** It is not QEMU's, whatever its name. */
export function isOfOtherProgram({ func, address, file, lib, args = [] }: Frame): boolean {
  if (file !== undefined && SOURCE.test(file)) return true;
  if (lib !== undefined && LIBRARY.test(lib)) return true;
  if (address !== undefined && OF_KERNEL.test(address)) return true;
  const [first] = args;
  if (first?.value !== undefined && OF_KERNEL.test(first.value)) return true;
  return func.startsWith('vhost_user_') && args.some(({ name }) => OF_HANDLER.has(name));
}

/** How many of the innermost frames are below DPDK's handler of messages. */
export function framesOfHandler(frames: readonly Frame[]): number {
  return frames.findLastIndex(({ func }) => func === HANDLER) + 1;
}

/** A breakpoint in another program's source watches no function of QEMU. */
export function ownBreakpoint(set: BreakpointSet): BreakpointSet {
  const isOther = set.file !== undefined && SOURCE.test(set.file);
  return isOther && set.func !== undefined ? { ...set, func: undefined } : set;
}
