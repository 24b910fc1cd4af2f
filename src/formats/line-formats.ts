/** Every format that is told by its own lines, in the order in which a line is offered. */
import { createDmesg } from './dmesg.js';
import { createDpdk } from './dpdk.js';
import type { EventTable } from './event-table.js';
import { createForeignStack } from './foreign-stack.js';
import { createFtrace } from './ftrace.js';
import { createGdbMi } from './gdb-mi.js';
import { createLibvhostUser } from './libvhost-user.js';
import type { LineFormat } from './line-format.js';
import { createLttng } from './lttng.js';
import { createSimpletrace } from './simpletrace.js';
import { createStrace } from './strace.js';

/** One new object of each: they remember what they read. `events`: those whose arguments are known. */
export function createLineFormats(events: EventTable): readonly LineFormat[] {
  return [
    createGdbMi(),
    createStrace(),
    createLibvhostUser(),
    // Its clock may look like that of the kernel's messages.
    createDpdk(),
    createFtrace(events),
    createDmesg(),
    createForeignStack(),
    createSimpletrace(events),
    createLttng(events),
  ];
}
