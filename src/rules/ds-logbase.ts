import type { Activation } from '../flows/activations/activation.js';
import { undoingOf } from '../flows/activations/undone-start.js';
import { isContinued, MESSAGES_RECIPE, missingEndpoint, nameOf } from './shared/wire/messages.js';
import type { Connection, Message } from './shared/wire/messages.js';
import {
  bareWithin,
  below,
  childrenOf,
  doubts,
  endOf,
  place,
  probeName,
  unwatched,
} from './shared/calls/queries.js';
import { workOfStarted } from './shared/calls/start-success.js';
import type { StartSuccess } from './shared/calls/start-success.js';
import { judgeTracedLogbases } from './shared/traced/device-starts.js';
import { baseBefore, isReady, wireStarts } from './shared/wire/starts.js';
import type { WireStart } from './shared/wire/starts.js';
import type { Judgement, Rule, SessionContext } from './rule.js';

/** A device that starts with logging on gets the log base. */
export const dsLogbase: Rule = {
  info: {
    id: 'DS-LOGBASE',
    title: 'a device that starts with logging on gets the log base',
    severity: 'error',
    impact: 'corrupt',
    backends: ['kernel', 'user', 'vdpa'],
    versions: '2.12 - 11.1',
    needs: [
      'the entry of vhost_dev_start and proof that it succeeded',
      'probes vhost_dev_set_features and the set_log_base op',
      'or the messages of the start of a vhost-user device with LOG_ALL: an strace -y of QEMU or of the backend, or the log of DPDK',
      'or the trace events global_dirty_changed, vhost_dev_start and vhost_user_write (7.2 and later) with their threads (-msg timestamp=on)',
    ],
    probes: [
      'vhost_dev_start',
      'vhost_dev_set_features',
      'op_set_features',
      'op_set_log_base',
      'return of vhost_dev_start',
    ],
    faultProbes: ['event global_dirty_changed', 'event vhost_user_write', 'event vhost_dev_start'],
    messageProbes: [
      'wire vhost_user_message',
      'wire op_set_log_base',
      'wire op_set_features',
      'wire op_set_vring_addr',
    ],
    why: 'After a restart in the middle of a migration the backend logs into the bitmap of the run before, which QEMU reads no more: dirty pages are lost, and where the log is not shared memory the kernel overwrites what QEMU has freed.',
    remedy: 'Look at the log_enabled branch of vhost_dev_start() of that QEMU.',
    exceptions: [
      'a start that fails',
      'the op is what is judged: vhost-user devices of a higher pair send no message since 8.0',
    ],
    sources: ['QEMU hw/virtio/vhost.c vhost_dev_start()'],
  },
  triggers: ['vhost_dev_start'],
  *sequence(context) {
    for (const start of context.of('vhost_dev_start')) {
      if (start.device === undefined) continue;
      const features = childrenOf(start, 'vhost_dev_set_features');
      const on = features.find((a) => a.enable === true);
      if (on !== undefined) {
        const judged = judge(context, start, on);
        if (judged !== undefined) yield judged;
      } else if (features.every((a) => a.enable === undefined)) {
        yield {
          verdict: 'inconclusive',
          ...place(start),
          message: 'whether the device starts with logging on is not seen',
          missing: ['vhost_dev_set_features with enable_log= in the backtrace of the start'],
        };
      }
    }
    yield* judgeTracedLogbases(context);
    for (const start of wireStarts(context)) {
      const judged = judgeWire(context, start);
      if (judged !== undefined) yield judged;
    }
  },
};

function judge(
  context: SessionContext,
  start: Activation,
  features: Activation,
): Judgement | undefined {
  const { run } = context;
  const at = place(start);
  const base = [
    ...below(start, 'op_set_log_base'),
    ...bareWithin(context, start, 'op_set_log_base'),
  ][0];
  if (base !== undefined) {
    return {
      verdict: 'pass',
      ...at,
      message: 'the log base is set during the start',
      evidence: [{ line: base.line, role: 'the log base is set' }],
    };
  }
  const backend = run.rings.backendOf(start);
  const success = startSuccess(context, start, features);
  if (success === undefined && undoingOf(start) !== undefined) return undefined;
  const over = success?.step ?? endOf(run, start);
  const missing = [
    ...doubts(run, start, success?.step),
    ...unwatched(run, 'op_set_log_base', start.first, over, backend),
  ];
  if (backend === undefined) missing.push(`probe ${probeName('op_set_features', undefined)}`);
  if (success === undefined) missing.push('proof that the start succeeded');
  if (missing.length > 0 || success === undefined) {
    return {
      verdict: 'inconclusive',
      ...at,
      message: 'a start with logging on is not seen to set the log base',
      missing,
    };
  }
  return {
    verdict: 'violation',
    ...at,
    message: 'the device starts with logging on, but set_log_base is never called',
    expected: `${probeName('op_set_log_base', backend)} after the last vring and before the start ends`,
    evidence: [
      { line: features.line, role: 'the start is made with enable_log=true' },
      { line: success.line, role: success.role },
    ],
  };
}

/**
 * Steps of vhost_dev_start() that come after the log base, or work that only a started device does. Behind a gap the
 * features may be those of another start.
 */
function startSuccess(
  context: SessionContext,
  start: Activation,
  features: Activation,
): StartSuccess | undefined {
  const later = below(
    start,
    'vhost_dev_elect_mem_logger',
    'op_set_vring_enable',
    'op_dev_start',
  ).find((a) => a.enable === true && a.first > features.first);
  if (later !== undefined)
    return { step: later.first, line: later.line, role: 'the start gets past the log base' };
  return workOfStarted(context, start);
}

function judgeWire(context: SessionContext, start: WireStart): Judgement | undefined {
  const { connection, features, vrings, next, base } = start;
  const { endpoint } = connection;
  // Queue pairs but the first send no message since 8.0.
  if (!vrings.some((vring = 0) => vring === 0)) return undefined;
  const who = nameOf(connection);
  const at = { endpoint, step: features.step, line: features.line };
  const missing = missingEndpoint(connection);
  if (!vrings.includes(0)) missing.push(`the vrings of the start (${MESSAGES_RECIPE})`);
  if (next === undefined || !isContinued(context, connection, features, next))
    missing.push('the device start and what follows it without a gap, in one thread');
  else if (base !== next && !isBehindBase(connection, next)) missing.push(missingSuccess(next));
  else if (base === undefined && next.name === 'SET_LOG_BASE' && isHidden(start))
    missing.push(OF_LOG_START);
  if (next === undefined || missing.length > 0) {
    const message = `${who} starts with LOG_ALL, and is not seen to get the log base`;
    return { verdict: 'inconclusive', ...at, message, missing };
  }
  if (base === next) {
    return {
      verdict: 'pass',
      ...at,
      message: `${who} starts with LOG_ALL and gets the log base`,
      evidence: [{ line: next.line, role: 'the log base is set' }],
    };
  }
  if (base !== undefined && isContinued(context, connection, features, base)) {
    // That it comes too late is for DS-ORDER to say.
    const message = `${who} starts with LOG_ALL, and gets a log base behind ${next.name}`;
    return { verdict: 'inconclusive', ...at, message, missing: [WHOSE_BASE] };
  }
  const early = baseBefore(start);
  return {
    verdict: 'violation',
    ...at,
    message:
      early === undefined
        ? `${who} starts with LOG_ALL, and gets no log base`
        : `${who} starts with LOG_ALL, and gets no log base behind its vrings: the last one (line ${early.line}) comes in front of its features`,
    expected: 'SET_LOG_BASE behind the last vring',
    evidence: [{ line: next.line, role: roleOf(next) }],
  };
}

const WHOSE_BASE =
  'whether it is that of the start, or of a log that is resized: the caller of the set_log_base op';

const OF_LOG_START = `whether it is that of a log start, or what follows a log stop: the flags of SET_VRING_ADDR (${MESSAGES_RECIPE})`;

/** The text does not print the flags of SET_VRING_ADDR. */
function isHidden({ addresses }: WireStart): boolean {
  return addresses.some(({ enable }) => enable === undefined);
}

function roleOf({ name }: Message): string {
  return name === 'SET_LOG_BASE'
    ? 'the log base of a log start: the start gets past its own'
    : `${name}: the start gets past the log base`;
}

/**
 * The vrings are enabled, the device is told that its driver is ready, a log start begins, or the next queue pair starts;
 * over another socket that may be a new connection.
 */
function isBehindBase({ isOneSocket }: Connection, next: Message): boolean {
  const { name, enable } = next;
  if (enable === false) return false;
  if (name === 'SET_VRING_ENABLE' || name === 'SET_LOG_BASE' || isReady(next)) return true;
  return isOneSocket && name === 'SET_FEATURES';
}

function missingSuccess({ name, payload }: Message): string {
  return name === 'SET_STATUS' && payload.u64 === undefined
    ? `the payload of SET_STATUS (${MESSAGES_RECIPE})`
    : 'proof that the start succeeded';
}
