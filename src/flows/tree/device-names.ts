/** What devices are called for people: addresses differ from run to run and are hard to tell apart. */
import type { Device } from '../devices.js';
import type { Run } from '../run.js';

/** `virtio-net #1`, `vhost-user #2`, `vhost #3`: name or backend as far as known, and number by order of appearance in the session. */
export function deviceNames(
  { devices }: Pick<Run, 'devices'>,
  session: number,
): Map<string, string> {
  const own = devices.filter((device) => device.session === session);
  return new Map(own.map((device, i) => [device.address, `${typeName(device)} #${i + 1}`]));
}

function typeName({ name, backend }: Device): string {
  return name ?? (backend === undefined ? 'vhost' : `vhost-${backend}`);
}
