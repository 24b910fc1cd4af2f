/**
 * QEMU's trace events vhost_user_write and vhost_user_read (7.1 and later): request and header flags of all
 * vhost-user devices in one row, without device or payload. A write is traced after it succeeded, a read
 * after its header was found to be a valid reply.
 */
import { own } from '../../../base/own.js';
import type { Step } from '../../../facts/step.js';
import { hasGap } from '../../../flows/run.js';
import type { FactKind } from '../../../model/fact.js';
import type { SessionContext } from '../../rule.js';

export interface MessageEvent {
  readonly step: number;
  readonly line: number;
  readonly thread: string | undefined;
  readonly sender: 'frontend' | 'reply';
  /** Name of the request; its number for those that matter to no rule. */
  readonly name: string;
  /** False where the flags are not shown. */
  readonly needsReply: boolean;
}

/** QEMU hw/virtio/vhost-user.c, enum VhostUserRequest. */
const NAMES: Readonly<Record<string, string>> = {
  1: 'GET_FEATURES',
  2: 'SET_FEATURES',
  5: 'SET_MEM_TABLE',
  6: 'SET_LOG_BASE',
  8: 'SET_VRING_NUM',
  9: 'SET_VRING_ADDR',
  10: 'SET_VRING_BASE',
  11: 'GET_VRING_BASE',
  12: 'SET_VRING_KICK',
  13: 'SET_VRING_CALL',
  18: 'SET_VRING_ENABLE',
  23: 'SET_VRING_ENDIAN',
  39: 'SET_STATUS',
  40: 'GET_STATUS',
};

/** Version 1, and what goes with it: a write may be VHOST_USER_NEED_REPLY_MASK, a read is VHOST_USER_REPLY_MASK. */
const FLAGS = { frontend: [0x1, 0x9], reply: [0x5] };
const NEED_REPLY = 0x8;

/** Events that lie neither within vhost_commit() nor within vhost_dev_start(): the thread has gone on to something else. */
export const ELSEWHERE: ReadonlySet<FactKind> = new Set([
  'vhost_dev_start',
  'vhost_dev_stop',
  'vhost_dev_cleanup',
  'global_dirty_changed',
  'vhost_region',
  'vhost_section',
  'migration_bitmap_sync',
  'memory_global_dirty_log_sync',
  'migration_state',
  'vm_state_notify',
  'runstate_set',
  'virtio_set_status',
]);

/** By their step. */
export function messagesByStep(context: SessionContext): ReadonlyMap<number, MessageEvent> {
  return context.once(
    'message events by step',
    () => new Map(messageEvents(context).map((message) => [message.step, message])),
  );
}

/** All of them in order. */
export function messageEvents(context: SessionContext): readonly MessageEvent[] {
  return context.once('message events', () => {
    const steps = context
      .events('vhost_user_write', 'vhost_user_read')
      .filter(({ event }) => event?.record.isRepeated !== true);
    const showsFlags = steps.every(hasValidFlags);
    return steps.map((step) => eventOf(step, showsFlags)).filter((event) => event !== undefined);
  });
}

/** False where one number stands for all (`sed -E 's/0x[0-9a-f]+/0xdeadbeef/g'`), or a digit is damaged: QEMU writes and reads no such header. */
function hasValidFlags(step: Step): boolean {
  return FLAGS[senderOf(step)].includes(flagsOf(step));
}

function senderOf({ event }: Step): MessageEvent['sender'] {
  return event?.row.kind === 'vhost_user_read' ? 'reply' : 'frontend';
}

function flagsOf({ event }: Step): number {
  return Number(event?.record.args?.flags ?? 0);
}

function eventOf(step: Step, showsFlags: boolean): MessageEvent | undefined {
  const { event, index, line, thread } = step;
  const { req } = event?.record.args ?? {};
  if (req === undefined) return undefined;
  return {
    step: index,
    line,
    thread,
    sender: senderOf(step),
    name: own(NAMES, req) ?? req,
    needsReply: showsFlags && (flagsOf(step) & NEED_REPLY) !== 0,
  };
}

/** What came next after a request: its reply, or another message of the same thread. */
export interface Answer {
  readonly how: 'read' | 'write';
  readonly event: MessageEvent;
}

/**
 * Undefined where that is not known: the capture ends, records are lost, another thread is next, or
 * replies are not traced before and after.
 */
export function asked(
  context: SessionContext,
  events: readonly MessageEvent[],
  index: number,
): Answer | undefined {
  const request = events[index];
  const next = events[index + 1];
  if (request === undefined || next === undefined) return undefined;
  if (next.thread !== request.thread || hasGap(context.run, request.step, next.step)) {
    return undefined;
  }
  if (next.sender === 'reply') {
    return next.name === request.name ? { how: 'read', event: next } : undefined;
  }
  const [first, last] = readsOf(context, events);
  const areTraced = first < request.step && last > next.step;
  return areTraced ? { how: 'write', event: next } : undefined;
}

/** Steps of the first and the last reply that is traced. */
function readsOf(
  context: SessionContext,
  events: readonly MessageEvent[],
): readonly [number, number] {
  return context.once('traced reads', () => {
    const reads = events.filter(({ sender }) => sender === 'reply');
    return [reads[0]?.step ?? Infinity, reads.at(-1)?.step ?? -1] as const;
  });
}
