import { callerOf } from '../flows/activations/activation.js';
import type { Activation } from '../flows/activations/activation.js';
import { expectedLog } from './shared/calls/expected-log.js';
import type { ExpectedLog } from './shared/calls/expected-log.js';
import { unwatchedToggles } from './shared/calls/log-toggles.js';
import { below, childrenOf, hasGap, place } from './shared/calls/queries.js';
import { skippedFeatures } from './shared/calls/start-features.js';
import { judgeTracedFlags } from './shared/traced/device-starts.js';
import { unsent } from './shared/calls/unsent.js';
import { judgeWireFlags } from './shared/wire/start-flags.js';
import type { Judgement, Rule, SessionContext } from './rule.js';

/** A device start carries the log flag that the last log start or stop left behind. */
export const dsFlag: Rule = {
  info: {
    id: 'DS-FLAG',
    title: 'a device that is started while dirty logging is on starts with logging on',
    severity: 'error',
    impact: 'corrupt',
    backends: ['kernel', 'user', 'vdpa'],
    versions: '2.12 - 11.1',
    needs: [
      'probe vhost_migration_log (or vhost_log_global_start and vhost_log_global_stop) since the last log start or stop',
      'enable_log= of vhost_dev_set_features or vhost_virtqueue_set_addr in the start',
      'for "on": the log stop that follows, or probe vhost_dev_init',
      'where the set_features and set_vring_addr ops are watched: their calls in a start that uses enable_log=true',
      'or the messages of a vhost-user device start with LOG_ALL: an strace -y of QEMU or of the backend',
      'or the trace events global_dirty_changed, vhost_dev_start and vhost_user_write (7.2 and later) with their threads (-msg timestamp=on)',
    ],
    probes: [
      'vhost_dev_init',
      'vhost_dev_start',
      'vhost_dev_prepare_inflight',
      'vhost_dev_set_features',
      'vhost_virtqueue_set_addr',
      'vhost_migration_log',
      'op_set_features',
      'op_set_vring_addr',
    ],
    faultProbes: ['event global_dirty_changed', 'event vhost_user_write', 'event vhost_dev_start'],
    messageProbes: ['wire vhost_user_message', 'wire op_set_features', 'wire op_set_vring_addr'],
    why: 'A guest reset or a stop and cont during a migration restarts the device. Started without logging, it writes guest memory that nobody marks dirty for the rest of the migration.',
    remedy: 'Look at what cleared or changed hdev->log_enabled; a device stop must not touch it.',
    exceptions: [
      'a log start that failed leaves the flag off',
      'vhost_dev_init() of a reconnecting device clears the flag',
    ],
    sources: [
      'QEMU hw/virtio/vhost.c vhost_dev_start(), vhost_virtqueue_start(), vhost_migration_log()',
      'QEMU system/memory.c listener_add_address_space()',
    ],
  },
  triggers: ['vhost_dev_start'],
  *sequence(context) {
    for (const start of context.of('vhost_dev_start', 'vhost_dev_prepare_inflight')) {
      if (start.device === undefined) continue;
      const flags = flagsOf(start);
      if (flags.features !== undefined || flags.rings.length > 0) {
        yield* judgeStart(context, start.device, start, flags);
        // Of the features that vhost_dev_prepare_inflight() sends the start sends them again.
        if (start.kind !== 'vhost_dev_start') continue;
        yield* unsentFlags(context, start, flags);
        yield* skippedFeatures(context, start, flags.rings);
      } else if (start.kind === 'vhost_dev_start') {
        yield {
          verdict: 'inconclusive',
          ...place(start),
          message: 'the log flag of the start is not seen',
          missing: [
            'vhost_dev_set_features or vhost_virtqueue_set_addr with enable_log= in the backtrace of the start',
          ],
        };
      }
    }
    yield* ringRestarts(context);
    yield* judgeTracedFlags(context);
    yield* judgeWireFlags(context);
  },
};

/**
 * A ring that the guest has reset starts again in a device that runs: vhost_virtqueue_start() from
 * vhost_net_virtqueue_restart() (7.2 and later). Its flag is that of a device start at the same time.
 */
function* ringRestarts(context: SessionContext): Generator<Judgement> {
  for (const start of context.of('vhost_virtqueue_start')) {
    if (start.device === undefined || callerOf(start, 'vhost_dev_start') !== undefined) continue;
    const rings = below(start, 'vhost_virtqueue_set_addr').filter((a) => a.enable !== undefined);
    if (rings.length === 0) continue;
    const flags = { features: undefined, rings };
    yield* judgeStart(context, start.device, start, flags);
    yield* unsentFlags(context, start, flags);
  }
}

/** Calls of a start that carry the flag and do not come to the backend. */
function* unsentFlags(
  context: SessionContext,
  start: Activation,
  { features, rings }: Flags,
): Generator<Judgement> {
  for (const call of [...(features === undefined ? [] : [features]), ...rings]) {
    const isFeatures = call.kind === 'vhost_dev_set_features';
    if (call.enable !== true) continue;
    const lost = unsent(context, call, isFeatures ? 'op_set_features' : 'op_set_vring_addr');
    if (lost === undefined) continue;
    const { op } = lost;
    // Since 10.2 features of more than 64 bits are refused without a call; the start then ends.
    const isOn = !isFeatures || start.children.some(({ first }) => first > call.first);
    const missing = [...lost.missing, ...(isOn ? [] : ['proof that the start succeeded'])];
    const vring = isFeatures ? undefined : context.run.rings.ringOf(call);
    const message = `${call.func}(enable_log=true) calls no ${op}: the backend is not told to log`;
    yield missing.length > 0
      ? { verdict: 'inconclusive', ...place(call), vring, message, missing }
      : {
          verdict: 'violation',
          ...place(call),
          vring,
          message,
          expected: `${op} below ${call.func}`,
        };
  }
}

interface Flags {
  readonly features: Activation | undefined;
  /** vhost_virtqueue_set_addr() calls of vhost_virtqueue_start() with a flag. */
  readonly rings: readonly Activation[];
}

function flagsOf(start: Activation): Flags {
  const isShown = (a: Activation): boolean => a.enable !== undefined;
  return {
    features: childrenOf(start, 'vhost_dev_set_features').find(isShown),
    rings:
      start.kind === 'vhost_dev_start'
        ? below(start, 'vhost_virtqueue_set_addr').filter(isShown)
        : [],
  };
}

/**
 * A start whose entry was not reported, or of which records may be missing, may be several: then each of its calls
 * is judged by its own time.
 */
function* judgeStart(
  context: SessionContext,
  device: string,
  start: Activation,
  flags: Flags,
): Generator<Judgement> {
  const calls = [...flags.rings, ...(flags.features === undefined ? [] : [flags.features])];
  const last = Math.max(...calls.map(({ first }) => first));
  if (start.entered && !hasGap(context.run, start.first, last)) {
    yield* judge(context, device, start, flags, start);
    return;
  }
  for (const features of childrenOf(start, 'vhost_dev_set_features')) {
    if (features.enable === undefined) continue;
    yield* judge(context, device, start, { features, rings: [] }, features);
  }
  for (const ring of flags.rings) {
    yield* judge(context, device, start, { features: undefined, rings: [ring] }, ring);
  }
}

function* judge(
  context: SessionContext,
  device: string,
  start: Activation,
  flags: Flags,
  anchor: Activation,
): Generator<Judgement> {
  const expected = expectedLog(context, device, anchor);
  const wrong = expected.flag;
  const odd = oddCalls(context, start, flags, expected);
  if ((wrong === undefined || expected.onlyConfirms) && odd.length > 0) {
    yield* odd;
    return;
  }
  if (wrong === undefined) {
    yield {
      verdict: 'inconclusive',
      ...place(start),
      message: `which log flag ${start.func} has to use is not known`,
      missing: expected.missing,
    };
    return;
  }
  const all = flags.features === undefined ? flags.rings : [flags.features, ...flags.rings];
  const bad = all.filter((a) => a.enable !== wrong);
  if (bad.length === 0) {
    yield {
      verdict: 'pass',
      ...place(start),
      message: `${start.func} uses enable_log=${String(wrong)}, as the last log start or stop left it`,
      evidence: expected.evidence,
    };
  } else if (expected.onlyConfirms) {
    yield {
      verdict: 'inconclusive',
      ...place(start),
      message: `${start.func} uses enable_log=${String(!wrong)}`,
      missing: expected.missing,
    };
  } else if (flags.features !== undefined && bad.includes(flags.features)) {
    yield violation(context, start, flags.features, expected, wrong, bad.length - 1);
  } else {
    for (const ring of bad) yield violation(context, start, ring, expected, wrong, 0);
  }
}

function violation(
  { run }: SessionContext,
  start: Activation,
  bad: Activation,
  expected: ExpectedLog,
  flag: boolean,
  rings: number,
): Judgement {
  const vring = bad.kind === 'vhost_virtqueue_set_addr' ? run.rings.ringOf(bad) : undefined;
  const subject = vring === undefined ? 'the device' : `vring ${vring}`;
  const more = rings > 0 ? `, and so ${rings === 1 ? 'is' : 'are'} ${rings} of its vrings` : '';
  const state = flag ? 'while dirty logging is on' : 'although dirty logging is off';
  return {
    verdict: 'violation',
    device: start.device,
    vring,
    step: bad.first,
    line: bad.line,
    message: `${subject} is started with enable_log=${String(!flag)} ${state}${more}`,
    expected: `${bad.func}(enable_log=${String(flag)})`,
    evidence: [
      ...expected.evidence,
      {
        line: start.line,
        role: `the ${start.kind === 'vhost_virtqueue_start' ? 'ring' : 'device'} start`,
      },
    ],
  };
}

/** Without knowing the flag: one start uses one flag, because nothing can change it in between. */
function oddCalls(
  context: SessionContext,
  start: Activation,
  { features, rings }: Flags,
  { asked }: ExpectedLog,
): readonly Judgement[] {
  const odd = features === undefined ? [] : rings.filter((ring) => ring.enable !== features.enable);
  const last = odd.at(-1);
  const isCertain =
    start.entered &&
    !start.altered &&
    last !== undefined &&
    !hasGap(context.run, start.first, last.first) &&
    unwatchedToggles(context, start.first, last.first).length === 0;
  const [first] = odd;
  if (features === undefined || first === undefined || !isCertain) return [];
  if (first.enable === asked) {
    return [
      {
        verdict: 'violation',
        device: start.device,
        step: features.first,
        line: features.line,
        message: `the device is started with enable_log=${String(features.enable)}, but its vrings with enable_log=${String(asked)}, as the last log ${asked === true ? 'start' : 'stop'} asked for`,
        expected: `${features.func}(enable_log=${String(asked)})`,
        evidence: [{ line: first.line, role: 'the flag of a vring in the same start' }],
      },
    ];
  }
  return odd.map((ring) => {
    const vring = context.run.rings.ringOf(ring);
    return {
      verdict: 'violation',
      device: start.device,
      vring,
      step: ring.first,
      line: ring.line,
      message: `vring ${String(vring)} is started with enable_log=${String(ring.enable)}, but the device with enable_log=${String(features.enable)} in the same start`,
      expected: `vhost_virtqueue_set_addr(enable_log=${String(features.enable)})`,
      evidence: [{ line: features.line, role: 'the flag of the device' }],
    };
  });
}
