import { hasGap } from '../flows/run.js';
import { kernelRequests, REQUESTS_RECIPE } from './shared/wire/kernel-requests.js';
import type { KernelRequest } from './shared/wire/kernel-requests.js';
import type { Judgement, Rule } from './rule.js';

/** The kernel's answer to an index that the device does not have, and to nothing else in this request. */
const NO_SUCH_VRING = 'ENOBUFS';

/** A vring's address is set for a vring that the kernel's device has. */
export const kvIdx: Rule = {
  info: {
    id: 'KV-IDX',
    title: 'VHOST_SET_VRING_ADDR names a vring that the kernel device has',
    severity: 'error',
    impact: 'corrupt',
    backends: ['kernel'],
    versions: '2.12 - 11.1',
    needs: ['VHOST_SET_VRING_ADDR with what it returned: strace, or a kprobe and its kretprobe'],
    why: 'The kernel counts the vrings of each queue pair from 0, QEMU those of the whole device: with the wrong one the address, and with it the dirty logging of the used ring, is given to no vring.',
    probes: ['wire op_set_vring_addr'],
    remedy:
      'Look at vhost_kernel_get_vq_index() and at vq_index of the device: the kernel wants the index minus vq_index.',
    exceptions: [
      'other errors, which say nothing about the index (KV-ERR judges those of a log start)',
    ],
    sources: [
      'Linux drivers/vhost/vhost.c vhost_vring_ioctl(): ENOBUFS for an index that is not below nvqs',
      'QEMU hw/virtio/vhost-backend.c vhost_kernel_get_vq_index()',
    ],
    bugs: [
      {
        where: 'QEMU 25a2a920dd (2.5)',
        what: 'the log start of a multi-queue device gave the kernel the index of the whole device',
      },
    ],
  },
  triggers: [],
  *sequence(context) {
    const requests = kernelRequests(context).filter(({ kind }) => kind === 'op_set_vring_addr');
    for (const request of requests) yield* judge(request);
    const last = requests.at(-1);
    if (last !== undefined && hasGap(context.run, BEFORE_ALL, context.run.steps.length)) {
      const { endpoint, step, line } = last;
      const message = 'records are missing, which may be of further VHOST_SET_VRING_ADDR';
      const missing = ['an unbroken record of the requests'];
      yield { verdict: 'inconclusive', endpoint, step, line, message, missing };
    }
  },
};

/** No step is there. */
const BEFORE_ALL = -1;

function* judge({ outcome, endpoint, step, line }: KernelRequest): Generator<Judgement> {
  const at = { endpoint, step, line, alone: true };
  const who = endpoint ?? 'the vhost device';
  if (outcome === undefined) {
    const message = `VHOST_SET_VRING_ADDR on ${who}: what it returned is not seen`;
    yield { verdict: 'inconclusive', ...at, message, missing: [REQUESTS_RECIPE] };
  } else if (outcome.errno === NO_SUCH_VRING) {
    yield {
      verdict: 'violation',
      ...at,
      message: `VHOST_SET_VRING_ADDR on ${who} returns ENOBUFS: the device has no vring of that index`,
      expected: 'an index below the number of vrings of this vhost device (2 for vhost-net)',
    };
  } else if (!outcome.ok && outcome.errno === undefined) {
    const message = `VHOST_SET_VRING_ADDR on ${who} fails: with which error is not seen`;
    yield { verdict: 'inconclusive', ...at, message, missing: ['the whole line of the request'] };
  } else if (outcome.ok) {
    yield { verdict: 'pass', ...at, message: `${who} has the vrings whose addresses are set` };
  }
}
