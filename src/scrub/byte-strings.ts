/** Pointers in the byte strings of strace (`iov_base="\x12\x00..."`): little-endian u64, as messages carry them. */

const STRING = /"((?:[^"\\\n]|\\.){8,})"/g;
const BYTE = /\\x([\da-f]{2})|\\([0-7]{1,3})|\\([abefnrtv"\\])|([^\\])/gi;
const CONTROLS: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  e: 27,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
};

const HEADER = 12;

interface Byte {
  readonly text: string;
  readonly value: number;
}

/** Replaces what `move` takes for a pointer. */
export function scrubBytes(line: string, move: (value: bigint) => bigint | undefined): string {
  if (!line.includes('\\x') && !line.includes('\\0')) return line;
  return line.replace(STRING, (whole, content: string) => {
    const bytes = Array.from(content.matchAll(BYTE), byteOf);
    const texts = bytes.map(({ text }) => text);
    const isHex = content.startsWith('\\x');
    for (let at = payloadStart(bytes); at + 8 <= bytes.length; at += 8) {
      const moved = move(readUint(bytes, at, 8));
      if (moved === undefined) continue;
      for (let i = 0; i < 8; i++) {
        texts[at + i] = byteText(Number((moved >> BigInt(8 * i)) & 0xffn), isHex);
      }
    }
    return texts.some((text, i) => text !== bytes[i]?.text) ? `"${texts.join('')}"` : whole;
  });
}

/**
 * Where the u64 members of a vhost-user message begin: after its header, if that is there, and eight bytes
 * apart. Source: QEMU docs/interop/vhost-user.rst, struct VhostUserHeader (request, flags, size).
 */
function payloadStart(bytes: readonly Byte[]): number {
  const size = bytes.length >= HEADER ? readUint(bytes, 8, 4) : undefined;
  return size === BigInt(bytes.length - HEADER) ? HEADER : 0;
}

function byteOf([text, hex, octal, control, plain]: RegExpMatchArray): Byte {
  if (hex !== undefined) return { text, value: parseInt(hex, 16) };
  if (octal !== undefined) return { text, value: parseInt(octal, 8) };
  if (control !== undefined) return { text, value: CONTROLS[control] ?? control.charCodeAt(0) };
  return { text, value: plain?.charCodeAt(0) ?? 0 };
}

function readUint(bytes: readonly Byte[], at: number, length: number): bigint {
  let value = 0n;
  for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[at + i]?.value ?? 0);
  return value;
}

function byteText(value: number, isHex: boolean): string {
  return isHex
    ? `\\x${value.toString(16).padStart(2, '0')}`
    : `\\${value.toString(8).padStart(3, '0')}`;
}
