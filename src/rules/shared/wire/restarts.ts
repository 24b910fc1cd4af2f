/**
 * A vhost-user device that is started again, and told of no features.
 *
 * Source: QEMU hw/virtio/vhost.c vhost_dev_stop() fetches each vring with GET_VRING_BASE, and vhost_dev_start() begins with
 * the features. hw/net/vhost_net.c vhost_net_virtqueue_reset() fetches one vring, and its restart sends none: a guest may
 * reset all vrings of a network device, one by one.
 */
import type { Connection, Message } from './messages.js';
import { nameOf, OF_ONE_DEVICE } from './messages.js';
import type { Fault, SetUp } from './vring-set-up.js';

/** Begin a device, or give it up. */
const ANEW: ReadonlySet<string> = new Set(['SET_FEATURES', 'RESET_OWNER', 'RESET_DEVICE']);

/** Of one greeting. */
export function* restartsWithoutFeatures(
  connection: Connection,
  requests: readonly Message[],
  setUps: readonly SetUp[],
): Generator<Fault> {
  const bySize = new Map(setUps.map((setUp) => [setUp.requests[0], setUp] as const));
  const isOne = requests.some(({ name }) => OF_ONE_DEVICE.has(name));
  const running = new Set<number>();
  let stopped: Message | undefined;
  for (const request of requests) {
    const { name, vring } = request;
    const setUp = bySize.get(request);
    if (ANEW.has(name)) stopped = undefined;
    else if (name === 'GET_VRING_BASE' && vring !== undefined) {
      if (running.delete(vring) && running.size === 0) stopped = request;
    } else if (setUp !== undefined) {
      running.add(setUp.vring);
      const index = setUp.requests[1];
      if (stopped === undefined || index?.name !== 'SET_VRING_BASE') continue;
      yield {
        at: request,
        message: `${nameOf(connection)} is given vrings again, and no features since all of them were stopped`,
        expected: 'SET_FEATURES in front of the memory table and the vrings',
        evidence: [{ line: stopped.line, role: 'the last vring that ran is stopped' }],
        from: stopped,
        to: index,
        missing: isOne
          ? []
          : [
              'that the device stopped: a guest may reset every vring of a network device by itself',
            ],
      };
      stopped = undefined;
    }
  }
}
