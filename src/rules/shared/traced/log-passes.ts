/**
 * Log starts and stops of vhost-user devices as QEMU's trace events show them: `global_dirty_changed`, and what its thread
 * sends next.
 *
 * Source: QEMU system/memory.c memory_global_dirty_log_start() and memory_global_dirty_log_do_stop() report who tracks dirty
 * pages and then tell one listener after the other, with the big lock held: nothing else is sent before the topology update
 * that follows at a start; at a stop it comes first. hw/virtio/vhost.c vhost_migration_log(): a device that runs gets the log base at a start, the features, and the
 * addresses of its vrings, of several queue pairs the first one the base for all. hw/virtio/vhost-user.c vhost_user_write()
 * reports what was sent (7.1 and later).
 */
import type { Step } from '../../../facts/step.js';
import type { FactKind } from '../../../model/fact.js';
import { bigintOf } from '../../../model/values.js';
import type { SessionContext } from '../../rule.js';
import { messagesByStep } from './message-events.js';
import type { MessageEvent } from './message-events.js';

export interface TracedLogPass {
  /** From nobody who tracks dirty pages to somebody; else the other way. */
  readonly isStart: boolean;
  /** `global_dirty_changed` */
  readonly begin: Step;
  /** Requests and replies of its thread, up to one that is of no log start or stop, or to another event. */
  readonly messages: readonly MessageEvent[];
  /** The event of its thread that ends it; undefined where nothing does. */
  readonly end: Step | undefined;
  /** Another thread sends meanwhile: with the big lock held that cannot be, so that a thread is not what it seems. */
  readonly isDisturbed: boolean;
}

/** What is sent, and what stands between: QEMU waits for features, and sets FEATURES_OK with STATUS. */
const OF_LOG_PASS: ReadonlySet<string> = new Set([
  'SET_LOG_BASE',
  'SET_FEATURES',
  'SET_VRING_ADDR',
  'GET_FEATURES',
  'GET_STATUS',
  'SET_STATUS',
]);

/** The memory topology is updated behind a log start, and in front of what a log stop sends. */
export const OF_TOPOLOGY: ReadonlySet<FactKind> = new Set([
  'vhost_region',
  'vhost_section',
  'vhost_commit',
]);

type OpenPass = {
  -readonly [K in keyof TracedLogPass]: K extends 'messages' ? MessageEvent[] : TracedLogPass[K];
};

/** In order. */
export function tracedLogPasses(context: SessionContext): readonly TracedLogPass[] {
  return context.once('traced log passes', () => {
    const messages = messagesByStep(context);
    const found: TracedLogPass[] = [];
    let open: OpenPass | undefined;
    let users = 0n;
    for (const step of context.steps) {
      if (step.event === undefined) continue;
      if (step.event.row.kind === 'global_dirty_changed') {
        if (open !== undefined && step.thread === open.begin.thread) open.end = step;
        const before = users;
        users = bigintOf(step.event.record.args?.bitmask) ?? 0n;
        // Who joins others starts no log.
        const isToggle = (before === 0n) !== (users === 0n);
        const pass: OpenPass = {
          isStart: users !== 0n,
          begin: step,
          messages: [],
          end: undefined,
          isDisturbed: false,
        };
        open = isToggle ? pass : undefined;
        if (isToggle) found.push(pass);
      } else if (open !== undefined) {
        const message = messages.get(step.index);
        if (step.thread !== open.begin.thread) open.isDisturbed ||= message !== undefined;
        else if (message !== undefined && OF_LOG_PASS.has(message.name))
          open.messages.push(message);
        else if (
          users !== 0n ||
          open.messages.length > 0 ||
          !OF_TOPOLOGY.has(step.event.row.kind)
        ) {
          open.end = step;
          open = undefined;
        }
      }
    }
    return found;
  });
}
