/** Captures that do not print whether a call switches logging on: what is not shown is neither right nor wrong. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { judge } from './helpers/check.js';

const textOf = (path: string): string =>
  readFileSync(new URL(`../fixtures/${path}`, import.meta.url), 'utf8');

function verdictsOf(capture: string, rule: string): string[] {
  return [
    ...new Set(
      judge(capture)
        .filter((finding) => finding.rule === rule)
        .map(({ verdict }) => verdict),
    ),
  ];
}

test.each(['LS-ALL-RINGS', 'LS-FEATURES', 'LE-CLEAR'])(
  '%s is inconclusive where every flag is optimized out',
  (rule) => {
    const text = textOf('captures/vring-never-logged.gdb.txt');
    const hidden = text
      .replaceAll(/\b(enable|enable_log)=(?:true|false)/g, '$1=<optimized out>')
      .replaceAll(/\bfeatures=\d+/g, 'features=<optimized out>');
    expect(hidden).not.toBe(text);
    expect(verdictsOf(text, rule)).not.toEqual(['inconclusive']);
    expect(verdictsOf(hidden, rule)).toEqual(['inconclusive']);
  },
);

test('a log start cut at 80 columns, whose flag is lost, is no silence', () => {
  const text = textOf('rules/LS-FEATURES/violation-features-skipped/input.txt');
  const cut = text.replaceAll(/^(.{80}).*$/gm, '$1');
  expect(verdictsOf(text, 'LS-FEATURES')).toContain('violation');
  expect(verdictsOf(cut, 'LS-FEATURES')).toContain('inconclusive');
});

test('features of a log stop, cut at 80 columns, are not those of the log start', () => {
  const start = [
    'Thread 6 "mig/src/main" hit Breakpoint 4, vhost_dev_set_log (dev=0x5555570162c8,',
    '#0  vhost_dev_set_log (dev=0x5555570162c8, enable_log=true) at ../hw/virtio/vhos',
    '#1  0x000055555588d0c3 in vhost_migration_log (listener=0x5555570162d0, enable=t',
    '#2  0x000055555588d138 in vhost_log_global_start (listener=0x5555570162d0, errp=',
    '#3  0x00007ffff7ca58ec in clone3 () at ../sysdeps/unix/sysv/linux/x86_64/clone3.',
  ];
  const stop = [
    'Thread 1 "qemu" hit Breakpoint 17, vhost_user_set_features (dev=0x5555570162c8, ',
    '#0  vhost_user_set_features (dev=0x5555570162c8, features=4294967366) at ../hw/v',
    '#1  0x000055555588cd5a in vhost_dev_set_features (dev=0x5555570162c8, enable_log',
    '#2  0x000055555588ce4c in vhost_dev_set_log (dev=0x5555570162c8, enable_log=fals',
    '#3  0x000055555588d078 in vhost_migration_log (listener=0x5555570162d0, enable=f',
    '#4  0x000055555588d1b9 in vhost_log_global_stop (listener=0x5555570162d0) at ../',
    '#5  0x0000555555bdeb53 in main (argc=32, argv=0x7fffffffe228) at ../system/main.',
  ];
  expect(verdictsOf([...start, '', ...stop, ''].join('\n'), 'LS-FEATURES')).toEqual([
    'inconclusive',
  ]);
});

test('of two flags in one start the one is wrong that the last log start did not ask for', () => {
  const text = textOf('rules/DS-FLAG/violation-restart-without-log/input.txt');
  const [before = '', behind = ''] = text.split(
    /(?<=vhost_dev_set_log \(.*enable_log=true\).*\n)(?![\s\S]*vhost_dev_set_log \(.*enable_log=true)/,
  );
  const restarted = behind
    .slice(0, behind.search(/\n.*hit Breakpoint \d+, vhost_log_global_stop/))
    .replaceAll(/(vhost_virtqueue_set_addr \(.*enable_log=)false/g, '$1true');
  const found = judge(before + restarted).filter(({ rule }) => rule === 'DS-FLAG');
  const wrong = found.filter(({ verdict }) => verdict === 'violation');
  expect(wrong.length).toBeGreaterThan(0);
  for (const { vring, message } of wrong) {
    expect(vring).toBeNull();
    expect(message).toContain('the device is started with enable_log=false');
  }
});

test.each([
  ['p (*addr).flags', '0x0', 'violation'],
  ['p addr[0].flags', '0x0', 'violation'],
  ['p addr[0]', 'all', 'violation'],
  ['p *(struct vhost_vring_addr *)addr', 'all', 'violation'],
  ['p *(struct vhost_vring_state *)addr', '{index = 0, flags = 0}', 'inconclusive'],
  ['p addr[1]', 'all', 'inconclusive'],
  ['p (*other).flags', '0x0', 'inconclusive'],
])('%s at the stop shows the flags, if it prints the address: %s', (command, value, verdict) => {
  const all =
    '{index = 0, flags = 0, desc_user_addr = 1, used_user_addr = 2, avail_user_addr = 3, log_guest_addr = 4}';
  const text = textOf('rules/LS-FLAGBIT/violation-one-member-at-the-prompt/input.txt')
    .replace('p/x addr->flags', command)
    .replace('$1 = 0x0', `$1 = ${value === 'all' ? all : value}`);
  expect(verdictsOf(text, 'LS-FLAGBIT')).toEqual([verdict]);
});

test('the opposite flag in a pass of which one stack is all that is shown is no pass', () => {
  const stack = [
    '#0  vhost_dev_set_features (dev=0x5555573f9c50, enable_log=false) at ../hw/virtio/vhost.c:989',
    '#1  0x0000555555b919e5 in vhost_dev_set_log (dev=0x5555573f9c50, enable_log=true) at ../hw/virtio/vhost.c:1024',
    '#2  0x0000555555b91c5a in vhost_migration_log (listener=0x5555573f9c58, enable=true) at ../hw/virtio/vhost.c:1093',
  ].join('\n');
  expect(verdictsOf(stack, 'ST-ENABLE')).toContain('inconclusive');
  expect(verdictsOf(stack, 'ST-ENABLE')).not.toContain('violation');
});
