/**
 * Steps of a device start that a vhost-user backend refuses, and that QEMU goes on behind.
 *
 * Source: QEMU hw/virtio/vhost.c vhost_dev_start(), vhost_virtqueue_start(): each step ends the start when it fails;
 * hw/virtio/vhost-user.c process_message_reply(): anything but 0 is a failure.
 */
import { bigintOf } from '../../../model/values.js';
import { answerTo, asksForReply, nameOf, nextRequests } from './messages.js';
import type { Connection, Message } from './messages.js';
import type { Fault } from './vring-set-up.js';

/** What only the same start goes on with. */
const NEXT: ReadonlyMap<string, string> = new Map([
  ['SET_FEATURES', 'SET_VRING_NUM'],
  ['SET_MEM_TABLE', 'SET_VRING_NUM'],
  ['SET_VRING_NUM', 'SET_VRING_BASE'],
  ['SET_VRING_BASE', 'SET_VRING_ADDR'],
  ['SET_VRING_ADDR', 'SET_VRING_KICK'],
]);

export function* refusedSteps(
  connection: Connection,
  requests: readonly Message[],
): Generator<Fault> {
  const { messages } = connection;
  for (const step of requests) {
    const following = NEXT.get(step.name);
    if (following === undefined || asksForReply(step) !== true) continue;
    const index = messages.indexOf(step);
    const answer = answerTo(messages, index);
    const isRefused = (bigintOf(answer?.payload.u64) ?? 0n) !== 0n;
    if (answer === undefined || !isRefused) continue;
    const [second, third] = nextRequests(messages, index, 2);
    // Alone, the memory table behind features may be of a change of memory behind a log start.
    const isMemory = step.name === 'SET_FEATURES' && second?.name === 'SET_MEM_TABLE';
    const next = isMemory ? third : second;
    if (next?.name !== following || (next.vring ?? step.vring) !== (step.vring ?? next.vring))
      continue;
    yield {
      at: next,
      ...(step.vring === undefined ? {} : { vring: step.vring }),
      message: `${nameOf(connection)} refuses ${step.name}, and ${next.name} follows`,
      expected: 'the end of the device start, and its undoing',
      evidence: [
        { line: step.line, role: 'the step that fails' },
        { line: answer.line, role: 'the answer of the backend' },
      ],
      from: step,
      to: next,
    };
  }
}
