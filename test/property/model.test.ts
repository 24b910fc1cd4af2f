/**
 * Legitimate runs of a simulated QEMU: whatever part of one is captured, and however, nothing is
 * reported.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { alarms } from '../helpers/alarms.js';
import { NO_DAMAGE } from '../model/damage.js';
import { FUNCTIONS } from '../model/functions.js';
import { anyRun, textOf } from '../model/legitimate.js';
import { PLAIN } from '../model/machine.js';

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

  test('a log stop takes back what a device does that was started again behind a disconnect', () => {
    const devices = [
      { backend: 'user', pairs: 0 },
      { backend: 'kernel', pairs: 1 },
    ] as const;
    const flaws = { failsWhileLogging: true, failsLate: true, mixesBackends: true };
    const text = textOf({
      profile: { ...PLAIN, ...flaws, version: 1100, devices },
      actions: [
        'boot 0 0',
        'migrate-fault 0 0',
        'sync 0 0',
        'close 0 0',
        'reconnect 0 0',
        'cancel 0 0',
      ],
      watch: { functions: FUNCTIONS, backtrace: 'full', silent: true, declared: 'no' },
      damage: NO_DAMAGE,
    });
    expect(alarms(text)).toEqual([]);
  });

  test('memory grows, and the device holds the log of a log start that failed', () => {
    const text = textOf({
      profile: {
        ...PLAIN,
        failsLate: true,
        version: 1101,
        devices: [{ backend: 'kernel', pairs: 0 }],
      },
      actions: ['boot 0 0', 'migrate-fault 1 1', 'grow 1 0', 'grow 1 0'],
      watch: {
        functions: FUNCTIONS,
        backtrace: 'full',
        silent: false,
        declared: 'no',
        prints: true,
      },
      damage: NO_DAMAGE,
    });
    expect(alarms(text)).toEqual([]);
  });
});
