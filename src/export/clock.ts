/** Printed times as nanoseconds. Clocks differ: what was printed stays beside it, and says of which kind it is. */
import { firstIndex } from '../base/search.js';
import type { CaptureRecord, Reading } from '../model/record.js';

/** `epoch`: since 1970. `boot`: since the host or the trace began; no date can be told. */
export type ClockKind = 'epoch' | 'boot';

export interface Instant {
  readonly kind: ClockKind;
  readonly nanoseconds: bigint;
}

/** Seconds of 2001: no host is up that long, and no capture is that old. */
const EPOCH_SECONDS = 1_000_000_000n;

/**
 * Of `1764115200.123456`, `2026-11-26T00:00:00.123456Z` and whole nanoseconds (SystemTap); undefined for
 * what names neither a day nor a count, as `14:47:12.123456`.
 */
export function instantOf(time: string | undefined): Instant | undefined {
  if (time === undefined) return undefined;
  const [, seconds, fraction] = /^(\d{1,11})\.(\d{1,9})$/.exec(time) ?? [];
  if (seconds !== undefined && fraction !== undefined) {
    const whole = BigInt(seconds);
    return {
      kind: whole >= EPOCH_SECONDS ? 'epoch' : 'boot',
      nanoseconds: whole * 1_000_000_000n + nanoseconds(fraction),
    };
  }
  if (/^\d{10,19}$/.test(time)) return wholeNanoseconds(BigInt(time));
  const [, date, digits, zone] =
    /^(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?(Z|[+-]\d\d:?\d\d)$/.exec(time) ?? [];
  const milliseconds = Date.parse(`${(date ?? '').replace(' ', 'T')}${zone ?? ''}`);
  if (Number.isNaN(milliseconds)) return undefined;
  return {
    kind: 'epoch',
    nanoseconds: BigInt(milliseconds) * 1_000_000n + nanoseconds(digits ?? '0'),
  };
}

function wholeNanoseconds(count: bigint): Instant | undefined {
  // Of an int64, which is what engines have.
  if (count >= 1n << 63n) return undefined;
  return { kind: count >= EPOCH_SECONDS * 1_000_000_000n ? 'epoch' : 'boot', nanoseconds: count };
}

function nanoseconds(fraction: string): bigint {
  return BigInt(fraction.padEnd(9, '0'));
}

/** The time printed at a line of a capture; undefined where the record there has none. */
export function timeAt({ records }: Reading, line: number): string | undefined {
  const next = firstIndex(records.length, (at) => (records[at]?.span.first ?? 0) > line);
  const record: CaptureRecord | undefined = records[next - 1];
  if (record === undefined || record.span.last < line || !('time' in record)) return undefined;
  return record.time;
}
