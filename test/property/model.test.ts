/**
 * Legitimate runs of a simulated QEMU: whatever part of one is captured, and however, nothing is
 * reported.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { alarms } from '../helpers/alarms.js';
import { runsOf } from '../helpers/share.js';
import { NO_DAMAGE } from '../model/damage.js';
import { FUNCTIONS } from '../model/functions.js';
import type { Watch } from '../model/gdb-log.js';
import { anyRun, textOf } from '../model/legitimate.js';
import type { Run } from '../model/legitimate.js';
import { PLAIN } from '../model/machine.js';

/** A log of 500 000 characters is checked in well under a second; shrinking hundreds of them is not. */
const LIMITS = { endOnFailure: true, numRuns: runsOf(600) };

const EVERYTHING: Watch = {
  functions: FUNCTIONS,
  backtrace: 'full',
  silent: false,
  declared: 'no',
};
const GROWING = 'boot,migrate,sync,grow,sync,grow,sync,cancel';

/** All that goes wrong in a run now and then. */
const ROUGH = {
  mixesBackends: true,
  reusesAddresses: true,
  stopsLogWhileClosing: true,
  failsWhileLogging: true,
  failsLate: true,
  refusesLogBase: true,
} as const;

/** Runs that once raised an alarm, made small. */
const SEEN: readonly (Run & { title: string })[] = [
  {
    title:
      'a device of another backend gets both addresses, and two calls of the vCPU look like one',
    profile: {
      ...PLAIN,
      version: 212,
      devices: [{ backend: 'kernel', pairs: 2 }],
      ...ROUGH,
    },
    actions: [
      'boot 0 0',
      'unplug 0 0',
      'plug-kernel 2 0',
      'boot 0 0',
      'migrate 0 0',
      'sync 0 0',
      'system-reset 0 0',
      'fail-start 0 0',
      'status 0 0',
      'cancel 0 0',
      'unplug 0 0',
      'plug-user 0 0',
      'boot 0 0',
    ],
    watch: {
      functions: [
        'vhost_virtqueue_set_addr',
        'vhost_user_set_features',
        'vhost_vdpa_set_vring_addr',
      ],
      backtrace: 'full',
      silent: false,
      declared: 'no',
      trace: 'none',
      prints: false,
      returns: false,
    },
    damage: { ...NO_DAMAGE, kept: [0, 1], coin: 0 },
  },
  {
    title: 'a vring is started again by another start of its device, which is not watched',
    profile: {
      ...PLAIN,
      version: 212,
      devices: [{ backend: 'kernel', pairs: 1 }],
      ...ROUGH,
    },
    actions: [
      'boot 0 0',
      'migrate 0 0',
      'sync 0 0',
      'system-reset 0 0',
      'fail-start 0 5',
      'status 0 0',
      'cancel 0 0',
    ],
    watch: {
      functions: [
        'vhost_virtqueue_start',
        'vhost_kernel_set_vring_base',
        'vhost_kernel_set_vring_kick',
      ],
      backtrace: 'full',
      silent: true,
      declared: 'no',
      trace: 'none',
      prints: false,
      returns: false,
    },
    damage: { ...NO_DAMAGE, lost: ['idx'] },
  },
  {
    title:
      'a resize is another one in the stack of its log put, where the device is printed in one of them only',
    profile: {
      ...PLAIN,
      version: 212,
      devices: [{ backend: 'kernel', pairs: 1 }],
      ...ROUGH,
    },
    actions: [
      'boot 0 0',
      'migrate 0 0',
      'grow 0 0',
      'sync 0 0',
      'grow 0 0',
      'sync 0 0',
      'postcopy 0 0',
      'cancel 0 0',
    ],
    watch: {
      functions: [
        'vhost_dev_log_resize',
        'vhost_log_put',
        'vhost_log_sync',
        'vhost_dev_sync_region',
        'ram_save_cleanup',
        'qemu_savevm_state_setup',
        'qemu_savevm_state_cleanup',
        'qemu_savevm_state_iterate',
      ],
      backtrace: 7,
      silent: true,
      declared: 'typed',
      trace: 'none',
      prints: false,
      returns: false,
    },
    damage: {
      kept: [0, 0.5888853283984057],
      holes: [],
      lost: ['dev', 'hdev', 'listener', 'base', 'log', 'features', 'first', 'last', 'running'],
      coin: 1642128931,
    },
  },
  {
    title: 'an event that names no thread is of another one than the stop in front of it',
    profile: {
      ...PLAIN,
      version: 1101,
      devices: [{ backend: 'user', pairs: 1 }],
      ...ROUGH,
    },
    actions: ['boot 0 0', 'savevm 0 0', 'migrate 0 0', 'sync 0 0', 'cancel 0 0'],
    watch: {
      ...EVERYTHING,
      functions: ['vhost_user_set_vring_addr', 'vhost_user_set_mem_table'],
      backtrace: 'full',
      declared: 'no',
      trace: 'stamped',
      prints: false,
      returns: false,
    },
    damage: NO_DAMAGE,
  },
  {
    title:
      'a device is made anew at the address of one whose log stop has no end in stacks that are cut',
    profile: {
      ...PLAIN,
      version: 212,
      devices: [
        { backend: 'user', pairs: 1 },
        { backend: 'kernel', pairs: 1 },
      ],
      ...ROUGH,
    },
    actions: [
      'boot 0 0',
      'fail-before-setup 0 0',
      'close 0 0',
      'sync 0 0',
      'cancel 0 0',
      'migrate 0 0',
      'reconnect 0 0',
      'sync 0 0',
      'cancel 0 0',
    ],
    watch: { ...EVERYTHING, backtrace: 3 },
    damage: NO_DAMAGE,
  },
  {
    title: 'a log stop takes back what a device does that was started again behind a disconnect',
    profile: {
      ...PLAIN,
      failsWhileLogging: true,
      failsLate: true,
      mixesBackends: true,
      version: 1100,
      devices: [
        { backend: 'user', pairs: 0 },
        { backend: 'kernel', pairs: 1 },
      ],
    },
    actions: ['boot 0', 'migrate-fault 0', 'sync 0', 'close 0', 'reconnect 0', 'cancel 0'],
    watch: { ...EVERYTHING, silent: true },
    damage: NO_DAMAGE,
  },
  {
    title: 'memory grows, and the device holds the log of a log start that failed',
    profile: {
      ...PLAIN,
      failsLate: true,
      version: 1101,
      devices: [{ backend: 'kernel', pairs: 0 }],
    },
    actions: ['boot 0', 'migrate-fault 1 1', 'grow 1', 'grow 1'],
    watch: { ...EVERYTHING, prints: true },
    damage: NO_DAMAGE,
  },
  {
    title: 'the parts of a log resize do not look like one, as its size is optimized out',
    profile: { ...PLAIN, version: 212, devices: [{ backend: 'kernel', pairs: 1 }] },
    actions: GROWING.split(','),
    watch: {
      ...EVERYTHING,
      functions: ['vhost_log_get', 'vhost_dev_sync_region', 'vhost_commit'],
    },
    damage: { ...NO_DAMAGE, lost: ['size'] },
  },
  {
    title: 'topology changes look like one, which gives two memory tables',
    profile: { ...PLAIN, version: 212, devices: [{ backend: 'kernel', pairs: 1 }] },
    actions: ['boot 0', 'migrate 0', 'grow 0', 'sync 0', 'shrink 0', 'sync 0', 'cancel 0'],
    watch: {
      ...EVERYTHING,
      functions: ['vhost_dev_start', 'vhost_dev_log_resize', 'vhost_kernel_set_mem_table'],
      prints: true,
    },
    damage: NO_DAMAGE,
  },
  {
    title: 'uprobes do not show where a log resize ends',
    profile: { ...PLAIN, version: 212, devices: [{ backend: 'kernel', pairs: 1 }] },
    actions: ['boot 0', 'migrate 0', 'sync 0', 'checkpoint 0', 'grow 0', 'cancel 0'],
    watch: {
      ...EVERYTHING,
      functions: [
        'vhost_dev_start',
        'vhost_dev_log_resize',
        'vhost_log_put',
        'vhost_sync_dirty_bitmap',
        'vhost_commit',
      ],
      backtrace: 'none',
      returns: ['vhost_log_put', 'vhost_commit'],
      uprobes: 'perf',
    },
    damage: NO_DAMAGE,
  },
  {
    title: 'a device of another backend has got the address of one that logged',
    profile: {
      ...PLAIN,
      version: 700,
      reusesAddresses: true,
      mixesBackends: true,
      devices: [{ backend: 'vdpa', pairs: 1 }],
    },
    actions: ['boot 0', 'dirty-rate-start 0', 'unplug 0', 'plug-kernel 0', 'boot 0'],
    watch: { ...EVERYTHING, functions: ['vhost_virtqueue_set_addr', 'vhost_vdpa_set_vring_addr'] },
    damage: NO_DAMAGE,
  },
  {
    title: 'topology changes look like one, as the entry of none is watched',
    profile: { ...PLAIN, version: 212, devices: [{ backend: 'kernel', pairs: 1 }] },
    actions: GROWING.split(','),
    watch: {
      ...EVERYTHING,
      functions: ['vhost_migration_log', 'vhost_log_get', 'vhost_dev_sync_region'],
    },
    damage: NO_DAMAGE,
  },
  {
    title:
      'a measurement of the dirty rate, whose start is not watched, tracks on behind the migration',
    profile: { ...PLAIN, version: 900, devices: [{ backend: 'kernel', pairs: 1 }], quits: true },
    actions: ['boot 0', 'migrate 0', 'sync 0', 'checkpoint 0', 'dirty-rate-start 0', 'cancel 0'],
    watch: {
      backtrace: 'full',
      silent: true,
      declared: 'typed',
      functions: [
        'vhost_dev_start',
        'vhost_dev_stop',
        'vhost_log_global_start',
        'vhost_log_global_stop',
        'vhost_virtqueue_set_addr',
        'vhost_kernel_net_set_backend',
        'qemu_savevm_state_cleanup',
      ],
    },
    damage: NO_DAMAGE,
  },
  {
    title: 'a device start that does not name the device comes between log start and log stop',
    profile: {
      ...PLAIN,
      version: 800,
      failsWhileLogging: true,
      quits: false,
      devices: [{ backend: 'user', pairs: 0 }],
    },
    actions: ['boot 0', 'migrate-fault 0', 'sync 0', 'close 0', 'reconnect 0', 'cancel 0'],
    watch: { ...EVERYTHING, backtrace: 6, declared: 'typed' },
    damage: { kept: [0, 0.9357285696730011], holes: [], lost: ['hdev'], coin: 8 },
  },
  {
    title:
      'whether two stacks are of one log stop is not known, as an argument is optimized out in one of them',
    profile: {
      ...PLAIN,
      version: 1002,
      quits: false,
      mixesBackends: true,
      devices: [
        { backend: 'user', pairs: 1 },
        { backend: 'kernel', pairs: 2 },
      ],
    },
    actions: ['boot 0', 'savevm 0'],
    watch: {
      ...EVERYTHING,
      functions: FUNCTIONS.filter(
        (func) => !/^(?:vm_state_notify|vhost_log_sync_range)$/.test(func),
      ),
      declared: 'typed',
    },
    damage: { ...NO_DAMAGE, lost: ['running'] },
  },
];

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

  test.each(SEEN)('$title', (run) => {
    expect(alarms(textOf(run))).toEqual([]);
  });
});
