/**
 * Log starts of vhost-user devices as QEMU's trace events show them: `global_dirty_changed`, and what its thread sends
 * next.
 *
 * Source: QEMU system/memory.c memory_global_dirty_log_start() reports who tracks dirty pages and then tells one listener
 * after the other, with the big lock held: nothing else is sent before the topology update that follows. hw/virtio/vhost.c
 * vhost_migration_log(): a device that runs gets the log base, the features and the addresses of its vrings, of several
 * queue pairs the first one the base for all. hw/virtio/vhost-user.c vhost_user_write() reports what was sent (7.1 and later).
 */
import type { Step } from '../../../facts/step.js';
import { hasGap } from '../../../flows/run.js';
import { bigintOf } from '../../../model/values.js';
import type { Judgement, SessionContext } from '../../rule.js';
import { messagesByStep } from './message-events.js';
import type { MessageEvent } from './message-events.js';
import { ONE_QEMU } from './one-process.js';

interface TracedLogStart {
  /** `global_dirty_changed` from nobody to somebody. */
  readonly begin: Step;
  /** Requests and replies of its thread, up to one that is of no log start, or to another event. */
  readonly messages: readonly MessageEvent[];
}

/** What a log start sends, and what stands between: QEMU waits for features, and sets FEATURES_OK with STATUS. */
const OF_LOG_START: ReadonlySet<string> = new Set([
  'SET_LOG_BASE',
  'SET_FEATURES',
  'SET_VRING_ADDR',
  'GET_FEATURES',
  'GET_STATUS',
  'SET_STATUS',
]);

/** LS-BASE-FIRST: features or addresses in front of the first log base. */
export function* judgeTracedBases(context: SessionContext): Generator<Judgement> {
  for (const { begin, messages } of tracedLogStarts(context)) {
    // A reply to the log base shows that it was sent.
    const first = messages.find(({ name }) => TELLS_TO_LOG.has(name) || name === 'SET_LOG_BASE');
    // A device start of the same thread begins with features, too; of a vring it sends the size before the address.
    const isOfStart = messages.every(({ name }) => name !== 'SET_VRING_ADDR');
    if (first === undefined || first.name === 'SET_LOG_BASE' || isOfStart) continue;
    const message = `the log start sends ${first.name}, and no SET_LOG_BASE before it`;
    yield judgeAt(context, begin, first, message, 'SET_LOG_BASE in front of SET_FEATURES');
  }
}

/** LS-FEATURES: the address of a vring with no features between the log base, or the beginning, and it. */
export function* judgeTracedFeatures(context: SessionContext): Generator<Judgement> {
  for (const { begin, messages } of tracedLogStarts(context)) {
    let hasFeatures = false;
    for (const message of messages) {
      if (message.name === 'SET_LOG_BASE') hasFeatures = false;
      else if (message.name === 'SET_FEATURES') hasFeatures = true;
      else if (message.name === 'SET_VRING_ADDR' && !hasFeatures) {
        const text = 'the log start tells a vring to log, and sends no SET_FEATURES before it';
        yield judgeAt(context, begin, message, text, 'SET_FEATURES in front of SET_VRING_ADDR');
        break;
      }
    }
  }
}

const TELLS_TO_LOG: ReadonlySet<string> = new Set(['SET_FEATURES', 'SET_VRING_ADDR']);

function judgeAt(
  { run, session }: SessionContext,
  begin: Step,
  { step, line, thread }: MessageEvent,
  message: string,
  expected: string,
): Judgement {
  const missing: string[] = [];
  if (thread === undefined || run.mixed.has(session)) missing.push(ONE_QEMU);
  if (hasGap(run, begin.index, step)) missing.push('the log start without a gap');
  if (missing.length > 0) return { verdict: 'inconclusive', step, line, message, missing };
  const evidence = [{ line: begin.line, role: 'the log start begins here' }];
  return { verdict: 'violation', step, line, message, expected, evidence };
}

/** In order. */
function tracedLogStarts(context: SessionContext): readonly TracedLogStart[] {
  return context.once('traced log starts', () => {
    const messages = messagesByStep(context);
    const found: TracedLogStart[] = [];
    let open: { begin: Step; messages: MessageEvent[] } | undefined;
    let users = 0n;
    for (const step of context.steps) {
      if (step.event === undefined) continue;
      if (step.event.row.kind === 'global_dirty_changed') {
        const before = users;
        users = bigintOf(step.event.record.args?.bitmask) ?? 0n;
        // Who joins others starts no log.
        open = before === 0n && users !== 0n ? { begin: step, messages: [] } : undefined;
        if (open !== undefined) found.push(open);
      } else if (open !== undefined && step.thread === open.begin.thread) {
        const message = messages.get(step.index);
        if (message === undefined || !OF_LOG_START.has(message.name)) open = undefined;
        else open.messages.push(message);
      }
    }
    return found;
  });
}
