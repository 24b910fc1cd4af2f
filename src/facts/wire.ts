/**
 * System calls, vhost-user messages and calls in the kernel → protocol facts.
 *
 * Pure. Records that say nothing about the protocol give no fact. Tables: ioctls.ts, requests.ts.
 */
import type { KernelEvent, SystemCall, VhostUserMessage } from '../model/record.js';
import type { WireFact } from './step.js';
import { kernelFact } from './wire-kernel.js';
import { messageFact } from './wire-message.js';
import { syscallFact } from './wire-syscall.js';

/** What a record means, or undefined. */
export function wireFact(
  record: KernelEvent | SystemCall | VhostUserMessage,
): WireFact | undefined {
  switch (record.kind) {
    case 'syscall':
      return syscallFact(record);
    case 'message':
      return messageFact(record);
    case 'kernel-event':
      return kernelFact(record);
  }
}
