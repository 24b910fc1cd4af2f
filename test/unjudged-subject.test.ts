/** What a rule is told to miss where it cannot even begin: never the recipe that the capture is of. */
import { describe, expect, test } from 'vitest';
import { judge } from './helpers/check.js';

/** By rule what is missing; those that say nothing are left out. */
function missingOf(...lines: readonly string[]): Record<string, readonly string[]> {
  const open = judge(lines.join('\n')).filter(({ verdict }) => verdict === 'inconclusive');
  return Object.fromEntries(open.map(({ rule, missing }) => [rule, missing]));
}

const CLEANUP = [
  'Thread 1 "qemu" hit Breakpoint 81, migration_cleanup (s=0x555556b00000) at ../migration/migration.c:1441',
  '#0  migration_cleanup (s=0x555556b00000) at ../migration/migration.c:1441',
  '#1  0x00005555558d3344 in migration_cleanup_bh (opaque=0x555556b00000) at ../migration/migration.c:1497',
];

describe('a call that is seen alone', () => {
  test('in a log of any breakpoints', () => {
    expect(missingOf(...CLEANUP)['MG-LEFT-ON']).toEqual([
      expect.stringContaining('`vhtrace probes gdb` prints the script that shows it'),
    ]);
  });

  test('in a log of the recipe', () => {
    const missing = missingOf(
      'vhtrace-probes 1 watched vhost_log_global_stop breakpoint 18.',
      'vhtrace-probes 1 watched migration_cleanup breakpoint 81.',
      '',
      ...CLEANUP,
    );
    expect(missing['MG-LEFT-ON']).toEqual([
      expect.stringContaining('this capture is of the recipe of `vhtrace probes gdb`'),
    ]);
  });

  test('of a stripped QEMU', () => {
    const missing = missingOf(
      'vhtrace-probes 1 partly vhost_dev_start breakpoint 3.',
      'vhtrace-probes 1 absent vhost_dev_set_features.',
      '',
      'Thread 4 "qemu" hit Breakpoint 3, 0x0000555555c90340 in vhost_dev_start ()',
      '#0  0x0000555555c90340 in vhost_dev_start ()',
      '#1  0x0000555555c85eca in virtio_set_status ()',
    );
    expect(missing['DS-FLAG']).toEqual([expect.stringContaining('debug information')]);
  });
});

const START = 'vhost_dev_start (hdev=0x555556b22da0, vdev=0x555556b22af0, vrings=false)';
const FEATURES = 'vhost_dev_set_features (dev=0x555556b22da0, enable_log=false)';
const CALL = [
  'vhtrace-probes 1 watched vhost_dev_start breakpoint 3.',
  'vhtrace-probes 1 watched vhost_dev_set_features breakpoint 7.',
  '',
  `Thread 1 "qemu" hit Breakpoint 3, ${START} at ../hw/virtio/vhost.c:2009`,
  `#0  ${START} at ../hw/virtio/vhost.c:2009`,
  '',
  `Thread 1 "qemu" hit Breakpoint 7, ${FEATURES} at ../hw/virtio/vhost.c:977`,
  `#0  ${FEATURES} at ../hw/virtio/vhost.c:977`,
  `#1  0x0000555555baf4a1 in ${START} at ../hw/virtio/vhost.c:2020`,
  '',
];
const TRACED = [
  '27083@1795940394.530035:vhost_dev_start 0x555556b22da0:virtio-blk vrings:0',
  '27083@1795940394.530095:vhost_user_write req:5 flags:0x9',
];

test('what QEMU traces is no subject where the log stops at its calls', () => {
  expect(missingOf(...TRACED)['DS-LOGBASE']).toBeDefined();
  expect(missingOf(...CALL, ...TRACED)['DS-LOGBASE']).toBeUndefined();
});
