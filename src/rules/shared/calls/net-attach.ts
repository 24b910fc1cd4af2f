/** The tap of a vhost-net device, which VHOST_NET_SET_BACKEND gives to the kernel and takes away. */
import type { Activation } from '../../../flows/activation.js';
import { bigintOf } from '../../../model/values.js';

/** Calls that can show the device outside of its stop, and those that detach it. */
export const ANCHORS = [
  'vhost_dev_start',
  'vhost_dev_set_features',
  'vhost_virtqueue_start',
  'vhost_virtqueue_set_addr',
  'vhost_migration_log',
  'vhost_log_global_start',
  'vhost_log_global_stop',
  'vhost_log_sync',
  'vhost_commit',
  'op_net_set_backend',
] as const;

/** `print *file` shows the fd of a tap; -1 takes it away. */
export function attaches({ printed }: Activation): boolean {
  return (bigintOf(printed?.get('fd')) ?? -1n) >= 0n;
}
