/**
 * Legitimate runs of a simulated QEMU: whatever part of one is captured, and however, nothing is
 * reported; and a run with one defect is reported by the rule that is made for it.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Finding } from '../../src/model/report.js';
import { check } from '../helpers/check.js';
import { loseArguments } from '../helpers/capture-edit.js';
import type { Watch } from '../model/gdb-log.js';
import type { Profile } from '../model/machine.js';
import { Qemu } from '../model/qemu.js';
import type { Defect } from '../model/vhost-backend.js';

/** Rare, but legitimate. */
const RARE = {
  mixesBackends: true,
  reusesAddresses: true,
  stopsLogWhileClosing: true,
  failsWhileLogging: true,
  failsLate: true,
};
const VERSIONS = [212, 402, 501, 502, 602, 700, 702, 800, 802, 901, 1000, 1002];

const CORE = [
  'vhost_dev_start',
  'vhost_dev_stop',
  'do_vhost_dev_stop',
  'vhost_dev_force_stop',
  'vhost_dev_set_features',
  'vhost_dev_set_log',
  'vhost_migration_log',
  'vhost_log_global_start',
  'vhost_log_global_stop',
  'vhost_virtqueue_start',
  'vhost_virtqueue_stop',
  'do_vhost_virtqueue_stop',
  'vhost_virtqueue_set_addr',
  'vhost_dev_log_resize',
  'vhost_log_get',
  'vhost_log_alloc',
  'vhost_log_put',
  'vhost_dev_elect_mem_logger',
  'vhost_dev_prepare_inflight',
  'vhost_dev_init',
  'vhost_dev_cleanup',
  'vhost_log_sync',
  'vhost_sync_dirty_bitmap',
  'vhost_dev_sync_region',
  'vhost_commit',
  'memory_global_dirty_log_start',
  'vm_state_notify',
  'virtio_set_status',
];
const OPS = [
  'set_log_base',
  'set_features',
  'set_vring_addr',
  'get_vring_base',
  'set_mem_table',
  'set_vring_enable',
  'dev_start',
  'net_set_backend',
];
const FUNCTIONS = [
  ...CORE,
  ...['kernel', 'user', 'vdpa'].flatMap((backend) => OPS.map((op) => `vhost_${backend}_${op}`)),
];
const ARGUMENTS = ['dev', 'hdev', 'listener', 'vq', 'idx', 'enable', 'enable_log', 'sync', 'add'];

const profile: fc.Arbitrary<Profile> = fc
  .record({
    version: fc.constantFrom(...VERSIONS),
    devices: fc.array(
      fc.record({
        backend: fc.constantFrom('kernel', 'user', 'vdpa'),
        pairs: fc.constantFrom(1, 0, 2),
      }),
      { minLength: 1, maxLength: 2 },
    ),
    quits: fc.boolean(),
  })
  .map((made) => ({ ...made, ...RARE }));

function action(...names: readonly string[]): fc.Arbitrary<string> {
  return fc
    .tuple(fc.constantFrom(...names), fc.nat(2), fc.nat(7))
    .map(([name, a, b]) => `${name} ${a} ${b}`);
}

/** What may happen at any time, in the order in which it makes sense. */
const incident = fc.oneof(
  fc.tuple(action('system-reset', 'driver-reset'), action('boot', 'fail-start'), action('status')),
  fc.tuple(action('stop'), action('cont')),
  fc.tuple(action('close'), action('reconnect')),
  fc.tuple(action('ring-reset'), action('ring-restart')),
  fc.tuple(action('unplug'), action('plug-kernel', 'plug-user'), action('boot')),
  fc.tuple(action('stop', 'cont', 'close', 'reconnect', 'ring-reset', 'ring-restart')),
  fc.tuple(action('sync', 'grow', 'shrink', 'dirty-rate-start', 'dirty-rate-stop', 'boot')),
);
const incidents = fc.array(incident, { maxLength: 2 }).map((list) => list.flat());
const migration = fc
  .tuple(
    action('migrate', 'migrate', 'migrate', 'migrate-fault', 'fail-before-setup'),
    incidents,
    action('cancel', 'cancel', 'complete', 'fail-switchover', 'cancel-fault'),
  )
  .map((parts) => parts.flat());
const actions = fc
  .tuple(action('boot'), incidents, fc.array(fc.oneof(migration, incident), { maxLength: 3 }))
  .map(([boot, before, rest]) => [boot, ...before, ...rest.flat()]);

const watch: fc.Arbitrary<Watch> = fc.record({
  functions: fc
    .oneof(
      fc.constant([]),
      fc.subarray(FUNCTIONS, { maxLength: 12 }),
      fc.subarray(FUNCTIONS),
      fc.subarray(FUNCTIONS, { minLength: FUNCTIONS.length - 15 }),
    )
    .map((gone) => FUNCTIONS.filter((f) => !gone.some((name) => name === f))),
  backtrace: fc.constantFrom<Watch['backtrace'][]>('full', 'full', 'full', 'none', 1, 2, 3, 6),
  silent: fc.constant(false),
  declared: fc.boolean(),
});

interface Case {
  readonly profile: Profile;
  readonly actions: readonly string[];
  readonly watch: Watch;
}

const anyCase: fc.Arbitrary<Case> = fc.record({ profile, actions, watch });

function logOf({ profile: made, actions: list, watch: how }: Case, defect?: Defect): string {
  const qemu = new Qemu(made, how, defect);
  for (const name of list) qemu.act(name);
  return qemu.text();
}

/** Where the elections are not watched, a QEMU that elects again looks like the released ones, which do not. */
const isOpenWarning = (f: Finding): boolean => f.rule === 'RZ-ELECT' && f.severity === 'warning';

function alarms(text: string): string[] {
  return check('run', text)
    .findings.filter((f) => f.verdict === 'violation' && f.severity !== 'note' && !isOpenWarning(f))
    .map((f) => `${f.rule} line ${f.at.line}: ${f.message}`);
}

/** A log of 500 000 characters is checked in well under a second; shrinking hundreds of them is not. */
const LIMITS = { endOnFailure: true, interruptAfterTimeLimit: 4000, numRuns: 500 };

describe('a legitimate run has no violation', () => {
  test('watched by any set of functions', () => {
    fc.assert(
      fc.property(anyCase, (run) => {
        expect(alarms(logOf(run))).toEqual([]);
      }),
      LIMITS,
    );
  });

  test('printed by silent breakpoints', () => {
    fc.assert(
      fc.property(anyCase, (run) => {
        const { backtrace } = run.watch;
        const silent = {
          ...run.watch,
          silent: true,
          backtrace: backtrace === 'none' ? 7 : backtrace,
        };
        expect(alarms(logOf({ ...run, watch: silent }))).toEqual([]);
      }),
      { ...LIMITS, numRuns: 200 },
    );
  });

  test('cut at any byte, arguments lost', () => {
    fc.assert(
      fc.property(
        anyCase,
        fc.tuple(
          fc.double({ min: 0, max: 1, noNaN: true }),
          fc.double({ min: 0, max: 1, noNaN: true }),
        ),
        fc.subarray(ARGUMENTS),
        fc.infiniteStream(fc.boolean()),
        (run, cuts, names, coin) => {
          const lost = new Set(names);
          const text = logOf(run)
            .split('\n')
            .map((line) => (coin.next().value ? loseArguments(line, lost) : line))
            .join('\n');
          const [from = 0, to = 1] = cuts.toSorted((a, b) => a - b);
          const at = (part: number): number => Math.floor(part * text.length);
          expect(alarms(text.slice(at(from)))).toEqual([]);
          expect(alarms(text.slice(0, at(to)))).toEqual([]);
          expect(alarms(text.slice(at(from), at(to)))).toEqual([]);
        },
      ),
      { ...LIMITS, numRuns: 200 },
    );
  });
});

describe('a run with one defect is reported by its rule', () => {
  const everything: Watch = {
    functions: FUNCTIONS,
    backtrace: 'full',
    silent: false,
    declared: true,
  };
  const story = [
    ...[
      'boot 0',
      'migrate',
      'sync',
      'grow',
      'sync',
      'system-reset',
      'boot 0',
      'sync',
      'cancel',
      'stop',
      'cont',
    ],
    ...['migrate', 'sync', 'complete'],
  ];
  const rulesOf = (backend: 'kernel' | 'user', version: number, defect?: Defect): string[] => {
    const made = { version, devices: [{ backend, pairs: 1 }], quits: true, ...RARE };
    const text = logOf({ profile: made, actions: story, watch: everything }, defect);
    return [...new Set(alarms(text).map((alarm) => alarm.replace(/ .*/, '')))];
  };
  const cases: readonly [Defect, readonly string[]][] = [
    ['log start skips ring 1', ['LS-ALL-RINGS']],
    ['log start skips features', ['LS-FEATURES']],
    ['log start skips log base', ['LS-BASE-FIRST', 'RZ-ORDER']],
    ['log resize elects nobody', ['RZ-ELECT']],
    ['restart forgets logging', ['DS-FLAG']],
    ['stop skips ring 1', ['DS-RINGBASE']],
    ['log stop skips set_log', ['LE-SKIP', 'MG-LEFT-ON']],
  ];

  describe.each(['kernel', 'user'] as const)('%s', (backend) => {
    test.each(cases)('%s', (defect, rules) => {
      expect(rulesOf(backend, 901)).toEqual([]);
      expect(rulesOf(backend, 901, defect)).toEqual(rules);
    });
  });
});
