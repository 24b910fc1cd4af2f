/** Hex numbers as text of fixed width; see values.md for why they are never numbers. */

const HEX = /^0x([0-9a-f]{1,16})$/;

/** `0x55d0` → `0x00000000000055d0`: sorts by value. What is no lower-case hex number of up to 64 bits stays as it is. */
export function sortableHex(text: string): string {
  const digits = HEX.exec(text)?.[1];
  return digits === undefined ? text : `0x${digits.padStart(16, '0')}`;
}

/** The inverse of {@link sortableHex}: `0x00000000000055d0` → `0x55d0`. */
export function shortHex(text: string): string {
  return text.replace(/^0x0+(?=[0-9a-f])/, '0x');
}
