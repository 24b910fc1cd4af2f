/**
 * Legitimate runs of a simulated QEMU: whatever part of one is captured, and however, nothing is
 * reported.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { alarms } from '../helpers/alarms.js';
import { NO_DAMAGE } from '../model/damage.js';
import { anyRun, textOf } from '../model/legitimate.js';

/** A log of 500 000 characters is checked in well under a second; shrinking hundreds of them is not. */
const LIMITS = { endOnFailure: true, interruptAfterTimeLimit: 15_000, numRuns: 600 };

describe('a legitimate run has no violation', () => {
  test('watched by any set of functions', () => {
    fc.assert(
      fc.property(anyRun, (run) => {
        expect(alarms(textOf({ ...run, damage: NO_DAMAGE }))).toEqual([]);
      }),
      LIMITS,
    );
  });

  test('cut anywhere, with holes that show, values and arguments lost', () => {
    fc.assert(
      fc.property(anyRun, (run) => {
        expect(alarms(textOf(run))).toEqual([]);
      }),
      LIMITS,
    );
  });
});
