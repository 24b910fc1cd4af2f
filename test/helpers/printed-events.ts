/** Random declarations, values for them, and QEMU's way to write trace files: trace/simple.c. */
import fc from 'fast-check';
import { isString } from '../../src/formats/qemu/event-form.js';
import type { Declaration } from '../../src/formats/qemu/event-declarations.js';
import type { RawValue } from '../../src/formats/qemu/event-format.js';

const word = fc.stringMatching(/^[a-z][a-z_]{0,8}$/);

/** Type, its conversions, and how it is written in a declaration. */
const kinds = [
  ['const char *', '%s'],
  ['char *', '%s'],
  ['void *', '%p'],
  ['bool', '%d'],
  ['int', '%d'],
  ['int', '%5d'],
  ['unsigned int', '%u'],
  ['uint8_t', '0x%"PRIx8"'],
  ['uint32_t', '0x%"PRIx32"'],
  ['uint64_t', '0x%016" PRIx64 "'],
  ['uint64_t', '%" PRIu64 "'],
  ['int64_t', '%"PRId64"'],
  ['size_t', '0x%zx'],
  ['size_t', '%-8zu|'],
  ['unsigned long', '%lX'],
  ['uint16_t', '%04x'],
] as const;

export interface PrintedDeclaration {
  readonly line: string;
  readonly name: string;
  readonly types: readonly string[];
}

/** Between two values stands text that no value holds, so that there is one way to read them. */
export const declaration: fc.Arbitrary<PrintedDeclaration> = fc
  .record({
    name: word,
    args: fc.array(fc.constantFrom(...kinds), { maxLength: 10 }),
    before: fc.constantFrom('', 'dev: ', '100%% of '),
    between: fc.constantFrom(' ;', ' -> ', ', "PRI', ' %%;'),
    blank: fc.constantFrom('', ' ', '  '),
  })
  .map(({ name, args, before, between, blank }) => {
    const list = args.map(([type], i) => `${type}${type.endsWith('*') ? '' : ' '}a${i}`).join(', ');
    const gap = between.replaceAll('"', '\\"');
    const format = args.map(([, conversion]) => conversion).join(gap);
    return {
      line: `${name}(${list === '' ? 'void' : list})${blank}"${before}${format}"`,
      name,
      types: args.map(([type]) => type),
    };
  });

const string = fc.stringMatching(
  /^[A-Za-z0-9_./:=#-]([A-Za-z0-9_./:=# -]{0,20}[A-Za-z0-9_./:=#-])?$/,
);

export type StoredValue = Exclude<RawValue, number>;

/** A value of a C type as QEMU stores it: sign-extended to 64 bits. */
export function valueOf(type: string): fc.Arbitrary<StoredValue> {
  if (isString({ type, name: '' })) return string;
  const bits =
    { bool: 1, uint8_t: 8, uint16_t: 16, int: 32, 'unsigned int': 32, uint32_t: 32 }[type] ?? 64;
  const any = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
  const isSigned = type === 'int' || type === 'int64_t';
  return any.map((value) =>
    isSigned ? BigInt.asUintN(64, BigInt.asIntN(bits, value)) : BigInt.asUintN(bits, value),
  );
}

export interface StoredEvent {
  readonly id: bigint;
  readonly time: bigint;
  readonly pid: number;
  readonly values: readonly StoredValue[];
}

export interface TraceFile {
  readonly version: 0 | 2 | 3 | 4;
  readonly isLittle: boolean;
  /** Version 4 only. */
  readonly names?: readonly (readonly [bigint, string])[];
  readonly events: readonly (StoredEvent | { readonly dropped: bigint })[];
}

/** The bytes of a trace file. */
export function writeTrace({ version, isLittle, names = [], events }: TraceFile): Buffer {
  const { u32, u64 } = numbers(isLittle);
  const parts = [u64(2n ** 64n - 1n), u64(0xf2b177cb0aa429b4n), u64(BigInt(version))];
  if (version === 0) parts.push(Buffer.alloc(40));
  for (const [id, name] of names) parts.push(u64(0n), u64(id), u32(name.length), Buffer.from(name));
  for (const event of events) {
    if (version === 4) parts.push(u64(1n));
    const { id, time, pid, values } =
      'dropped' in event
        ? { id: 2n ** 64n - 2n, time: 7n, pid: 1, values: [event.dropped] }
        : event;
    const payload = Buffer.concat(
      values.map((value) =>
        typeof value === 'bigint'
          ? u64(value)
          : Buffer.concat([u32(Buffer.byteLength(value)), Buffer.from(value)]),
      ),
    );
    parts.push(u64(id), u64(time));
    if (version === 0) parts.push(payload, Buffer.alloc(48 - payload.length));
    else parts.push(u32(24 + payload.length), u32(version === 2 ? 0 : pid), payload);
  }
  return Buffer.concat(parts);
}

function numbers(isLittle: boolean): { u32: (n: number) => Buffer; u64: (n: bigint) => Buffer } {
  return {
    u32(n) {
      const bytes = Buffer.alloc(4);
      if (isLittle) bytes.writeUInt32LE(n);
      else bytes.writeUInt32BE(n);
      return bytes;
    },
    u64(n) {
      const bytes = Buffer.alloc(8);
      if (isLittle) bytes.writeBigUInt64LE(n);
      else bytes.writeBigUInt64BE(n);
      return bytes;
    },
  };
}

/** A declaration that the grammar must accept. */
export function only(events: readonly Declaration[] | undefined): Declaration {
  const [event, ...others] = events ?? [];
  if (event === undefined || others.length > 0) throw new Error('not one declaration');
  return event;
}
