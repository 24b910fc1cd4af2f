/** vhost-user messages as bytes, and bytes as strace prints them: the protocol's document, strace's string_quote(). */

/** The integers little-endian, one behind the other; none has more than 8 bytes. */
export function littleEndian(
  ...parts: readonly (readonly [value: bigint, bytes: number])[]
): number[] {
  const all: number[] = [];
  for (const [value, bytes] of parts) {
    const halves = [Number(value & 0xffff_ffffn), Number((value >> 32n) & 0xffff_ffffn)];
    for (let i = 0; i < bytes; i++) all.push(((halves[i >> 2] ?? 0) >>> (8 * (i & 3))) & 0xff);
  }
  return all;
}

export function headerBytes(id: number, flags: number, size: number): readonly number[] {
  return littleEndian([BigInt(id), 4], [BigInt(flags), 4], [BigInt(size), 4]);
}

export type Quoting = 'default' | 'x' | 'xx';

const NAMED = new Map([
  [12, '\\f'],
  [10, '\\n'],
  [13, '\\r'],
  [9, '\\t'],
  [11, '\\v'],
  [34, '\\"'],
  [92, '\\\\'],
]);

const HEX = Array.from({ length: 256 }, (_, byte) => `\\x${byte.toString(16).padStart(2, '0')}`);

/** The bytes as strace prints them with `-s max`. */
export function printString(bytes: readonly number[], quoting: Quoting, max = Infinity): string {
  const shown = bytes.slice(0, max);
  const end = bytes.length > max ? '"...' : '"';
  const odd = (byte: number): boolean => byte > 126 || (byte < 32 && (byte < 9 || byte > 13));
  if (quoting === 'xx' || (quoting === 'x' && shown.some(odd))) {
    return `"${shown.map((byte) => HEX[byte]).join('')}${end}`;
  }
  return `"${shown.map((byte, i) => printByte(byte, shown[i + 1])).join('')}${end}`;
}

// A digit behind an octal escape would belong to it: then all three digits are printed.
function printByte(byte: number, next: number | undefined): string {
  const named = NAMED.get(byte);
  if (named !== undefined) return named;
  if (byte >= 32 && byte <= 126) return String.fromCharCode(byte);
  const digitFollows = next !== undefined && next >= 48 && next <= 55;
  return `\\${byte.toString(8).padStart(digitFollows ? 3 : 1, '0')}`;
}
