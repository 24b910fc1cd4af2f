/** Members of an argument that the debugger printed at a stop. */
import type { Activation } from '../../../flows/activation.js';
import { bigintOf, pointerOf } from '../../../model/values.js';

/** The number or address that a printed member has; undefined where it was not printed. */
export function printedNumber({ printed }: Activation, name: string): bigint | undefined {
  const text = printed?.get(name);
  const address = pointerOf(text);
  return bigintOf(text) ?? (address === undefined ? undefined : BigInt(address));
}
