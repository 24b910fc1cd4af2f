/** Every format that is told by its own lines, in the order in which a line is offered. */
import { createDmesg } from './dmesg.js';
import { createDpdk } from './dpdk.js';
import { createForeignStack } from './foreign-stack.js';
import { createFtrace } from './ftrace.js';
import { createGdbMi } from './gdb-mi.js';
import { createLibvhostUser } from './libvhost-user.js';
import type { LineFormat } from './line-format.js';
import { createStrace } from './strace.js';

/** One new object of each: they remember what they read. */
export function createLineFormats(): readonly LineFormat[] {
  return [
    createGdbMi(),
    createStrace(),
    createLibvhostUser(),
    // Its clock may look like that of the kernel's messages.
    createDpdk(),
    createFtrace(),
    createDmesg(),
    createForeignStack(),
  ];
}
