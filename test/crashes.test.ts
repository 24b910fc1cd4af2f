/** Stacks and last words of a QEMU that dies, and what is no crash although it looks like one. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CRASH_PLACES } from '../src/facts/crash-places.js';
import type { CrashSummary } from '../src/model/report.js';
import { rules } from '../src/rules/index.js';
import { reporters } from '../src/reporters/index.js';
import { check } from './helpers/check.js';
import { optionsOf } from './helpers/reports.js';

const FOLDER = join(import.meta.dirname, '..', 'fixtures', 'crashes');
const CASES = readdirSync(FOLDER, { withFileTypes: true }).filter((entry) => entry.isDirectory());

function inputOf(name: string): string {
  return readFileSync(join(FOLDER, name, 'input.txt'), 'utf8');
}

function crashes(text: string): Omit<CrashSummary, 'capture'>[] {
  return check('gdb.txt', text).crashes.map(({ capture: _, ...crash }) => crash);
}

test.each(CASES)('$name', async ({ name }) => {
  const found = `${JSON.stringify(crashes(inputOf(name)), undefined, 2)}\n`;
  await expect(found).toMatchFileSnapshot(join(FOLDER, name, 'crashes.json'));
});

test('the rules that a place points to exist', () => {
  const known = new Set(rules.map(({ info }) => info.id));
  expect(CRASH_PLACES.flatMap((place) => place.rules).filter((id) => !known.has(id))).toEqual([]);
});

const STACK = inputOf('signal-in-log-start')
  .split('\n')
  .filter((line) => line.startsWith('#'))
  .join('\n');
const ABORT = inputOf('abort-in-log-start').split('\n').slice(3).join('\n');

describe('reports say so', () => {
  const report = check('gdb.txt', inputOf('abort-in-log-start'));
  test.each([
    ['pretty', 'no violation found, but QEMU crashes;'],
    [
      'pretty',
      '  line 11: abort() in vhost_log_global_start() (vhost.c:20), device 0x5555555592a0:',
    ],
    ['markdown', 'vhtrace: no violation found, but QEMU crashes;'],
    ['markdown', '- line 11: `abort()` in `vhost_log_global_start()` (vhost.c:20), device'],
    [
      'github',
      '::warning file=gdb.txt,line=11,title=QEMU crashes::abort() in vhost_log_global_start()',
    ],
    ['sarif', '"text": "QEMU crashes: abort() in vhost_log_global_start() (vhost.c:20), device'],
    ['code-scanning', '"text": "QEMU crashes: abort() in vhost_log_global_start() (vhost.c:20),'],
    ['gitlab', '"description": "QEMU crashes: abort() in vhost_log_global_start() (vhost.c:20),'],
    ['junit', 'QEMU crashes: abort() in vhost_log_global_start() (vhost.c:20), device'],
  ] as const)('%s: %s', (format, text) => {
    expect(reporters[format](report, optionsOf())).toContain(text);
  });
});

describe('no crash', () => {
  test.each([
    ['a stack without a signal', STACK],
    [
      'a signal that QEMU handles',
      `Program received signal SIGUSR1, User defined signal 1.\n${STACK}`,
    ],
    ['the user interrupts it', `^C\nThread 1 "qemu" received signal SIGINT, Interrupt.\n${STACK}`],
    [
      'it goes on',
      `Program received signal SIGSEGV, Segmentation fault.\n(gdb) signal 0\nContinuing with no signal.\n${STACK}`,
    ],
    [
      'the stack of another thread',
      `Thread 2 "x" received signal SIGSEGV, Segmentation fault.\n(gdb) thread 1\n(gdb) bt\n${STACK}`,
    ],
    [
      'another stack behind that of the signal',
      `Program terminated with signal SIGSEGV, Segmentation fault.\n#0  f () at f.c:1\n#1  main () at f.c:2\n\n${STACK}`,
    ],
    ['a CPU is kicked', ABORT.replace('__GI_abort', 'qemu_cpu_kick')],
    ['the user calls abort()', ABORT.replace('#4 ', '#4  <function called from gdb>\n#5 ')],
  ])('%s', (_, text) => {
    expect(crashes(text).filter(({ func }) => func !== 'f')).toEqual([]);
  });
});

describe('a signal that hits code without a name', () => {
  const frames = STACK.replaceAll(/^#(\d+)/gm, (_, level) => `#${Number(level) + 1}`);
  test.each([
    [
      'by a call through a null pointer',
      `#0  0x0000000000000000 in ?? ()\n${frames}`,
      {
        line: 3,
        how: 'SIGSEGV in code without a name at 0x0000000000000000, called',
        func: 'vhost_dev_has_iommu',
        means: null,
      },
    ],
    [
      'and no caller is known, either',
      '#0  0x00007f31c4a5e7c0 in ?? () from /lib64/libc.so.6\n#1  0x0000000000000000 in ?? ()',
      { line: 2, how: 'SIGSEGV', func: '??' },
    ],
  ])('%s', (_, stack, found) => {
    // Elsewhere in the capture is a call by which it is QEMU's.
    const text = `Program received signal SIGSEGV, Segmentation fault.\n${stack}\n\n${STACK}\n`;
    expect(crashes(text)).toMatchObject([found]);
  });
});

describe('the same crash', () => {
  test('shown by its innermost frame, by itself and among all threads is one', () => {
    const all = `Program terminated with signal SIGSEGV, Segmentation fault.\n${STACK.split('\n')[0] ?? ''}\n(gdb) bt\n${STACK}\n(gdb) thread apply all bt\n\nThread 1 (Thread 0x7ffff7d8e740 (LWP 12)):\n${STACK}\n`;
    expect(crashes(all).map(({ line, how, func }) => ({ line, how, func }))).toEqual([
      { line: 4, how: 'SIGSEGV', func: 'vhost_dev_has_iommu' },
    ]);
  });

  test('by its number, as gdb printed it before 7.5', () => {
    const core = `Program terminated with signal 11, Segmentation fault.\n${STACK}`;
    expect(crashes(core).map(({ how }) => how)).toEqual(['11']);
  });

  test('by the machine interface of gdb', () => {
    const stopped =
      '*stopped,reason="signal-received",signal-name="SIGSEGV",signal-meaning="Segmentation fault",frame={addr="0x1180",func="vhost_log_sync",args=[{name="listener",value="0x5555555592a8"}],file="vhost.c",line="10"},thread-id="1",stopped-threads="all"';
    expect(crashes(stopped)).toMatchObject([
      { line: 1, func: 'vhost_log_sync', how: 'SIGSEGV', device: '0x5555555592a0' },
    ]);
  });

  test('in a mail', () => {
    const quoted = ABORT.replaceAll(/^/gm, '> > ');
    expect(crashes(quoted).map(({ func }) => func)).toEqual(['vhost_log_global_start']);
  });
});

test.each([
  ['a clock', '08:04:59  '],
  ['a date', '[2026-11-22 08:04:59] '],
  ['a container', 'qemu-1  | '],
  ['a pod', '[pod/virt-launcher-vm1/compute] '],
])('behind the margin of %s the signal is read where it begins the log', (_, margin) => {
  const text = `Program terminated with signal SIGSEGV, Segmentation fault.\n${STACK}\n`;
  const [found] = crashes(text.replaceAll(/^(?=.)/gm, margin));
  expect(found).toMatchObject({ line: 2, how: 'SIGSEGV', func: 'vhost_dev_has_iommu' });
});

describe('an assertion without any call beside it', () => {
  const line = (what: string): string => `${what}: Assertion \`a < b' failed.`;
  test.each([
    [line('qemu-kvm: ../hw/virtio/vhost.c:118: vhost_dev_sync_region'), 'vhost_dev_sync_region'],
    [line('qemu-kvm: ../hw/net/vhost_net.c:60: vhost_net_stop'), 'vhost_net_stop'],
    [line('vhost_dev_cleanup'), 'vhost_dev_cleanup'],
  ])("is QEMU's by itself: %s", (text, func) => {
    const report = check('qemu.log', `the source died of this:\n\n${text}\n`);
    expect(report.crashes).toMatchObject([{ line: 3, how: 'assertion', func, device: null }]);
    expect(report.summary.exitCode).toBe(3);
    for (const name of ['pretty', 'markdown'] as const) {
      expect(reporters[name](report, optionsOf())).toContain(
        'nothing was checked, but QEMU crashes',
      );
    }
  });

  test.each([
    line('qemu-img: ../block/io.c:12: bdrv_drain'),
    line('vhost_thing'),
    'ERROR:../tests/qtest/vhost-user-test.c:12:wait_for_fds: assertion failed: (a < b)',
  ])('may be of any program: %s', (text) => {
    expect(crashes(`${text}\n`)).toEqual([]);
  });
});

describe('a stack without any call of the protocol', () => {
  const ABORTS = '#0  raise () from /lib64/libc.so.6\n#1  abort () from /lib64/libc.so.6\n';
  const SIGNAL = 'Program terminated with signal SIGSEGV, Segmentation fault.\n';
  test.each([
    [
      'of the main loop',
      `${ABORTS}#2  qemu_aio_coroutine_enter (ctx=0x1) at ../util/qemu-coroutine.c:277\n#3  qemu_main_loop () at ../system/runstate.c:782\n`,
      { line: 3, how: 'abort()', func: 'qemu_aio_coroutine_enter' },
    ],
    [
      'through a virtio device',
      `${ABORTS}#2  __assert_fail () from /lib64/libc.so.6\n#3  commit (s=0x1) at ../accel/kvm/kvm-all.c:1717\n#4  unmask (n=0x1) at ../hw/virtio/virtio-pci.c:980\n`,
      { line: 4, how: 'assertion', func: 'commit' },
    ],
    [
      'of an assertion below a nameless part of the library',
      `${ABORTS}#2  _nl_load_domain.cold.0 () at /lib64/libc.so.6\n#3  f (n=0x1) at memory.c:1\n#4  kvm_vcpu_thread_fn (arg=0x1) at x.c:1\n`,
      { line: 4, how: 'abort()', func: 'f' },
    ],
    [
      'that a signal hit in the library',
      `${SIGNAL}#0  swapcontext () from /lib64/libc.so.6\n#1  qemu_coroutine_new () at util/coroutine-ucontext.c:164\n#2  main_loop () at vl.c:1\n`,
      { line: 3, how: 'SIGSEGV in swapcontext(), called', func: 'qemu_coroutine_new' },
    ],
    [
      'of the package of a distribution',
      `${SIGNAL}#0  f (n=0x1) at /usr/src/debug/qemu-kvm-8.2.0-2.el9.x86_64/include/exec/memory.h:1715\n`,
      { line: 2, how: 'SIGSEGV', func: 'f' },
    ],
    [
      'told by the program of the machine',
      "qemu-system-x86_64: ../accel/kvm/kvm-all.c:1717: commit: Assertion `ret == 0' failed.\n",
      { line: 1, how: 'assertion', func: 'commit' },
    ],
  ])('%s', (_, text, found) => {
    expect(crashes(text)).toMatchObject([found]);
  });
  test.each([
    `${ABORTS}#2  f (n=0x1) at block/io.c:1\n#3  main_loop_wait () at util/main-loop.c:1\n`,
    `${ABORTS}#2  f (n=0x1) at tests/qtest/vhost-user-test.c:1\n`,
  ])('may be of any program: %s', (text) => {
    expect(crashes(text)).toEqual([]);
  });
});

test('a capture without a vhost or migration call may be of any program', () => {
  expect(
    crashes(
      'Program received signal SIGSEGV, Segmentation fault.\n#0  f () at f.c:1\n#1  main () at f.c:2\n',
    ),
  ).toEqual([]);
});

test.each([
  [
    "qemu-kvm: ../a.c:24: void *f(MemoryRegion *): Assertion `mr->ram_block' failed.",
    'f',
    '../a.c:24',
  ],
  ["virtio_net_save: Assertion `!n->vhost_started' failed.", 'virtio_net_save', null],
  ['ERROR:../a.c:12:f: assertion failed: (a < b)', 'f', '../a.c:12'],
  ['Bail out! ERROR:../a.c:12:f: assertion failed (a == b): (1 == 2)', 'f', '../a.c:12'],
])('%s', (line, func, place) => {
  const trace = inputOf('trace-then-assertion').split('\n').slice(0, 60).join('\n');
  expect(crashes(`${trace}\n${line}\n`)).toMatchObject([{ func, place, how: 'assertion' }]);
});

describe('the mark with which strace ends a thread', () => {
  const text = inputOf('strace-of-a-killed-process');

  test.each([
    ['a signal of somebody else', text.replaceAll('SIGSEGV', 'SIGKILL')],
    ['a thread that sent nothing', text.replace(/^29417(?=.*killed)/m, '29430')],
    ['the backend, which reads requests', text.replaceAll('sendmsg(', 'recvmsg(')],
    ['a normal end', text.replaceAll(/killed by SIGSEGV(?: \(core dumped\))?/g, 'exited with 0')],
  ])('tells of no crash of QEMU: %s', (_, other) => {
    expect(other).not.toBe(text);
    expect(crashes(other)).toEqual([]);
  });

  test('ioctls of vhost are made by QEMU, too', () => {
    const ioctl = 'ioctl(10</dev/vhost-net>, VHOST_GET_FEATURES, [0x133000000]) = 0';
    const without = text.replace(/^\d+ [\d.]+ (?:send|recv)msg.*\n/gm, '');
    expect(crashes(without)).toEqual([]);
    const kernel = `29417 1796009655.070541 ${ioctl}\n${without}`;
    expect(crashes(kernel)).toMatchObject([{ how: 'SIGSEGV' }]);
  });
});
