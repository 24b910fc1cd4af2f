import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MARGIN_KINDS } from '../../src/formats/wrappings/margin-kinds.js';

test('no margin has a number of few digits with nothing but blanks behind it, as strace has', () => {
  const behind = fc.oneof(
    fc.constantFrom(
      '00:16:40.000001 ioctl(13) = 0',
      '1795320809.1 read(3',
      '123:',
      '12-',
      '[pid 7] x',
    ),
    fc.string({ minLength: 1, maxLength: 60 }).filter((text) => !/^[ |\u2502]|\t/.test(text)),
  );
  const line = fc
    .tuple(fc.nat(9_999_999), fc.integer({ min: 1, max: 4 }), behind)
    .map(([pid, blanks, text]) => `${pid}${' '.repeat(blanks)}${text}`);
  fc.assert(
    fc.property(line, (text) => {
      expect(MARGIN_KINDS.find((kind) => kind.test(text))).toBeUndefined();
    }),
    { numRuns: 5000 },
  );
});
