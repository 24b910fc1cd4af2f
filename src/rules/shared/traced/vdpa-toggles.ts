/**
 * Log toggles of vdpa devices without shadow virtqueues, as QEMU's trace events show them: the ring addresses that
 * reach the device.
 *
 * Source: QEMU hw/virtio/vhost-vdpa.c, vhost.c vhost_virtqueue_start() and vhost_dev_set_log(): a ring that starts gets
 * its size, its base and its addresses; a log toggle sends the features, and then the addresses alone.
 */
import type { Step } from '../../../facts/step.js';
import { hasGap } from '../../../flows/run.js';
import type { FactKind } from '../../../model/fact.js';
import { boolOf, pointerOf } from '../../../model/values.js';
import type { SessionContext } from '../../rule.js';

/** vhost_vdpa_set_vring_addr of a log toggle. */
export interface VdpaToggle {
  readonly device: string;
  readonly vring: number;
  readonly step: Step;
  /** The event of the start of this ring; undefined where it is not seen, or may be of another QEMU. */
  readonly start: Step | undefined;
}

const KINDS: readonly FactKind[] = [
  'vhost_dev_start',
  'vhost_dev_stop',
  'vhost_dev_cleanup',
  'op_dev_start',
  'op_get_vring_base',
  'op_set_features',
  'op_set_mem_table',
  'op_set_vring_addr',
  'vhost_vdpa',
];

/** In the order of the capture. */
export function vdpaToggles(context: SessionContext): readonly VdpaToggle[] {
  const devices = new Map<string, VdpaDevice>();
  const found: VdpaToggle[] = [];
  for (const step of context.events(...KINDS)) {
    const name = pointerOf(step.event?.record.args?.dev);
    if (name === undefined) continue;
    const device = devices.get(name) ?? new VdpaDevice();
    devices.set(name, device);
    const vring = device.follow(step);
    if (vring === undefined) continue;
    const start = device.startOf(vring);
    const isSure =
      start !== undefined &&
      !context.run.mixed.has(context.session) &&
      !hasGap(context.run, start.index, step.index);
    found.push({ device: name, vring, step, start: isSure ? start : undefined });
  }
  return found;
}

/** What is known of the rings of one vhost_dev. */
class VdpaDevice {
  /** Those that get their size: their addresses follow. */
  readonly #starting = new Set<number>();
  readonly #started = new Map<number, Step>();
  /** Behind the features, with no event of anything but the rings. */
  #isToggling = false;

  startOf(vring: number): Step | undefined {
    return this.#started.get(vring);
  }

  /** The ring that a log toggle addresses, if that is what the event shows. */
  follow(step: Step): number | undefined {
    const { row, record } = step.event ?? {};
    const vring = Number(record?.args?.[row?.vring ?? ''] ?? NaN);
    switch (row?.kind) {
      case 'op_set_features':
        this.#isToggling = true;
        return undefined;
      case 'op_set_vring_addr':
        return this.#address(step, vring);
      case 'vhost_vdpa':
        this.#other(record?.name ?? '', vring);
        return undefined;
      case 'op_set_mem_table':
        this.#isToggling = false;
        return undefined;
      case 'op_dev_start':
        if (boolOf(record?.args?.started) === true) this.#isToggling = false;
        else this.#forget();
        return undefined;
      default:
        this.#forget();
        return undefined;
    }
  }

  #address(step: Step, vring: number): number | undefined {
    if (!this.#starting.delete(vring)) return this.#isToggling ? vring : undefined;
    this.#started.set(vring, step);
    return undefined;
  }

  #other(name: string, vring: number): void {
    if (name === 'vhost_vdpa_set_vring_num') {
      this.#started.delete(vring);
      this.#starting.add(vring);
    } else if (ENDS.has(name)) this.#forget();
    // The guest masks and unmasks its interrupts at any time.
    if (!HARMLESS.has(name)) this.#isToggling = false;
  }

  #forget(): void {
    this.#starting.clear();
    this.#started.clear();
    this.#isToggling = false;
  }
}

const ENDS: ReadonlySet<string> = new Set([
  'vhost_vdpa_init',
  'vhost_vdpa_cleanup',
  'vhost_vdpa_suspend',
  'vhost_vdpa_reset_device',
]);

const HARMLESS: ReadonlySet<string> = new Set([
  'vhost_vdpa_get_vq_index',
  'vhost_vdpa_set_vring_call',
]);
