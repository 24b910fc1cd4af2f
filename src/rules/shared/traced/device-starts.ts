/**
 * Starts of vhost-user devices as QEMU's trace events show them: `vhost_dev_start`, and what its thread sends next.
 *
 * Source: QEMU hw/virtio/vhost.c vhost_dev_start(), with the big lock held: the features, the memory table, the vrings, and the
 * log base where the device logs; then the vrings are enabled and the status is set, as far as they are. A device logs while
 * somebody tracks dirty pages: vhost_migration_log() at the log start, or when the device is registered meanwhile
 * (system/memory.c listener_add_address_space()). hw/virtio/vhost-user.c vhost_user_write() reports what was sent (7.1 and later).
 */
import type { Step } from '../../../facts/step.js';
import { hasGap } from '../../../flows/run.js';
import { bigintOf, pointerOf } from '../../../model/values.js';
import type { Judgement, SessionContext } from '../../rule.js';
import { isOfQemuOf } from '../device-lives.js';
import { ELSEWHERE, messagesByStep } from './message-events.js';
import type { MessageEvent } from './message-events.js';
import { oneQemu } from './one-process.js';

interface TracedDeviceStart {
  readonly device: string;
  /** Of the VirtIODevice: `virtio-blk` */
  readonly name: string | undefined;
  readonly begin: Step;
  /** Who tracks dirty pages is reported here, and it is somebody. */
  readonly tracked: Step | undefined;
  /** Of its thread, up to another event that is of no device start. */
  readonly messages: readonly MessageEvent[];
}

/** DS-LOGBASE: LOG_ALL is set, and the start gets past the log base without one. */
export function* judgeTracedLogbases(context: SessionContext): Generator<Judgement> {
  for (const start of trackedStarts(context)) {
    if (isBased(start) || !isFirst(start) || !isToldToLog(start)) continue;
    const message = 'the device starts with LOG_ALL, and gets no log base';
    yield judge(context, start, message, 'SET_LOG_BASE behind the last vring');
  }
}

/** DS-FLAG: what the start sends does not tell the device to log, or not all of it. */
export function* judgeTracedFlags(context: SessionContext): Generator<Judgement> {
  for (const start of trackedStarts(context)) {
    if (isBased(start)) {
      const silent = unawaited(start);
      // Some backends acknowledge nothing.
      if (silent === undefined || !start.messages.some(({ needsReply }) => needsReply)) continue;
      const { name, step, line } = silent;
      const message = `the device starts while dirty pages are tracked, and its ${name} does not tell to log: it asks for no acknowledgement`;
      yield { ...judge(context, start, message, 'NEED_REPLY (0x8) in the flags'), step, line };
    } else if (isFirst(start) && !isToldToLog(start)) {
      const message = 'the device starts without logging while dirty pages are tracked';
      yield judge(context, start, message, 'SET_FEATURES with LOG_ALL, and SET_LOG_BASE');
    }
  }
}

/** Starts that set vrings up while dirty pages are tracked. */
function trackedStarts(context: SessionContext): readonly TracedDeviceStart[] {
  return tracedDeviceStarts(context).filter(
    ({ tracked, messages }) =>
      tracked !== undefined && messages.some(({ name }) => name === 'SET_VRING_KICK'),
  );
}

/** A reply to the log base shows that it was sent, too. */
function isBased({ messages }: TracedDeviceStart): boolean {
  return messages.some(isBase);
}

function isBase({ name }: MessageEvent): boolean {
  return name === 'SET_LOG_BASE';
}

/** Of several vhost_devs of one device the first one alone gets the memory and the log base. */
function isFirst({ name = '', messages }: TracedDeviceStart): boolean {
  return !OF_SEVERAL.has(name) || messages.some((message) => MEMORY.has(message.name));
}

const OF_SEVERAL: ReadonlySet<string> = new Set(['', 'virtio-net', 'virtio-crypto']);

/** SET_MEM_TABLE, ADD_MEM_REG, REM_MEM_REG */
const MEMORY: ReadonlySet<string> = new Set(['SET_MEM_TABLE', '37', '38']);

/** The first of the features and addresses in front of the log base for which QEMU does not wait. */
function unawaited(start: TracedDeviceStart): MessageEvent | undefined {
  const requests = requestsOf(start);
  const base = requests.findIndex(isBase);
  return requests
    .slice(0, base < 0 ? requests.length : base)
    .find(
      ({ name }, i) =>
        (name === 'SET_FEATURES' || name === 'SET_VRING_ADDR') && !isAwaited(requests, i),
    );
}

function isToldToLog(start: TracedDeviceStart): boolean {
  const requests = requestsOf(start);
  return isAwaited(
    requests,
    requests.findIndex(({ name }) => name === 'SET_FEATURES'),
  );
}

/** Since 6.2 QEMU waits for what tells to log: by a flag, or with GET_FEATURES behind it. */
function isAwaited(requests: readonly MessageEvent[], at: number): boolean {
  return requests[at]?.needsReply === true || requests[at + 1]?.name === 'GET_FEATURES';
}

function requestsOf({ messages }: TracedDeviceStart): readonly MessageEvent[] {
  return messages.filter(({ sender }) => sender === 'frontend');
}

function judge(
  context: SessionContext,
  { device, begin, tracked, messages }: TracedDeviceStart,
  message: string,
  expected: string,
): Judgement {
  const at = { device, step: begin.index, line: begin.line };
  const past = pastBase(messages);
  const from = tracked ?? begin;
  const missing: string[] = [];
  if (begin.thread === undefined || !isOfQemuOf(context, device, from))
    missing.push(oneQemu(context));
  if (past === undefined) missing.push('proof that the start succeeded');
  if (hasGap(context.run, from.index, past?.step ?? begin.index))
    missing.push('an unbroken record since dirty pages are tracked');
  if (missing.length > 0 || past === undefined)
    return { verdict: 'inconclusive', ...at, message, missing };
  return {
    verdict: 'violation',
    ...at,
    message,
    expected,
    evidence: [
      { line: from.line, role: 'dirty pages are tracked since here' },
      {
        line: past.line,
        role: isBase(past)
          ? 'the log base: the device is to log'
          : `${past.name}: the start gets past the log base`,
      },
    ],
  };
}

/** The log base, or what vhost_dev_start() sends behind it; where it fails, it fetches the vrings that it has set up. */
function pastBase(messages: readonly MessageEvent[]): MessageEvent | undefined {
  const base = messages.find(isBase);
  if (base !== undefined) return base;
  const kick = messages.findLastIndex(({ name }) => name === 'SET_VRING_KICK');
  const next = messages.slice(kick + 1).find(({ name }) => ENDS_VRINGS.has(name));
  return next?.name === 'GET_VRING_BASE' ? undefined : next;
}

const ENDS_VRINGS: ReadonlySet<string> = new Set([
  'GET_VRING_BASE',
  'SET_VRING_ENABLE',
  'GET_STATUS',
  'SET_STATUS',
]);

/** In order. */
function tracedDeviceStarts(context: SessionContext): readonly TracedDeviceStart[] {
  return context.once('traced device starts', () => {
    const messages = messagesByStep(context);
    const found: TracedDeviceStart[] = [];
    const open = new Map<string | undefined, MessageEvent[]>();
    let tracked: Step | undefined;
    for (const step of context.steps) {
      const { event, thread } = step;
      if (event === undefined) continue;
      const { kind } = event.row;
      const message = messages.get(step.index);
      if (message !== undefined) open.get(thread)?.push(message);
      else if (ELSEWHERE.has(kind) || kind === 'vhost_commit') open.delete(thread);
      if (kind === 'global_dirty_changed') {
        const isTracked = (bigintOf(event.record.args?.bitmask) ?? 0n) !== 0n;
        tracked = isTracked ? (tracked ?? step) : undefined;
      }
      const device = pointerOf(event.record.args?.[event.row.device ?? '']);
      if (kind !== 'vhost_dev_start' || device === undefined) continue;
      const own: MessageEvent[] = [];
      open.set(thread, own);
      const name = event.record.args?.name;
      found.push({ device, name, begin: step, tracked, messages: own });
    }
    return found;
  });
}
