import { isDeepStrictEqual } from 'node:util';
import { expect } from 'vitest';

/** As `toEqual`, which takes as long as reading a capture: here it only says what is different. */
export function expectEqual(got: unknown, wanted: unknown, message?: string): void {
  if (!isDeepStrictEqual(got, wanted)) expect(got, message).toEqual(wanted);
}
