/**
 * System calls, vhost-user messages and calls in the kernel → protocol facts.
 *
 * Pure. Records that say nothing about the protocol give no fact. Tables: ioctls.ts, requests.ts.
 */
import type { KernelEvent, SystemCall, VhostUserMessage } from '../../model/record.js';
import { CommandWords } from './ioctls.js';
import type { WireFact } from '../step.js';
import { kernelFact } from './kernel.js';
import { messageFact } from './message.js';
import { syscallFact } from './syscall.js';

/** What a record means, or undefined. `words` has read those of the records before. */
export function wireFact(
  record: KernelEvent | SystemCall | VhostUserMessage,
  words = new CommandWords(),
): WireFact | undefined {
  switch (record.kind) {
    case 'syscall':
      return syscallFact(record, words);
    case 'message':
      return messageFact(record);
    case 'kernel-event':
      return kernelFact(record, words);
  }
}
