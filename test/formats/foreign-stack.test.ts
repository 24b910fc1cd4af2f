import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createForeignStack } from '../../src/formats/stacks/foreign-stack.js';
import type { ForeignStack } from '../../src/model/record.js';
import { frame, printFrame, wrapping } from '../helpers/printed-frames.js';
import { expectEveryLineOnce, readLines } from '../helpers/read-text.js';

function stacksOf(lines: readonly string[]): readonly ForeignStack[] {
  return readLines(lines).records.filter((record) => record.kind === 'foreign-stack');
}

describe('a frame of gdb', () => {
  it('is of no other tool', () => {
    fc.assert(
      fc.property(fc.nat(120), frame, wrapping, (level, printed, how) => {
        const format = createForeignStack();
        const lines = printFrame(level, printed, how);
        for (const line of lines.filter((text) => text.startsWith('#'))) {
          expect([line, format.take(line, 1)]).toEqual([line, undefined]);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    '#0  0x00007fc8 in __GI_ppoll',
    '#1  0x00007ffff7e5a123 in f () from /lib/x.so',
    '#1  0x00007ffff7e5a123 in f () at /src/a b.c:12',
    '#1  0x00007ffff7e5a123 in f at a.c:12',
    '#1  0x00007ffff7e5a123 in va (fmt=0x5555 "%d (/lib/x+0x12)',
    '#12 0x00007ffff7e5a123 i',
    '#12 0x00007ffff7e5a123 in',
    '#12 0x00007ffff7e5a123',
    '#2  qemu_poll_ns',
    // gdb pads addresses: the list of these may stand on the next line
    '#0  0x00007ffff7e5a123 in operator new(unsigned long)',
    '#12 0x00007ffff7e5a123 in qemu_poll_ns',
    '#12 0x56d08a95 in qemu_poll_ns',
    '#3 0x5555 in qemu_poll_ns',
    '#12 0x7f1d117485fb in f (...)',
    '#12 0x7f1d117485fb in f (',
    '#12 0x7f1d117485fb in f ()',
    '#12 0x7f1d117485fb in f at',
    '#1 in vhost hw/virtio/vhost.c:400',
    'vhost_worker drivers/vhost/vhost.c:400',
    'at drivers/vhost/vhost.c:400 [inline]',
    '#0 x1 is being used',
    '[1] Introduction',
    '[1] https://example.org/list',
    '[0] see below for more',
    'Call Trace:',
    'frame #0 is the innermost one',
    'thread #1 is blocked, and thread #2 waits',
    'TID 4260: is the worker',
    'vhost dirty pages+12',
    'a+1',
    '@listener[2]: 3',
    ']: 34',
    ',',
    '[unknown]',
    '0x55d0c0ffee00',
    'vhost_dev_start+0x9b',
    '0x55d0c0ffee00 : the vhost_dev',
    'it took 4242 cycles:',
    'a frame (see above)',
    'a frame (/usr/lib64/libc.so.6)',
    'deadbeef cafe',
    '#3 foo.c(12): f() is called',
    '#3  0x5555 in f (a=1, b=2) at /src/x.c:12',
    '#3  0x5555 in f (s=0x5555 "x (/lib/x+0x12)") at /src/x.c:12',
    '#3  core::ops::{closure#0} (a=1) at x.rs:3',
    '#4 {main}',
  ])('and neither is this line: %s', (line) => {
    const format = createForeignStack();
    expect(format.take(line, 1)).toBeUndefined();
  });
});

describe('a stack', () => {
  it('ends where levels fall, and where another tool begins', () => {
    const stacks = stacksOf([
      '    #0 0x82ba3c in f /src/x.c:1:1',
      '    #1 0x82ba3c in g /src/x.c:2:1',
      '    #0 0x82ba3c in h /src/x.c:3:1',
      ' #1 [ffff88003b7dbcb0] machine_kexec at ffffffff81051b0b',
    ]);
    expect(stacks.map(({ tool, frames }) => [tool, frames.length])).toEqual([
      ['asan', 2],
      ['asan', 1],
      ['crash', 1],
    ]);
  });

  it('of a sanitizer takes the next frame, however little stands there', () => {
    const stacks = stacksOf([
      '    #7 0x82ba3c in f /src/x.c:1:1',
      '    #8 0x55db792c in operator new(unsigned long)',
      '    #10 0x55db792c in operator delete(void*)',
    ]);
    expect(stacks.map(({ frames }) => frames.length)).toEqual([2]);
  });

  it('of gdb below a report of a sanitizer stays one', () => {
    const { records } = readLines([
      '==4242==ABORTING',
      '#0  0x00007ffff7e5a123 in raise',
      '    (sig=6) at raise.c:56',
      '#1  0x00007ffff7e5a124 in main () at x.c:1',
    ]);
    expect(records.map(({ kind }) => kind)).toEqual(['chatter', 'backtrace']);
  });

  it('takes no word of a person for the rest of a frame', () => {
    const stacks = stacksOf([
      '    #0 0x7f1cca9777a8 in f',
      'crashes, see hw/virtio/vhost.c:12',
      '',
      '    #0 0x7f1cca9777a8 in f',
      'vhost.c',
    ]);
    expect(stacks.map(({ frames }) => frames)).toEqual([
      [{ func: 'f', address: '0x7f1cca9777a8' }],
      [{ func: 'f', address: '0x7f1cca9777a8' }],
    ]);
  });

  it('is read in a mail and in a journal', () => {
    const stacks = stacksOf([
      '> > #0 0x82ba3c in f /src/x.c:1:1',
      '',
      'Nov 22 03:00:00 host systemd-coredump[12]: #0  0x000055ada52eb573 f (qemu + 0x12)',
    ]);
    expect(stacks.map(({ tool }) => tool)).toEqual(['asan', 'coredump']);
  });

  it('is told in parts when it never ends', () => {
    const lines = Array<string>(10_000).fill('  vhost_worker+0x63/0xb0 [vhost]');
    const reading = readLines(lines);
    expectEveryLineOnce(reading);
    expect(stacksOf(lines).map(({ frames }) => frames.length)).toEqual([4096, 4096, 1808]);
  });

  it("ends at a prompt of gdb's pager", () => {
    const reading = readLines([
      '    #0 0x82ba3c in f /src/x.c:1:1',
      '--Type <RET> for more, q to quit, c to continue without paging--',
      '    #1 0x82ba3c in g /src/x.c:2:1',
    ]);
    expectEveryLineOnce(reading);
    expect(reading.records.map(({ kind }) => kind)).toEqual([
      'foreign-stack',
      'chatter',
      'foreign-stack',
    ]);
  });

  it('between two dumps is not a word of a person', () => {
    const dump = '#0  f (a=1) at x.c:1';
    const report = [
      '==4242==ERROR: AddressSanitizer: SEGV on unknown address 0x000000000000',
      'READ of size 8 at 0x618000000b28 thread T0',
      '    #0 0x82ba3c in f /src/x.c:1:1',
      'freed by thread T0 here:',
      '    #0 0x82ba3c in f /src/x.c:1:1',
      'Thread T1 (worker) created by T0 here:',
      'BUG: kernel NULL pointer dereference, address: 0000000000000000',
      'Modules linked in: vhost_net vhost tap',
    ];
    const { records } = readLines([dump, ...report, dump]);
    expect(records.filter(({ kind }) => kind === 'prose')).toEqual([]);
  });
});

describe('a report of a sanitizer', () => {
  it.each([
    [
      'wrapped',
      ['ERROR: AddressSanitizer: ILL on unknown address 0xf230afbc (pc', '0xf230afbc T0)'],
    ],
    ['with a blank line', ['ERROR: AddressSanitizer: heap-use-after-free', '']],
  ])('%s has the placeless frames below it', (_, [head = '', between = '']) => {
    const lines = [`==7==${head}`, between, '#0 0xf230afbb in base::Abort()', '/b/src/a.cc:261:5'];
    const below = ['#1 0xf2300058 in Fatal', '#2 0xf4d120be in Verify(Code*,', 'Code*)'];
    const [stack, ...others] = stacksOf([...lines, ...below]);
    expect(stack?.frames.map(({ func }) => func)).toEqual([
      'base::Abort()',
      'Fatal',
      'Verify(Code*',
    ]);
    expect(others).toEqual([]);
    expect(readLines([...lines, ...below]).problems).toEqual([]);
  });

  it('has no frames of gdb', () => {
    const lines = ['==7==ERROR: AddressSanitizer: SEGV', '', '#0  0xf230afbb in f (a=1) at a.c:1'];
    expect(stacksOf(lines)).toEqual([]);
  });
});

it('a whole stack in one line ends a frame whose place is still to come', () => {
  const whole =
    'Stack trace of thread 7:#012#0  0x00007f4816e2fe73 vhost_log_put (qemu + 0x2a2fe73)';
  const reading = readLines([
    '    #3 0x55d0c0ffee30 in main',
    `Nov 22 03:27:38 host1 systemd-coredump[7]: Process 9 (qemu) of user 1 dumped core.#012${whole}`,
    '/src/hw/virtio/vhost.c:619:3',
  ]);
  expectEveryLineOnce(reading);
  expect(reading.records.filter(({ kind }) => kind === 'foreign-stack')).toHaveLength(2);
});

describe('hostile lines', () => {
  it.each([
    ['sanitizer', `#0 0x1 in ${' /a'.repeat(600)}`],
    ['sanitizer with colons', `#0 0x1 in f ${':1'.repeat(900)}`],
    ['lldb', `frame #0: 0x1 q\`${' at x'.repeat(380)}`],
    ['perf', `${'1.123456: '.repeat(200)}:`],
    ['oops', 'a+0x1/0x1 '.repeat(200)],
    ['sanitizer without place', `#0 0x1234567 in ${'f (/a+0x'.repeat(250)}=`],
    ['fuchsia', `#0 0x0000000000000001 in ${' <a>+0x1'.repeat(250)}`],
    ['source lines', `f (${'x.c:1 '.repeat(330)}`],
    ['sanitizer with signs', `#0 0x1 in ${'a=b /c:1 '.repeat(220)}`],
    ['PHP', `#0 ${'a(1): '.repeat(300)}`],
    ['PHP without place', `#0 f(${') called at ['.repeat(150)}`],
    ['operators', `#0 0x1 in ${'operator='.repeat(220)}`],
  ])('are read in time that does not explode: %s', (_, line) => {
    const reading = readLines(Array<string>(400).fill(line));
    expectEveryLineOnce(reading);
  });
});
