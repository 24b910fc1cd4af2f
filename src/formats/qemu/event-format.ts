/**
 * printf as the C library of a 64-bit Linux does it, as far as trace events use it.
 *
 * Source: glibc, stdio-common/vfprintf-internal.c. Not done: floats, which the "simple" backend stores as
 * integers; the last events with a float are of QEMU 2.12.
 */

/** A part of a printf format: text that is printed as it is, or a conversion. */
export type Piece = { readonly text: string } | Conversion;

export interface Conversion {
  readonly flags: string;
  /** `*` takes it from the arguments. */
  readonly width: number | '*' | undefined;
  readonly precision: number | '*' | undefined;
  /** `hh`, `h`, `l`, `ll`, `z`, `j`, `t` or nothing. */
  readonly size: string;
  /** `d`, `u`, `x`, `p`, `s` ... */
  readonly kind: string;
}

/** An integer of 64 bits; a number only where that is exact and not negative, as it is told sooner. */
export type Integer = bigint | number;

/** An argument of an event as the "simple" backend stores it. */
export type RawValue = Integer | string;

/** A conversion whose width and precision are numbers. */
export type FixedConversion = Conversion & {
  readonly width: number | undefined;
  readonly precision: number | undefined;
};

/** No field is wider: a width may come out of a damaged file. */
const WIDEST = 512;

/** The text of one value. */
export function printValue(conversion: FixedConversion, value: RawValue): string {
  return pad(
    conversion,
    typeof value === 'string' ? cut(conversion, value) : digits(conversion, value),
  );
}

/** `%5d` and `%20s` put blanks in front, `%-8s` behind. */
export function isPadded({ width, flags, kind }: Conversion): boolean {
  return width !== undefined && (!flags.includes('0') || kind === 's');
}

/** `%*d` and `%.*s`: how many arguments stand in front of the value. */
export function starsOf({ width, precision }: Conversion): number {
  return Number(width === '*') + Number(precision === '*');
}

/** Takes width and precision from the arguments in front of the value. */
export function fixed(conversion: Conversion, stars: readonly RawValue[]): FixedConversion {
  const rest = stars.map((value) => Number(BigInt.asIntN(32, BigInt(value))));
  let { width, precision, flags } = conversion;
  if (width === '*') {
    width = rest.shift() ?? 0;
    if (width < 0) flags += '-';
    width = Math.abs(width);
  }
  if (precision === '*') precision = rest.shift() ?? 0;
  return {
    ...conversion,
    flags,
    width,
    precision: precision !== undefined && precision < 0 ? undefined : precision,
  };
}

function cut({ precision }: FixedConversion, text: string): string {
  return precision === undefined ? text : text.slice(0, precision);
}

function digits(conversion: FixedConversion, value: Integer): string {
  const { kind, flags, size } = conversion;
  const bits = bitsOf(size);
  const unsigned = asUnsigned(bits, value);
  switch (kind) {
    case 'd':
    case 'i': {
      const signed = asSigned(bits, value);
      const sign = signed < 0 ? '-' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '';
      return sign + atLeast(conversion, (signed < 0 ? -signed : signed).toString());
    }
    case 'x':
      return mark(conversion, unsigned, '0x') + atLeast(conversion, unsigned.toString(16));
    case 'X':
      return (
        mark(conversion, unsigned, '0X') + atLeast(conversion, unsigned.toString(16).toUpperCase())
      );
    case 'o':
      return mark(conversion, unsigned, '0') + atLeast(conversion, unsigned.toString(8));
    case 'p':
    case 's':
      // A string that was stored as its address: version 0.
      return Number(value) === 0 ? '(nil)' : `0x${asUnsigned(64, value).toString(16)}`;
    case 'c':
      return String.fromCharCode(Number(asUnsigned(8, value)));
    default:
      return atLeast(conversion, unsigned.toString());
  }
}

type Bits = 8 | 16 | 32 | 64;

function bitsOf(size: string): Bits {
  if (size === '') return 32;
  return size === 'hh' ? 8 : size === 'h' ? 16 : 64;
}

function asUnsigned(bits: Bits, value: Integer): Integer {
  if (typeof value === 'bigint') return BigInt.asUintN(bits, value);
  // Operators on bits take the lowest 32.
  return bits === 64 ? value : (value << (32 - bits)) >>> (32 - bits);
}

function asSigned(bits: Bits, value: Integer): Integer {
  if (typeof value === 'bigint') return BigInt.asIntN(bits, value);
  return bits === 64 ? value : (value << (32 - bits)) >> (32 - bits);
}

function mark({ flags }: Conversion, value: Integer, prefix: string): string {
  return flags.includes('#') && value !== 0 && value !== 0n ? prefix : '';
}

function atLeast({ precision = 1 }: FixedConversion, text: string): string {
  return text.padStart(Math.min(precision, WIDEST), '0');
}

function pad({ width = 0, flags, precision, kind }: FixedConversion, text: string): string {
  const room = Math.min(width, WIDEST);
  if (text.length >= room) return text;
  if (flags.includes('-')) return text.padEnd(room);
  const zeros = flags.includes('0') && precision === undefined && /[diouxX]/.test(kind);
  if (!zeros) return text.padStart(room);
  const sign = /^(?:0[xX]|[-+ ])/.exec(text)?.[0] ?? '';
  return sign + text.slice(sign.length).padStart(room - sign.length, '0');
}
