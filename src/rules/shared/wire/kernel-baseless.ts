/**
 * Log toggles of a kernel device that never got a log base.
 *
 * Source: QEMU hw/virtio/vhost.c vhost_dev_set_log(): the features, then the address of each vring. vhost_migration_log(true)
 * gives a log base in front of it, vhost_dev_start() with logging on behind its vrings: the first toggle follows a base.
 */
import type { Judgement, SessionContext } from '../../rule.js';
import { WITH_FEATURES } from './kernel-log-starts.js';
import { byThread, kernelRequests, REQUESTS_RECIPE } from './kernel-requests.js';
import type { KernelRequest } from './kernel-requests.js';

/** One judgement for each device whose life is shown from its owner on, with a toggle and no log base before it. */
export function* judgeBaselessToggles(context: SessionContext): Generator<Judgement> {
  const requests = kernelRequests(context);
  const baseless = baselessFeatures(requests);
  const judged = new Set<string | undefined>();
  for (const thread of byThread(requests)) {
    for (const [at, features] of thread.entries()) {
      const { endpoint, step, line } = features;
      if (judged.has(endpoint) || !baseless.has(features) || !isToggle(thread, at)) continue;
      judged.add(endpoint);
      const who = endpoint ?? 'the vhost device';
      yield {
        verdict: 'inconclusive',
        endpoint,
        step,
        line,
        message: `${who} gets features and vring addresses as in a log start, and no log base since VHOST_SET_OWNER`,
        missing: [
          `the word of VHOST_SET_FEATURES, and all threads of QEMU: ${REQUESTS_RECIPE}`,
          'probe the set_log_base op',
        ],
      };
    }
  }
}

/** A device start sends the memory table and the size of a vring in front of the address. */
function isToggle(thread: readonly KernelRequest[], at: number): boolean {
  const features = thread[at];
  if (features?.kind !== 'op_set_features') return false;
  let next = at + 1;
  while (WITH_FEATURES.has(thread[next]?.name ?? '')) next++;
  const address = thread[next];
  return address?.kind === 'op_set_vring_addr' && address.endpoint === features.endpoint;
}

/** The features that come behind VHOST_SET_OWNER of their device, and in front of any log base. */
function baselessFeatures(requests: readonly KernelRequest[]): ReadonlySet<KernelRequest> {
  const found = new Set<KernelRequest>();
  const baseless = new Set<string | undefined>();
  for (const request of requests) {
    const { name, kind, endpoint } = request;
    if (name === 'VHOST_SET_OWNER') baseless.add(endpoint);
    else if (kind === 'op_set_log_base') baseless.delete(endpoint);
    else if (kind === 'op_set_features' && baseless.has(endpoint)) found.add(request);
  }
  return found;
}
