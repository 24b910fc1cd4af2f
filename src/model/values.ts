/**
 * Values as gdb prints them → values that rules can compare.
 *
 * Everything here returns undefined for a value that is not definite: `...`, `<optimized out>`,
 * `<unavailable>`, `<error reading variable ...>`. Numbers are bigint, because a u64 does not fit a
 * double. Source: gdb/valprint.c, generic_val_print().
 */
import type { Frame } from './record.js';

/**
 * Text of an argument: its current value, else its value at entry (none of the functions that rules
 * know changes its parameters).
 */
export function argText(frame: Frame, name: string): string | undefined {
  for (const arg of frame.args ?? []) {
    if (arg.name !== name) continue;
    return isDefinite(arg.value) ? arg.value : isDefinite(arg.entry) ? arg.entry : undefined;
  }
  return undefined;
}

function isDefinite(text: string | undefined): text is string {
  return (
    text !== undefined &&
    text !== '' &&
    text !== '...' &&
    !/^<(?:optimized out|value optimized out|unavailable|not saved|synthetic pointer|error)/.test(text)
  );
}

/** A typed pointer starts with its type in parentheses: `(struct vhost_dev *) 0x5555562b1f00`. */
const POINTER = /^(?:\([^()]*\)\s*)?0x([0-9a-fA-F]+)\b/;

/** Address of `0x5555 <sym+4>` or `(nil)`: lower-case hex without leading zeros, `0x0` for NULL. */
export function pointerOf(text: string | undefined): string | undefined {
  if (text === '(nil)') return '0x0';
  const digits = text === undefined ? undefined : POINTER.exec(text)?.[1];
  if (digits === undefined) return undefined;
  return `0x${digits.toLowerCase().replace(/^0+(?=.)/, '')}`;
}

/** Integer of `42`, `-7`, `0x1f`, `15 '\017'`, exact at any size. */
export function bigintOf(text: string | undefined): bigint | undefined {
  const match = text === undefined ? null : /^(-?)(0x[0-9a-fA-F]+|\d+)(?=$|\s)/.exec(text);
  if (match?.[2] === undefined) return undefined;
  const magnitude = BigInt(match[2]);
  return match[1] === '-' ? -magnitude : magnitude;
}

/** `true`, `false`, and the 1 and 0 of older builds, also as `1 '\001'`. */
export function boolOf(text: string | undefined): boolean | undefined {
  if (text === 'true') return true;
  if (text === 'false') return false;
  const number = bigintOf(text);
  return number === 0n ? false : number === 1n ? true : undefined;
}
