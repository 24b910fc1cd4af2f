import {
  byThread,
  isUnbroken,
  kernelRequests,
  lastRequestTo,
  REQUESTS_RECIPE,
} from './shared/kernel-requests.js';
import type { KernelRequest } from './shared/kernel-requests.js';
import type { Judgement, Rule, SessionContext } from './rule.js';

/** What a device start asks for before it gives the log base: a base behind these is no log start. */
const IN_A_DEVICE_START: ReadonlySet<string> = new Set([
  'VHOST_SET_MEM_TABLE',
  'VHOST_SET_VRING_BASE',
  'VHOST_SET_VRING_ADDR',
  'VHOST_SET_VRING_ENDIAN',
  'VHOST_SET_VRING_KICK',
  'VHOST_SET_VRING_CALL',
]);

/** vhost_dev_set_features() asks for these behind the features, where they were accepted. */
const WITH_FEATURES: ReadonlySet<string> = new Set([
  'VHOST_GET_BACKEND_FEATURES',
  'VHOST_SET_BACKEND_FEATURES',
]);

/** A log start stops where the kernel refuses it. */
export const kvErr: Rule = {
  info: {
    id: 'KV-ERR',
    title: 'a log start does not go on after a request that the kernel refused',
    severity: 'warning',
    impact: 'corrupt',
    backends: ['kernel'],
    versions: '2.12 - 10.2',
    needs: [
      'the ioctls of the log start with what they returned, in order and with their thread: strace -f, or a kprobe and its kretprobe',
    ],
    why: 'QEMU believes that the device logs, and the kernel does not, or into an old log: dirty pages are lost and the migration does not fail.',
    probes: ['wire op_set_log_base', 'wire op_set_features', 'wire op_set_vring_addr'],
    remedy:
      'Look for "vhost_set_log_base failed" in the output of QEMU. A refused log base is only printed, in every version: cancel the migration.',
    exceptions: [
      'a refused vring address is undone: it and those before again, then the features',
      'a refused features word ends the log start at once',
      'a device start that fails: no log start',
      'requests that QEMU did not make because a debugger ended the call before',
    ],
    sources: [
      'QEMU hw/virtio/vhost.c vhost_dev_log_resize(), vhost_dev_set_log()',
      'Linux drivers/vhost/vhost.c vhost_dev_ioctl(), vhost_vring_ioctl(); net.c vhost_net_set_features()',
    ],
  },
  triggers: [],
  *sequence(context) {
    const requests = kernelRequests(context);
    for (const thread of byThread(requests)) {
      for (const start of logStarts(thread)) yield judge(context, start);
      const base = thread.at(-1);
      if (base?.name === 'VHOST_SET_LOG_BASE' && !followsDeviceStart(thread.at(-2), base)) {
        yield {
          verdict: 'inconclusive',
          endpoint: base.endpoint,
          step: base.step,
          line: base.line,
          message: `${base.endpoint ?? 'the vhost device'} gets a log base, and the capture ends`,
          missing: ['what follows the log base'],
        };
      }
    }
    const [unnamed] = context
      .wires('vhost_ioctl')
      .filter(({ wire }) => wire?.func.endsWith('_ioctl') === true && wire.value === undefined);
    if (requests.length === 0 && unnamed !== undefined) {
      yield {
        verdict: 'inconclusive',
        step: unnamed.index,
        line: unnamed.line,
        message: 'ioctls reach vhost, which ones and with what result is not seen',
        missing: [REQUESTS_RECIPE],
      };
    }
  },
};

/** SET_LOG_BASE, SET_FEATURES and the vring addresses of one vhost_migration_log(true). */
interface LogStart {
  readonly base: KernelRequest;
  readonly features: KernelRequest;
  readonly addresses: readonly KernelRequest[];
  /** What the thread asks the kernel for next, of any device; undefined at the end of the capture. */
  readonly next: KernelRequest | undefined;
}

/**
 * Only a log start has the features directly behind the log base, and no memory table behind the
 * features: a resize goes on with the memory table, and a device start ends with the base.
 */
function* logStarts(thread: readonly KernelRequest[]): Generator<LogStart> {
  for (let i = 0; i < thread.length; i++) {
    const [base, features] = [thread[i], thread[i + 1]];
    if (base?.name !== 'VHOST_SET_LOG_BASE' || features?.name !== 'VHOST_SET_FEATURES') continue;
    if (features.endpoint !== base.endpoint || followsDeviceStart(thread[i - 1], base)) continue;
    const isOwn = (r: KernelRequest | undefined): r is KernelRequest =>
      r !== undefined && r.endpoint === base.endpoint;
    let at = i + 2;
    for (let own = thread[at]; isOwn(own) && WITH_FEATURES.has(own.name); own = thread[at]) at++;
    const first = at;
    for (let own = thread[at]; isOwn(own) && own.name === 'VHOST_SET_VRING_ADDR'; own = thread[at])
      at++;
    // The features of a device start.
    if (thread[at]?.name === 'VHOST_SET_MEM_TABLE' && at === first) continue;
    yield { base, features, addresses: thread.slice(first, at), next: thread[at] };
  }
}

function followsDeviceStart(before: KernelRequest | undefined, base: KernelRequest): boolean {
  return before?.endpoint === base.endpoint && IN_A_DEVICE_START.has(before?.name ?? '');
}

function judge(context: SessionContext, start: LogStart): Judgement {
  const { base, features, addresses, next } = start;
  const { endpoint } = base;
  const who = endpoint ?? 'the vhost device';
  const steps = [base, features, ...addresses];
  const refused = steps.find(({ outcome }) => outcome?.ok === false);
  const at = { endpoint, step: (refused ?? base).step, line: (refused ?? base).line };
  const undecided = (message: string, ...missing: string[]): Judgement => ({
    verdict: 'inconclusive',
    ...at,
    message: `${who}: ${message}`,
    missing,
  });
  if (refused === undefined) {
    if (steps.some(({ outcome }) => outcome === undefined)) {
      return undecided('what the requests of the log start returned is not seen', REQUESTS_RECIPE);
    }
    const last = steps.at(-1) ?? features;
    const isOver = lastRequestTo(context, endpoint) > last.step;
    if (addresses.length === 0 || !isOver) {
      return undecided('the log start is not seen to end', 'what its thread asks for next');
    }
    const message = `${who}: the kernel accepted every request of the log start`;
    return { verdict: 'pass', ...at, message };
  }
  const answer = `${refused.name} of the log start returned ${refused.outcome?.errno ?? ''}`;
  const follower = steps[steps.indexOf(refused) + 1] ?? next;
  if (refused.kind === 'op_set_vring_addr') {
    if (next === undefined) return undecided(answer, 'what follows the refused request');
    // The refused one is addressed again too; QEMU before 7.1 also addresses vrings that are not set up.
    const reached = addresses.indexOf(refused) + 1;
    const undone = addresses.length - reached;
    if (next.endpoint !== endpoint || next.name !== 'VHOST_SET_FEATURES') {
      return goesOn(context, start, refused, next, 'and the features are not undone');
    }
    if (undone < reached) {
      const how = `and ${undone} of ${reached} vrings are addressed again to undo it`;
      return goesOn(context, start, refused, next, how);
    }
    return { verdict: 'pass', ...at, message: `${who}: ${answer}, and the log start is undone` };
  }
  if (follower === undefined) return undecided(answer, 'what follows the refused request');
  if (refused === features && follower.name !== 'VHOST_SET_VRING_ADDR') {
    return { verdict: 'pass', ...at, message: `${who}: ${answer}, and the log start ends` };
  }
  // Without addresses the features may be those of a device start that the capture does not show whole.
  if (refused === base && addresses.length === 0) {
    return undecided(answer, 'the vring addresses that follow the features');
  }
  return goesOn(context, start, refused, follower, 'and the log start goes on');
}

function goesOn(
  context: SessionContext,
  { base, addresses }: LogStart,
  refused: KernelRequest,
  follower: KernelRequest,
  how: string,
): Judgement {
  const { endpoint } = base;
  const who = endpoint ?? 'the vhost device';
  const last = addresses.at(-1) ?? follower;
  const until = last.step > follower.step ? last : follower;
  const missing: string[] = [];
  if (!isUnbroken(context, base, until)) missing.push('an unbroken record of the log start');
  // A capture that begins inside of a device start shows its log base alone.
  if (kernelRequests(context)[0]?.step === base.step) {
    missing.push('the device start before the log start');
  }
  const at = { endpoint, step: refused.step, line: refused.line };
  const message = `${who}: ${refused.name} of the log start returned ${refused.outcome?.errno ?? ''}, ${how}`;
  if (missing.length > 0) return { verdict: 'inconclusive', ...at, message, missing };
  return {
    verdict: 'violation',
    ...at,
    message,
    expected:
      refused.kind === 'op_set_vring_addr'
        ? 'the addresses sent so far again, then the features, and a migration that fails'
        : 'no further request of the log start, and a migration that fails',
    evidence: [
      { line: base.line, role: 'the log start begins' },
      { line: follower.line, role: `${follower.name}: it goes on` },
    ],
  };
}
