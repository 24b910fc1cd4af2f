import type { FactKind } from '../model/fact.js';
import {
  byThread,
  HANDLER,
  isUnbroken,
  kernelRequests,
  lastRequestTo,
  REQUESTS_RECIPE,
} from './shared/wire/kernel-requests.js';
import type { KernelRequest } from './shared/wire/kernel-requests.js';
import { startOf } from './shared/wire/kernel-log-starts.js';
import type { DeviceStart, LogStart } from './shared/wire/kernel-log-starts.js';
import { mark, marksOfRequests } from './shared/marks.js';
import type { Judgement, Mark, Rule, SessionContext } from './rule.js';

/** What vhost-vdpa answers to every log base, and no other device of the kernel. */
const NO_SUCH_REQUEST: ReadonlySet<string> = new Set(['ENOTTY', 'ENOIOCTLCMD']);

/** The requests that switch logging on. */
const SWITCHES: ReadonlySet<FactKind> = new Set([
  'op_set_features',
  'op_set_vring_addr',
  'op_set_log_base',
]);

/** What switches logging on stops where the kernel refuses it. */
export const kvErr: Rule = {
  info: {
    id: 'KV-ERR',
    title:
      'a log start, or a device start that logs, does not go on after a request that the kernel refused',
    severity: 'warning',
    impact: 'corrupt',
    backends: ['kernel'],
    versions: '2.12 - 11.1',
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
      'a device start that fails: its vrings are stopped, or it ends before the log base',
      'vhost-vdpa, which refuses every log base',
      'requests that QEMU did not make because a debugger ended the call before',
    ],
    sources: [
      'QEMU hw/virtio/vhost.c vhost_dev_log_resize(), vhost_dev_set_log(), vhost_dev_start()',
      'QEMU hw/virtio/vhost-backend.c vhost_kernel_set_features(): 10.2 tries VHOST_SET_FEATURES_ARRAY first',
      'Linux drivers/vhost/vhost.c vhost_dev_ioctl(), vhost_vring_ioctl(); net.c vhost_net_set_features(); vdpa.c vhost_vdpa_unlocked_ioctl()',
    ],
  },
  triggers: [],
  *sequence(context) {
    const requests = kernelRequests(context);
    for (const thread of byThread(requests)) {
      for (const [at, { name, endpoint }] of thread.entries()) {
        if (name !== 'VHOST_SET_LOG_BASE' || vdpaEndpoints(context).has(endpoint)) continue;
        yield* judgeBase(context, thread, at);
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

function vdpaEndpoints(context: SessionContext): ReadonlySet<string | undefined> {
  return context.once('vdpa endpoints', () => {
    const ofVdpa = context.wired.filter(({ wire }) => wire?.backend === 'vdpa');
    return new Set(ofVdpa.map(({ wire }) => wire?.endpoint));
  });
}

function* judgeBase(
  context: SessionContext,
  thread: readonly KernelRequest[],
  at: number,
): Generator<Judgement> {
  const base = thread[at];
  if (base === undefined) return;
  const { endpoint, step, line, outcome } = base;
  const who = endpoint ?? 'the vhost device';
  const start = startOf(thread, at);
  if (NO_SUCH_REQUEST.has(outcome?.errno ?? '')) {
    const message = `${who} does not know VHOST_SET_LOG_BASE, as vhost-vdpa`;
    const isNamed = endpoint?.includes('/') === true;
    const missing = [
      isNamed ? 'a device that knows the request' : 'which device it is: strace -y prints its path',
    ];
    yield { verdict: 'inconclusive', endpoint, step, line, message, missing };
  } else if (outcome?.ok === false && outcome.errno === undefined) {
    const message = `${who}: VHOST_SET_LOG_BASE fails, with which error is not seen`;
    const missing = ['the whole line of the request'];
    yield { verdict: 'inconclusive', endpoint, step, line, message, missing };
  } else if (start?.what === 'device start') yield* judgeDeviceStart(context, start);
  else if (start !== undefined) yield judgeLogStart(context, start);
  else if (at === thread.length - 1) {
    const message = `${who} gets a log base, and the capture ends`;
    const missing = ['what follows the log base'];
    yield { verdict: 'inconclusive', endpoint, step, line, message, missing };
  } else if (base.depth > HANDLER && thread[at + 1]?.kind !== 'op_set_mem_table') {
    const message = `${who} gets a log base, without features as far as it is seen`;
    yield { verdict: 'inconclusive', endpoint, step, line, message, missing: [REQUESTS_RECIPE] };
  } else if (outcome?.ok === false) {
    // A resize: the kernel keeps the old log, which QEMU gives back.
    const message = `${who}: VHOST_SET_LOG_BASE returned ${outcome.errno ?? ''}, and it may go on writing to the log before`;
    const missing = ['what QEMU does with that log: probes vhost_dev_log_resize and vhost_log_put'];
    yield { verdict: 'inconclusive', endpoint, step, line, message, missing };
  }
}

/** A device start that logs ends with the log base; where one of its requests fails, so does the start. */
function* judgeDeviceStart(context: SessionContext, start: DeviceStart): Generator<Judgement> {
  const { steps, next } = start;
  const refused = steps.find(({ kind, outcome }) => SWITCHES.has(kind) && outcome?.ok === false);
  if (refused === undefined) return;
  const { endpoint, step, line } = refused;
  const message = answerOf(start, refused);
  if (refused.kind !== 'op_set_log_base') {
    const follower = steps[steps.indexOf(refused) + 1] ?? refused;
    yield goesOn(context, start, refused, follower, 'and the device start goes on');
  } else if (next === undefined) {
    const missing = ['what follows the refused request'];
    yield { verdict: 'inconclusive', endpoint, step, line, message, missing };
  } else if (next.endpoint === endpoint && next.kind === 'op_get_vring_base') {
    const undone = `${message}, and its vrings are stopped`;
    const seenAt = (): readonly Mark[] => mark(next, `${next.name}: a vring is stopped`);
    yield { verdict: 'pass', endpoint, step, line, message: undone, seenAt };
  } else if (steps.some(({ kind }) => kind === 'op_set_vring_addr')) {
    yield goesOn(context, start, refused, next, 'and its vrings are not stopped');
  }
}

function answerOf({ what }: LogStart | DeviceStart, refused: KernelRequest): string {
  const who = refused.endpoint ?? 'the vhost device';
  return `${who}: ${refused.name} of the ${what} returned ${refused.outcome?.errno ?? 'an error that is not seen'}`;
}

function judgeLogStart(context: SessionContext, start: LogStart): Judgement {
  const { base, features, addresses, steps, next } = start;
  const { endpoint } = base;
  const who = endpoint ?? 'the vhost device';
  const refused = steps.find(({ outcome }) => outcome?.ok === false);
  const at = { endpoint, step: (refused ?? base).step, line: (refused ?? base).line };
  const undecided = (message: string, ...missing: string[]): Judgement => ({
    verdict: 'inconclusive',
    ...at,
    message,
    missing,
  });
  if (refused === undefined) {
    if (steps.some(({ outcome }) => outcome === undefined)) {
      return undecided(
        `${who}: what the requests of the log start returned is not seen`,
        REQUESTS_RECIPE,
      );
    }
    const last = steps.at(-1) ?? features;
    const isOver = lastRequestTo(context, endpoint) > last.step;
    if (addresses.length === 0 || !isOver) {
      return undecided(
        `${who}: the log start is not seen to end`,
        'the next request to the device: strace -y names it in those of all threads',
      );
    }
    if (!isUnbroken(context, base, last)) {
      return undecided(`${who}: records of the log start are missing`, 'an unbroken record of it');
    }
    const message = `${who}: the kernel accepted every request of the log start`;
    return { verdict: 'pass', ...at, message, seenAt: () => marksOfRequests(steps) };
  }
  const answer = answerOf(start, refused);
  const follower = steps[steps.indexOf(refused) + 1] ?? next;
  if (refused.kind === 'op_set_vring_addr') {
    if (next === undefined) return undecided(answer, 'what follows the refused request');
    // The refused one is addressed again too; QEMU before 7.1 also addresses vrings that are not set up.
    const reached = addresses.indexOf(refused) + 1;
    const undone = addresses.length - reached;
    if (next.endpoint !== endpoint || next.kind !== 'op_set_features') {
      return goesOn(context, start, refused, next, 'and the features are not undone');
    }
    if (undone < reached) {
      const how = `and ${undone} of ${reached} vrings are addressed again to undo it`;
      return goesOn(context, start, refused, next, how);
    }
    const message = `${answer}, and the log start is undone`;
    return { verdict: 'pass', ...at, message, seenAt: () => marksOfRequests([...addresses, next]) };
  }
  if (follower === undefined) return undecided(answer, 'what follows the refused request');
  if (refused === features && follower.kind !== 'op_set_vring_addr') {
    const message = `${answer}, and the log start ends`;
    return {
      verdict: 'pass',
      ...at,
      message,
      seenAt: () => mark(follower, `${follower.name} is next`),
    };
  }
  // Without addresses the features may be those of a device start that the capture does not show whole.
  if (refused === base && addresses.length === 0) {
    return undecided(answer, 'the vring addresses that follow the features');
  }
  return goesOn(context, start, refused, follower, 'and the log start goes on');
}

function goesOn(
  context: SessionContext,
  start: LogStart | DeviceStart,
  refused: KernelRequest,
  follower: KernelRequest,
  how: string,
): Judgement {
  const { what, steps } = start;
  const [first = refused] = steps;
  const last = steps.at(-1) ?? follower;
  const until = last.step > follower.step ? last : follower;
  const missing: string[] = [];
  if (!isUnbroken(context, first, until)) {
    missing.push(`an unbroken record of the ${what}`);
  }
  // Those seen before may be of a start that failed.
  if (what === 'device start' && refused !== steps.at(-1) && first.kind !== 'op_set_features') {
    missing.push('the features of the device start');
  }
  // A capture that begins inside of a device start shows its log base alone.
  if (start.what === 'log start' && kernelRequests(context)[0]?.step === start.begin.step) {
    missing.push('the device start before the log start');
  }
  const at = { endpoint: refused.endpoint, step: refused.step, line: refused.line };
  const message = `${answerOf(start, refused)}, ${how}`;
  if (missing.length > 0) return { verdict: 'inconclusive', ...at, message, missing };
  return {
    verdict: 'violation',
    ...at,
    message,
    expected: EXPECTED[what](refused),
    evidence: [
      { line: first.line, role: `the ${what} begins` },
      { line: follower.line, role: `${follower.name}: it goes on` },
    ],
  };
}

const EXPECTED = {
  'device start': () => 'a device start that fails: VHOST_GET_VRING_BASE for its vrings next',
  'log start': ({ kind }: KernelRequest) =>
    kind === 'op_set_vring_addr'
      ? 'the addresses sent so far again, then the features, and a migration that fails'
      : 'no further request of the log start, and a migration that fails',
};
