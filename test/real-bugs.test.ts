/**
 * Released defects, by the number under which fixtures name them: each has a case written from its
 * description, which is reported, or which must not be; or no capture of calls can show it.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { rules } from '../src/rules/index.js';
import { judge } from './helpers/check.js';

const folder = join(import.meta.dirname, '..', 'fixtures', 'rules');

type Verdict = 'violation' | 'pass' | 'inconclusive';

/** What went wrong, and how a case of it has to end. */
const BUGS: readonly (readonly [number, string, readonly Verdict[]])[] = [
  [1, 'the last sync at device stop never ran (QEMU 2.7 - 2.10)', ['violation']],
  [2, 'log toggles addressed queue pair 0 for every pair (up to 2.4)', ['violation']],
  [3, 'SET_LOG_BASE got the address of another object (up to 2.2)', ['violation']],
  [4, 'rings that never started made the log size wrap (up to 4.0)', ['violation']],
  [5, 'an IOVA was counted into the log size (up to 5.1)', ['violation']],
  [6, 'an IOVA was used as a guest address in a sync (up to 7.2)', ['violation', 'inconclusive']],
  [7, 'a disconnect during log start aborted the source (up to 5.1)', ['pass', 'inconclusive']],
  [8, 'addresses were sent for rings that never started (up to 5.1)', ['violation']],
  [9, 'nobody waited for the backend after LOG_ALL (up to 6.1)', ['violation']],
  [10, 'SET_LOG_BASE was sent by every pair (8.0 - 9.0)', ['violation']],
  [11, 'the end of a dirty-rate run stopped the log of a migration (6.2)', ['violation']],
  [12, 'a log start with a postponed stop asserted (6.2)', ['pass', 'inconclusive']],
  [13, 'mmap_size had wrong units (2.4)', ['violation']],
  [14, 'a resize synced past the old log (up to 1.0)', ['violation']],
  [16, 'a failed start kept its log (2.4)', ['violation']],
  [17, 'devices of several types shared one log (up to 9.0)', ['pass']],
  [18, 'a log base was given to a vdpa device with shadow virtqueues (up to 6.2)', ['violation']],
  [19, 'a vdpa device was reset before its rings were fetched (up to 7.2)', ['violation']],
  [20, 'a ring that could not be fetched at stop was ignored (up to 10.0)', ['violation']],
  [21, 'nobody is elected to scan memory after a log resize (9.1 - 11.0)', ['violation']],
];

/** 15: pages were marked at wrong addresses; the calls are right. */
const NOT_IN_ANY_CALL = [15];

const cases = rules.flatMap(({ info }) =>
  readdirSync(join(folder, info.id), { withFileTypes: true }).map(({ name }) => name),
);

describe('released defects', () => {
  test.each(BUGS)('%i: %s', (number, _what, verdicts) => {
    const own = cases.filter((name) => name.includes(`-bug-${number}-`));
    expect(own).not.toEqual([]);
    for (const name of own) expect(verdicts).toContain(name.split('-')[0]);
  });

  test('the first twenty of the list are all accounted for', () => {
    const known = [...BUGS.map(([number]) => number), ...NOT_IN_ANY_CALL];
    expect(Array.from({ length: 20 }, (_, i) => i + 1).filter((n) => !known.includes(n))).toEqual(
      [],
    );
  });
});

describe('a finding cites the known bug that it is', () => {
  test.each([
    ['DS-RINGBASE/violation-bug-19-reset-before-fetch', 'c3716f260bff'],
    ['DS-RINGBASE/violation-bug-20-lost-backend-ignored', 'bc85aae42045'],
    // Another fault of that rule, one of another backend, and one that the rule does not report.
    ['DS-RINGBASE/violation-vring-not-fetched', undefined],
    ['LS-ADDR-STABLE/violation-vdpa', undefined],
    ['LS-ALL-RINGS/violation-op-never-called', undefined],
  ])('%s', (name, commit) => {
    const [rule] = name.split('/');
    const text = readFileSync(join(folder, name, 'input.txt'), 'utf8');
    const violations = judge(text).filter((f) => f.rule === rule && f.verdict === 'violation');
    expect(violations).not.toEqual([]);
    for (const { knownBug } of violations) {
      if (commit === undefined) expect(knownBug).toBeUndefined();
      else expect(knownBug).toContain(commit);
    }
  });
});
