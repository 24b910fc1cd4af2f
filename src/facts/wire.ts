/**
 * System calls, vhost-user messages and calls in the kernel → protocol facts.
 *
 * Pure. Records that say nothing about the protocol give no fact. Tables: ioctl-numbers.ts, wire-kernel.ts.
 */
import type { KernelEvent, SystemCall, VhostUserMessage } from '../model/record.js';
import type { WireFact } from './step.js';
import { kernelFact } from './wire-kernel.js';

/** What a record means, or undefined. */
export function wireFact(
  record: KernelEvent | SystemCall | VhostUserMessage,
): WireFact | undefined {
  switch (record.kind) {
    case 'syscall':
    case 'message':
      return undefined;
    case 'kernel-event':
      return kernelFact(record);
  }
}
