/** Which QEMU made a capture, read off its functions, source paths and trace events, or told by the user. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { commonRange, parseVersion, profileOf, versionText } from '../src/flows/profile.js';
import type { VersionRange } from '../src/flows/profile.js';
import { buildSteps } from '../src/facts/steps.js';
import { profileLines } from '../src/reporters/summary-lines.js';
import { check } from './helpers/check.js';
import { readText } from './helpers/read-text.js';

const GET =
  '#0  vhost_log_get (backend_type=VHOST_BACKEND_TYPE_USER, size=256, share=true) at v.c:1';
const OLD_START = '#0  vhost_dev_start (hdev=0x5555562b1f00, vdev=0x555556e45240) at v.c:1';
const EMPTY = '#0  memory_global_dirty_log_start ()';
const STOP = [
  '#0  vhost_virtqueue_stop (dev=0x5555562b1f00, vdev=0x1, vq=0x2, idx=0) at v.c:1',
  '#1  0x000055555588f9a0 in vhost_dev_stop (hdev=0x5555562b1f00, vdev=0x1, vrings=false) at v.c:2',
];

function profile(lines: readonly string[], given?: VersionRange) {
  return profileOf(buildSteps(readText(lines.join('\n')).records).steps, given);
}

describe('the version of QEMU', () => {
  test.each<[string, string[], string, string]>([
    ['an argument that came', [GET], '9.1', '99.99'],
    ['an argument that is not there yet', [OLD_START], '0.0', '7.1'],
    ['who calls whom', STOP, '7.2', '10.0'],
    ['a function that was split', [`#0  do_${STOP[0]?.slice(4) ?? ''}`], '10.1', '99.99'],
    ['a trace event that came', ['17@1.5:migration_cleanup '], '10.0', '99.99'],
    ['a trace event that went', ['17@1.5:migrate_fd_cleanup '], '0.0', '9.2'],
    [
      'an event of another name',
      ['17@1.5:vhost_dev_start_in 0x55:vsock vrings:0'],
      '11.1',
      '99.99',
    ],
    [
      'no list of arguments that a program without debug information has',
      ['#0  0x0000560e686da340 in memory_global_dirty_log_start ()'],
      '0.0',
      '99.99',
    ],
    [
      'no list of arguments in a program whose debug information has none',
      [
        `${EMPTY} at ../system/memory.c:2914`,
        '#1  0x01 in ram_save_setup () at ../migration/ram.c:1',
      ],
      '8.2',
      '99.99',
    ],
    [
      'no argument where others have some',
      [`${EMPTY} at v.c:1`, '', '#0  vhost_commit (listener=0x5555562b1f08) at v.c:2'],
      '0.0',
      '6.1',
    ],
  ])('by %s', (_name, lines, atLeast, atMost) => {
    const found = profile(lines);
    expect([versionText(found.atLeast), versionText(found.atMost)]).toEqual([atLeast, atMost]);
  });

  test('every bound names the line that shows it', () => {
    const { lower, upper } = profile(['', '17@1.5:migrate_fd_cleanup ', '', ...STOP, '', GET]);
    expect(lower).toEqual({ line: 7, shows: 'vhost_log_get() with backend_type' });
    expect(upper).toEqual({ line: 2, shows: 'the event migrate_fd_cleanup' });
  });

  test('signs that contradict each other bound nothing', () => {
    const { atLeast, atMost, conflict } = profile([OLD_START, '', GET]);
    expect([atLeast, atMost]).toEqual([0, 9999]);
    expect(conflict?.map((sign) => sign.line)).toEqual([3, 1]);
  });

  test('the word of the user counts where the capture does not contradict it', () => {
    const given = parseVersion('9.1');
    expect(profile([GET], given)).toMatchObject({ atLeast: 901, atMost: 901 });
    expect(profile([GET], parseVersion('8.2'))).toMatchObject({
      atLeast: 901,
      atMost: 9999,
      conflict: [{ line: 1 }, { line: undefined }],
    });
    expect(profile([OLD_START], given)).toMatchObject({
      atMost: 701,
      conflict: [{ line: undefined }, { line: 1 }],
    });
  });

  test.each([
    ['9.1', 901],
    ['v10.0.13', 1000],
    ['2.12.0', 212],
    ['10', undefined],
    ['nine', undefined],
    ['9.1-rc', undefined],
  ])('%s', (text, version) => {
    expect(parseVersion(text)?.atLeast).toBe(version);
  });

  test('of several processes the range holds that allows most', () => {
    const range = commonRange([profile([OLD_START]), profile([GET]), profile(STOP)]);
    expect(range).toEqual({ atLeast: 0, atMost: 9999 });
  });
});

test('the report tells both, and what is only the word of the user', () => {
  const text = ['#0  vhost_log_put (dev=0x5555562b1f00, sync=true) at v.c:1', '', GET].join('\n');
  const report = check('gdb.txt', text, { backend: 'user' });
  expect(report.profiles).toMatchObject([
    { qemuAtLeast: '9.1', qemuAtMost: null, signs: [{ line: 3 }], conflict: false },
  ]);
  expect(report.devices).toMatchObject([{ backend: 'user' }]);
  expect(report.devices[0]).not.toHaveProperty('backendLine');
});

test.each([
  [
    'newer than what the capture shows',
    [OLD_START],
    '99.1',
    '7.1 or before: vhost_dev_start() with two arguments (line 1); --qemu-version 99.1 does not hold',
  ],
  [
    'older than what the capture shows',
    [GET],
    '8.2',
    '9.1 or later: vhost_log_get() with backend_type (line 1); --qemu-version 8.2 does not hold',
  ],
  [
    'with signs that contradict each other',
    [OLD_START, '', GET],
    '9.1',
    'version unknown: contradictory signs: vhost_log_get() with backend_type (line 3), vhost_dev_start() with two arguments (line 1); --qemu-version 9.1 does not hold',
  ],
  ['that the capture allows', [GET], '9.1', '9.1: given with --qemu-version'],
])('the report says which version won, %s', (_what, lines, given, expected) => {
  const report = check('gdb.txt', lines.join('\n'), { qemuVersion: parseVersion(given) });
  expect(profileLines(report)).toEqual([expected]);
  expect(report.profiles[0]?.overruled).toBe(expected.includes('not hold') ? given : undefined);
});

test('a backend that the user gives holds for what shows none, in a session that shows no other', () => {
  const put = ['#0  vhost_log_put (dev=0x5555562b1f00, sync=true) at v.c:1', ''];
  const base = (backend: string): string =>
    `#0  vhost_${backend}_set_log_base (dev=0x10, base=1, log=0x20) at v.c:1`;
  const backendsOf = (...lines: string[]): unknown =>
    check('gdb.txt', lines.join('\n'), { backend: 'kernel' }).devices.map(({ backend }) => backend);
  expect(backendsOf(...put, base('kernel'))).toEqual(['kernel', 'kernel']);
  expect(backendsOf(...put, base('user'))).toEqual(['unknown', 'user']);
  expect(backendsOf(...put, 'vhost_user_write req:6 flags:0x1')).toEqual(['unknown']);
  const { overruledBackends } = check('gdb.txt', [...put, base('user')].join('\n'), {
    backend: 'kernel',
  });
  expect(overruledBackends).toMatchObject([{ given: 'kernel', shown: 'user', line: 3 }]);
});

test('a trace of a QEMU that may be older than the election says nothing against it', () => {
  const path = '../fixtures/rules/RZ-ELECT/violation-trace-log/input.txt';
  const text = readFileSync(new URL(path, import.meta.url), 'utf8');
  const older = text.replaceAll(/(req:18 flags:0x)9/g, '$11');
  const verdictsOf = (capture: string, qemuVersion?: VersionRange): string[] =>
    check('trace.log', capture, qemuVersion && { qemuVersion })
      .findings.filter(({ rule }) => rule === 'RZ-ELECT')
      .map(({ verdict }) => verdict);
  expect(verdictsOf(text)).toContain('violation');
  expect(verdictsOf(older)).toEqual(['inconclusive']);
  expect(verdictsOf(older, parseVersion('10.0'))).toContain('violation');
});
