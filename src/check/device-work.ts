/** What the calls of a session work on: those of one device, and those that may be about it. */
import { append } from '../base/append.js';
import type { Activation } from '../flows/activations/activation.js';
import type { FactKind } from '../model/fact.js';

/** Each stranger may have been about each device; where they are this many, nothing is known of any. */
const MOST_GUESSES = 1_000_000;

/** The calls of a session by the device that they work on, those that may be about it among them. */
export class DeviceWork {
  private readonly byDevice = new Map<string, Activation[]>();
  /** Calls that change a device, but do not show which. */
  private readonly strangers: Activation[] = [];

  constructor(activations: readonly Activation[]) {
    for (const activation of activations) {
      const { device, kind } = activation;
      if (device !== undefined) append(this.byDevice, device, activation);
      else if (CHANGES_DEVICE.has(kind)) this.strangers.push(activation);
    }
  }

  /** In order, with the strangers: each may have been about this device. None where they are {@link MOST_GUESSES}. */
  on(device: string): readonly Activation[] {
    const own = this.byDevice.get(device) ?? [];
    if (this.strangers.length === 0) return own;
    if (this.strangers.length * this.byDevice.size > MOST_GUESSES) return [];
    return [...own, ...this.strangers].sort((a, b) => a.id - b.id);
  }
}

const CHANGES_DEVICE: ReadonlySet<FactKind> = new Set([
  'vhost_dev_init',
  'vhost_dev_cleanup',
  'vhost_dev_start',
  'vhost_dev_stop',
  'vhost_dev_set_log',
  'vhost_migration_log',
  'vhost_log_global_start',
  'vhost_log_global_stop',
  'vhost_virtqueue_start',
  'vhost_virtqueue_stop',
  'vhost_virtqueue_set_addr',
  'op_get_vring_base',
]);
