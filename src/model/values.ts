/**
 * What printed argument values mean. Each function gives undefined for a value that gdb did not show:
 * `...`, `<optimized out>`, `<unavailable>`, `<error reading variable ...>`, an empty text.
 *
 * Source: gdb/valprint.c, generic_val_print() and print_formatted() (gdb 7 to 18).
 */
import { RING_RESET } from './constants.js';
import type { Frame } from './record.js';

/** The value of an argument: the current one, or the one at entry when only that is known. */
export function argText(frame: Frame, name: string): string | undefined {
  const arg = frame.args?.find((candidate) => candidate.name === name);
  if (arg === undefined) return undefined;
  return isShown(arg.value) ? arg.value : isShown(arg.entry) ? arg.entry : undefined;
}

/**
 * The address in `0x5555573f9c50`, `0x555557328500 <ram_state>`, `0x5555 "text"`,
 * `(struct vhost_dev *) 0x5555`, `@0x7ffe: 1`, `(nil)`: lower case, no leading zeros; null is `0x0`.
 * Undefined where something else follows: of `0x5555 62b1f00` nobody knows what tore it.
 */
export function pointerOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  if (/^\(nil\)$|^\(null\)$/.test(text.trim())) return '0x0';
  const match = POINTER.exec(text.trim());
  if (match === null) return undefined;
  const digits = (match[1] ?? '').toLowerCase().replace(/^0+/, '');
  return `0x${digits === '' ? '0' : digits}`;
}

// Behind an address: `<symbol+8>`, then what a `char *` points to; behind that of a reference its value.
const POINTER =
  /^(?:\([^()]*\) *)?@?0x([0-9a-fA-F]+)(?:(?: <[^ ].*>)?(?: (?:[LUu]|u8)?["'].*)?|: .*)$/s;

/**
 * The number in `28672`, `-7`, `0x1c`, `18446744073709551615`, `15 '\017'`; exact, any size. A leading zero is that
 * of an octal one, as gdb prints it with `set output-radix 8`, and strace modes.
 */
export function bigintOf(text: string | undefined): bigint | undefined {
  if (text === undefined) return undefined;
  const match = /^(-?)(0x[0-9a-fA-F]+|\d+)(?: L?'(?:\\[0-7]{1,3}|\\.|[^\\])')?$/su.exec(
    text.trim(),
  );
  if (match === null) return undefined;
  const digits = match[2] ?? '';
  const isOctal = /^0\d/.test(digits);
  if (isOctal && /[89]/.test(digits)) return undefined;
  const size = BigInt(isOctal ? `0o${digits}` : digits);
  return match[1] === '-' ? -size : size;
}

/**
 * A word of virtio features; undefined also for the pointer to such words, which QEMU 10.2 hands on: no feature has
 * the bits 42 to 49, and every address of a program has some of them. Source: virtio 1.3, 2.2 "Feature Bits".
 */
export function featuresOf(text: string | undefined): bigint | undefined {
  const word = bigintOf(text);
  return word !== undefined && isFeatures(word) ? word : undefined;
}

/** Could it be a word of virtio features? See {@link featuresOf}. */
export function isFeatures(word: bigint): boolean {
  return (word & RESERVED_FEATURES) === 0n;
}

const RESERVED_FEATURES = 0xffn << 42n;

/** Does a word of virtio features let the guest reset single vrings? */
export function hasRingReset(text: string | undefined): boolean | undefined {
  const word = featuresOf(text);
  return word === undefined ? undefined : (word & RING_RESET) !== 0n;
}

/** `true`, `false`; also 1 and 0, as C's int and older debug information print them, `1 '\001'` too. */
export function boolOf(text: string | undefined): boolean | undefined {
  if (text === undefined) return undefined;
  const word = text.trim();
  if (word === 'true') return true;
  if (word === 'false') return false;
  const number = bigintOf(word);
  if (number === 0n) return false;
  return number === 1n ? true : undefined;
}

function isShown(value: string | undefined): boolean {
  if (value === undefined) return false;
  const text = value.trim();
  return text !== '' && text !== '...' && !/^<[^>]*>$|^<error/.test(text);
}
