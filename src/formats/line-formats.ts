/**
 * The formats that claim a line before others see it, in the order in which it is offered. Not among them are gdb's
 * command line and QEMU's log lines, which line-reader.ts reads itself, notes (note-formats.ts), and the file of QEMU's
 * simple backend, which has no lines (simple-file.ts).
 */
import { createAssertions } from './qemu/assertions.js';
import { createErrorReports } from './qemu/error-reports.js';
import type { Doubts } from './doubts.js';
import { createDmesg } from './kernel/dmesg.js';
import { createDpdk } from './wire/dpdk.js';
import { createPrintedValues } from './gdb/printed-value.js';
import type { EventTable } from './qemu/event-table.js';
import { createForeignStack } from './stacks/foreign-stack.js';
import { createFtrace } from './kernel/ftrace.js';
import { createGdbMi } from './gdb-mi/gdb-mi.js';
import { createPerf } from './kernel/perf.js';
import { createProbeLines } from './gdb/probe-lines.js';
import { createLibvirtLog } from './qemu/libvirt-log.js';
import { createLibvhostUser } from './wire/libvhost-user.js';
import type { LineFormat } from './line-format.js';
import { createLttng } from './qemu/lttng.js';
import { createSimpletraceText } from './qemu/simpletrace-text.js';
import { createStrace } from './wire/strace.js';

/** One new object of each: they remember what they read. `events`: those whose arguments are known; `doubts`: of records that are given out. */
export function createLineFormats(events: EventTable, doubts: Doubts): readonly LineFormat[] {
  return [
    createGdbMi(),
    createPrintedValues(),
    createProbeLines(),
    createStrace(),
    createLibvhostUser(),
    // Its clock may look like that of the kernel's messages.
    createDpdk(),
    createFtrace(events, doubts),
    createPerf(doubts),
    createDmesg(),
    createForeignStack(),
    createLibvirtLog(),
    createAssertions(),
    createErrorReports(),
    createSimpletraceText(events),
    createLttng(events),
  ];
}
