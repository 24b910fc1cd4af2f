/** Members of an argument that the debugger printed at a stop. */
import type { Activation } from '../../../flows/activations/activation.js';
import { bigintOf, featuresOf, pointerOf } from '../../../model/values.js';

/** The number or address that a printed member has; undefined where it was not printed. */
export function printedNumber({ printed }: Activation, name: string): bigint | undefined {
  const text = printed?.get(name);
  const address = pointerOf(text);
  return bigintOf(text) ?? (address === undefined ? undefined : BigInt(address));
}

/**
 * The features that a set_features op sends; undefined where they are not shown. Kernel devices of QEMU 10.2 get a
 * pointer to two words (hw/virtio/vhost-backend.c vhost_kernel_set_features()): those that were printed.
 */
export function featuresSent({ value, printed }: Activation): bigint | undefined {
  const word = featuresOf(value) ?? featuresOf(printed?.get('[0]'));
  const next = bigintOf(printed?.get('[1]')) ?? 0n;
  return word === undefined ? undefined : word | (next << 64n);
}

/** The log that a set_log_base op gives was printed: `print *dev->log` shows the one before, whose bitmap is another. */
export function showsGivenLog(op: Activation): boolean {
  const base = bigintOf(op.value);
  return base !== undefined && base !== 0n && base === printedNumber(op, 'log');
}
