/** Backtraces as pastes, forms and mail leave them: each damage by itself. */
import { describe, expect, test } from 'vitest';
import type { Backtrace } from '../../src/model/record.js';
import { pointerOf } from '../../src/model/values.js';
import { cleanLine } from '../../src/formats/wrappings/clean.js';
import { expectEveryLineOnce, readText } from '../helpers/read-text.js';

function traceOf(...lines: string[]): Backtrace | undefined {
  const { records } = readText(lines.join('\n'));
  return records.find((record) => record.kind === 'backtrace');
}

const codesOf = (...lines: string[]): string[] =>
  readText(lines.join('\n')).problems.map(({ code }) => code);

describe('pointers', () => {
  test.each([
    ['0x555557328500 <ram_state>', '0x555557328500'],
    ['0x5555 <buf> "text"', '0x5555'],
    ['0x5555 u"text"...', '0x5555'],
    [`0x5555 '\\000' <repeats 15 times>, "a"`, '0x5555'],
    ['(struct vhost_dev *) 0x5555', '0x5555'],
    ['@0x7ffe: 5', '0x7ffe'],
    ['0x555 5562ad150', undefined],
    ['0x5555 5562ad150 <ram_state>', undefined],
    ['0x5555, sh are=true', undefined],
    ['0x 5555', undefined],
  ])('%s', (text, pointer) => {
    expect(pointerOf(text)).toBe(pointer);
  });
});

test('a list with a torn name is damaged', () => {
  const line = '#0  vhost_log_get (size=256, sh are=true) at ../hw/virtio/vhost.c:369';
  expect(traceOf(line)).toMatchObject({ incomplete: true, frames: [{ args: undefined }] });
  expect(codesOf(line)).toEqual(['FRAME_UNREAD']);
});

test.each(['f (a=1, n@entr=5)', 'f (a=1, n@=5, b=2)', 'f (a=1, n@entry=5, b@en=2)'])(
  'a name that lost a piece is no part of the value in front: %s',
  (text) => {
    expect(traceOf(`#0  ${text} at x.c:1`)).toMatchObject({
      incomplete: true,
      frames: [{ func: 'f', args: undefined, line: 1 }],
    });
    expect(codesOf(`#0  ${text} at x.c:1`)).toEqual(['FRAME_UNREAD']);
  },
);

const ELIDED = { name: '...', value: undefined };
const B = { name: 'b', value: '2' };

test.each([
  ['..', undefined],
  ['\u2026', undefined],
  ['.. <x+1>', [ELIDED]],
  ['... <x+1>, b=2', [ELIDED, B]],
  ['a=1, .., b=2', [{ name: 'a', value: '1' }, ELIDED, B]],
  ['\u2026, b=2', [ELIDED, B]],
])('somebody left arguments out: (%s)', (list, args) => {
  const lines = [`#0  f (${list}) at x.c:1`, `#1  0x5555 in g (${list}) at x.c:2`];
  expect(traceOf(...lines)?.frames).toMatchObject([
    { func: 'f', args },
    { func: 'g', args },
  ]);
  expect(codesOf(...lines)).toEqual([]);
});

test('a torn line number is unknown', () => {
  expect(traceOf('#0  f (a=1) at ../hw/virtio/vhost.c:3 69')?.frames).toMatchObject([
    { file: '../hw/virtio/vhost.c', line: undefined },
  ]);
});

test.each([
  [['#1  std::list<std::pair<int,', 'std::less<int> >', '>::assign<int> (this=0x1)', 'at a.c:1']],
  [['#1  <pl011::State as', 'qom::Class<pl011::Class>>::init', '(this=0x1) at a.c:1']],
  [['#1  sysbus::<impl', 'qom::Class for', 'T>::init (this=0x1) at', 'a.c:1']],
  [['#1  Access<(Kind)1> (this=0x1,', 'b=2) at', 'a.c:1']],
  [['#1  0x5555 in map<std::pair<int, Label', 'const> > (this=0x1) at', 'a.c:1']],
  [['#1  0x5555 in <Handler<T> as', 'Backend>::set_log', '(this=0x1) at a.c:1']],
])('mail may wrap the name of a function: %j', (lines) => {
  const trace = traceOf('#0  f (a=1) at a.c:1', ...lines, '#2  main () at a.c:2');
  expect(trace).toMatchObject({ levels: [0, 1, 2], incomplete: false });
  expect(trace?.frames[1]).toMatchObject({ line: 1 });
  expect(trace?.frames[1]?.args?.[0]).toMatchObject({ name: 'this', value: '0x1' });
  expect(codesOf(...lines)).toEqual([]);
});

test('frames may have lost their addresses alone', () => {
  const lines = ['#0  in ppoll () from /lib64/libc.so.6', '#1  in f<int> (a=1) at a.c:1'];
  expect(traceOf(...lines, '#2  in aio_poll', '    (ctx=0x5555) at b.c:2')).toMatchObject({
    frames: [
      { func: 'ppoll', address: undefined, lib: '/lib64/libc.so.6' },
      { func: 'f<int>', address: undefined, line: 1 },
      { func: 'aio_poll', args: [{ name: 'ctx' }], line: 2 },
    ],
    incomplete: false,
  });
  expect(traceOf('#3 in main (not the other one) we see more')).toBeUndefined();
});

test.each([
  [
    'of Objective-C',
    '#0  -[View(Own) show:on:] (self=0x1) at v.m:12',
    { func: '-[View(Own) show:on:]' },
  ],
  [
    'with a blank in its place',
    '#0  f (a=1) at drivers/pci/msi.c: 12',
    { file: 'drivers/pci/msi.c' },
  ],
  [
    'behind a quoted prompt of the pager',
    '> > --Type <RET> for more, q to quit, c to continue without paging--#0  f (a=1) at a.c:12',
    { file: 'a.c' },
  ],
])('a frame %s', (_, line, parts) => {
  expect(traceOf(line)?.frames).toMatchObject([{ ...parts, line: 12 }]);
  expect(codesOf(line)).toEqual([]);
});

test('the head of a thread without pthread proves the stamp in front of it', () => {
  const stamp = '2026-11-22T03:27:38.123456Z ';
  const lines = ['', 'Thread 3 (Thread 3756):', '#0  f () at a.c:1'].map((line) => stamp + line);
  expect(readText(lines.join('\n')).records).toMatchObject([
    { kind: 'prose' },
    { kind: 'thread', thread: { num: '3', lwp: 3756 } },
    { kind: 'backtrace', thread: { num: '3' } },
  ]);
});

describe('frames on one line', () => {
  const first = '#3  f (a=1) at a.c:1';

  test('are read where the levels rise, also behind a place on a line of its own', () => {
    expect(
      traceOf(`${first} #4  0x5555 in g (b=2)`, '    at b.c:2 #5  h () at c.c:3'),
    ).toMatchObject({
      span: { first: 1, last: 2 },
      levels: [3, 4, 5],
      lines: [1, 1, 2],
      frames: [{ line: 1 }, { line: 2 }, { line: 3 }],
      incomplete: false,
    });
  });

  test.each(['f (a=1) at a.c:1', 'f () from /lib64/libc.so.6', '0x5555 in ?? ()'])(
    'are read without a blank between them: %s',
    (frame) => {
      const trace = traceOf(`#9  ${frame}#10 0x5555 in g (b=2) at b.c:2#11 main () at c.c:3`);
      const alone = traceOf(
        `#9  ${frame}`,
        '#10 0x5555 in g (b=2) at b.c:2',
        '#11 main () at c.c:3',
      );
      expect(trace).toEqual({ ...alone, span: { first: 1, last: 1 }, lines: [1, 1, 1] });
    },
  );

  test.each(['(gdb) bt ', '(gdb) ', '(gdb) (gdb) where full '])('are read behind %s', (prompt) => {
    const frames = '#0 0x5555 in wait4 () from /lib/libc.so.6 #1 0x5555 in ?? () #2 0x5555 in g ()';
    const lines = ['#7  h () at c.c:3', prompt + frames];
    const reading = readText(lines.join('\n'));
    expectEveryLineOnce(reading);
    expect(reading.problems).toEqual([]);
    expect(reading.records).toMatchObject([
      { levels: [7] },
      { levels: [0, 1, 2], lines: [2, 2, 2], incomplete: false },
    ]);
  });

  test.each(['bt #0 is wrong', 'bt #0 f (a=1) at a.c:1 #1 0x5555 in g ()'])(
    'stay a part of what was typed: %s',
    (typed) => {
      expect(readText(`(gdb) ${typed}`).records).toMatchObject([{ kind: 'command', text: typed }]);
    },
  );

  test('are those of gdb alone', () => {
    const other = '#4 0x7f17 in clone (/lib/libc.so.6+0x12) (BuildId: ab12cd)';
    const reading = readText(['#2  e () at a.c:1', `#3  f_lo  ${other}`, ''].join('\n'));
    expectEveryLineOnce(reading);
    expect(reading.problems).toMatchObject([{ code: 'FRAME_UNREAD', span: { first: 2, last: 2 } }]);
  });

  test('are told of where they do not', () => {
    const line = `${first} #0  g (b=2) at b.c:2`;
    expect(traceOf(line)).toMatchObject({ levels: [3], incomplete: true });
    expect(codesOf(line, line)).toEqual(['FRAME_UNREAD', 'FRAME_UNREAD']);
  });

  test('are none in a string or a remark', () => {
    const text = '#3  f (a=0x5555 "see #4  g (b=2)") at a.c:1';
    expect(traceOf(text)).toMatchObject({ levels: [3], incomplete: false });
    expect(codesOf(text, `${first} like #4 and others`)).toEqual([]);
  });
});

test('the blanks around "at" may be lost', () => {
  expect(
    traceOf('#3  f (a=1)at block/a.c:1', '#4  g (b=2)', '    atqemu-2.12/b.c:2'),
  ).toMatchObject({
    frames: [
      { file: 'block/a.c', line: 1 },
      { file: 'qemu-2.12/b.c', line: 2 },
    ],
  });
});

test.each([
  [['---Type <return> to continue, or q <return>', 'to quit---']],
  [['---Type <return> to', 'continue, or q', '<return> to quit---']],
  [['--Type <RET> for more, q to quit, c to continue', 'without paging--']],
])('a prompt of the pager over several lines lies inside a frame: %j', (prompt) => {
  expect(traceOf('#3  f (a=1,', ...prompt, '    b=2) at a.c:1')).toMatchObject({
    frames: [{ args: [{ value: '1' }, { value: '2' }], line: 1 }],
    incomplete: false,
  });
});

describe('a margin that nobody knows', () => {
  const lines = [
    '#0  vhost_dev_stop (hdev=0x5555, vrings=true) at ../hw/virtio/vhost.c:2120',
    '#1  0x0000555555b8fda2 in vhost_net_stop_one (net=0x5555,',
    '    dev=0x6666) at ../hw/net/vhost_net.c:412',
    'vhost_commit Started: 1 Changed: 0',
  ];
  const behind = (margin: (i: number) => string): string[] =>
    lines.map((line, i) => margin(i) + line);

  test.each<[string, (i: number) => string]>([
    ['of a comment', () => '// '],
    ['of a script', () => '# '],
    ['of a list', () => '- '],
    ['of a table', () => '|| '],
    ['of a second cell', (i) => `| ${i} | `],
    ['of a host', () => 'vm1: '],
    ['of a file', () => 'gdb.txt:'],
    ['with numbers', (i) => `${i + 9}`.padStart(6) + '  '],
    ['behind a quote', (i) => (i < 3 ? '> ' : '>     ')],
  ])('is taken off where a frame or an event stands behind it: %s', (_, margin) => {
    const { records, problems } = readText(behind(margin).join('\n'));
    expect(records).toMatchObject([
      { levels: [0, 1], frames: [{ line: 2120 }, { line: 412 }] },
      { name: 'vhost_commit', args: { started: '1' } },
    ]);
    expect(problems).toEqual([]);
  });

  test.each([
    ['- vhost_dev_stop (hdev=0x5555) is called'],
    ['// vhost_commit is the place where it happens'],
    ['- #12 vhost_dev_start (twice)'],
    ['1. main (argc=1) calls it'],
    ['* vhost_dev_stop 1'],
    ['vhost_commit Started: when the listener is called'],
    ['BIOS-e820: [mem 0x0000-0x9fbff] usable'],
    ['  1 0x68621611 in winmm (+0x21610) (0x0dd1ea48)'],
    ['It begins in #0  vhost_dev_stop (hdev=0x5555) at ../hw/virtio/vhost.c:2120'],
    ['It ends in vhost_commit Started: 1 Changed: 0'],
  ])('is none, and no problem, in front of other text: %s', (line) => {
    const { records, problems } = readText(line);
    expect([records.map(({ kind }) => kind), problems]).toEqual([[expect.any(String)], []]);
    expect(['prose', 'code']).toContain(records[0]?.kind);
  });

  test.each([
    ['a citation', ['It was `#0  vhost_dev_stop (hdev=0x5555) at ../hw/virtio/vhost.c:2120`'], 1],
    ['a diff', [`-${lines[0]}`], 1],
    ['words in a block', lines.slice(0, 2).map((line) => `the log of it ${line}`), 2, 1],
    ['another host', [`vm1: ${lines[0]}`, `vm2: ${lines[1]}`], 2],
    ['"#" is lost', ['0  0x0000555555b8fda2 in vhost_net_stop_one (net=0x5555) at x.c:4'], 1],
    ['"#" is lost in a list', ['> 1. vhost_net_stop_one (net=0x5555) at x.c:4'], 1],
  ])('is told of where it is not taken off: %s', (_, text, lineNo, toldFrom = lineNo) => {
    const { records, problems } = readText(text.join('\n'));
    expect(records.at(-1)).toMatchObject({ kind: 'gap', span: { first: lineNo } });
    expect(problems.map(({ span }) => span)).toEqual([{ first: toldFrom, last: lineNo }]);
  });
});

test.each([
  ['a stamped event', '// ', '271@1795320809.223469:vhost_commit Started: 1 Changed: 0'],
  [
    'an event in syslog',
    '// ',
    'Nov 22 03:27:38 host qemu-kvm[42]: vhost_commit Started: 1 Changed: 0',
  ],
  [
    'a frame behind a quote',
    '>     ',
    '#0  vhost_dev_stop (hdev=0x5555) at ../hw/virtio/vhost.c:2120',
  ],
  [
    'a stop in a list',
    '* ',
    'Breakpoint 2, vhost_dev_stop (hdev=0x5555) at ../hw/virtio/vhost.c:2120',
  ],
])('behind the margin of %s stands what says less', (_, margin, line) => {
  const { records } = readText(`${margin}${line}\n${margin}CPU:3 [LOST 12 EVENTS]`);
  expect(records.map(({ kind }) => kind)).toEqual([expect.any(String), 'gap']);
});

test('the end of a cell is no part of a line', () => {
  const { records } = readText(
    [
      '| #0  f (a=1) at x.c:1 |',
      '| Value returned is $1 = -22 |',
      '| vhost_commit Started: 1 Changed: 0 |',
    ].join('\n'),
  );
  expect(records).toMatchObject([
    { frames: [{ line: 1 }] },
    { value: '-22' },
    { args: { changed: '0' } },
  ]);
});

test('a frame that lost its "#" is missing in its backtrace', () => {
  expect(
    traceOf(
      '#0  f (a=1) at a.c:1',
      '1  0x0000555555b8fda2 in g (b=2) at b.c:2',
      '#2  h () at c.c:3',
    ),
  ).toMatchObject({ levels: [0, 2], incomplete: true, span: { first: 1, last: 3 } });
});

test.each(['0x…', '0x...', '0x55...fda2', '0xXXXX', '…'])('%s is an address', (address) => {
  expect(traceOf(`#0  ${address} in f (a=${address}) at x.c:1`, '#1  g () at x.c:2')).toMatchObject(
    { levels: [0, 1], frames: [{ address, func: 'f', line: 1 }, { func: 'g' }] },
  );
});

test.each(['[33m#0  [1mf[m (a=1) at x.c:1[0m', '^[[1;33m#0^[[0m  f (a=1) at x.c:1'])(
  'colours that lost their escape go: %s',
  (line) => {
    expect(traceOf(line)?.frames).toMatchObject([{ func: 'f', args: [{ value: '1' }], line: 1 }]);
  },
);

test.each(['[0m', '[m', '[0;39m', '^[[0m', '\x1b[0m'])(
  '%s behind an event is none of its value',
  (colour) => {
    const lines = [
      '271@1795320809.223460:migrate_set_state new state active',
      '271@1795320809.223461:vhost_user_write req:1 flags:0x1',
      '271@1795320809.223462:vhost_dev_cleanup 0x5555',
    ];
    const coloured = lines.map((line) => line + colour);
    expect(readText(coloured.join('\n')).records).toEqual(readText(lines.join('\n')).records);
  },
);

describe('an event that mail or a terminal wrapped', () => {
  const head = 'vhost_vdpa_set_vring_addr dev: 0x5555562b1f00 index: 0 flags: 0x1';
  const tail = 'avail_user_addr: 0x7f1d00000800 log_guest_addr: 0x7f1d00001000';
  const middle = 'desc_user_addr: 0x7f1d00000000 used_user_addr: 0x7f1d00001000';
  const whole = `${head} ${middle} ${tail}`;
  const event = {
    kind: 'event',
    name: 'vhost_vdpa_set_vring_addr',
    args: { flags: '0x1', log_guest_addr: '0x7f1d00001000' },
  };

  test.each([
    ['at blanks', [head, middle, tail]],
    ['behind a quote', [`> ${head}`, `> ${middle}`, `> ${tail}`]],
    ['behind a quote in front of the first line', [`> ${head}`, middle, tail]],
    ['behind a comment', [`// ${head}`, `// ${middle}`, `// ${tail}`]],
    ['with a stamp', [`271@1795320809.223469:${head}`, middle, tail]],
    ['at a column', whole.match(/.{1,80}/g) ?? []],
  ])('is read: %s', (_, lines) => {
    const reading = readText(lines.join('\n'));
    expectEveryLineOnce(reading);
    expect(reading.records).toMatchObject([{ ...event, span: { first: 1, last: lines.length } }]);
    expect(reading.problems).toEqual([]);
  });

  test.each([
    [['vhost_region_add_section pc.ram: 0x100000000+0x80000000 @', '0x7f0000000000']],
    [['vhost_region_add_section pc.ram: 0x100000000+0x80000000', '@ 0x7f0000000000']],
    [['vhost_iotlb_miss 0x5555562b1f00 step', '0']],
    [
      [
        'vhost_user_set_mem_table_withfd 0:pc.ram: size:0xa0000 GPA:0x0 QVA/userspace:0x7f',
        '1e80000000 RB offset:0x0',
      ],
    ],
  ])('is read without stamp, whatever its text begins with: %j', (lines) => {
    const name = /^\w+/.exec(lines[0] ?? '')?.[0];
    const reading = readText([...lines, ...lines].join('\n'));
    expectEveryLineOnce(reading);
    expect(reading.records).toMatchObject([
      { kind: 'event', name, span: { first: 1, last: 2 } },
      { kind: 'event', name, span: { first: 3, last: 4 } },
    ]);
    expect(reading.problems).toEqual([]);
  });

  test.each([
    'vhost_dev_start 0x5555562b1f00 is where it begins',
    'vhost_region_add_section pc.ram: added here',
  ])('is not begun by words: %s', (line) => {
    const { records, problems } = readText([line, 'and goes on.'].join('\n'));
    expect(records.map(({ kind }) => kind)).toEqual(['prose']);
    expect(problems).toEqual([]);
  });

  test.each([
    [[head, 'vhost_commit Started: 1 Changed: 0', 'The rest is missing.']],
    [[head, '#0  f () at x.c:1', 'The rest is missing.']],
    [[head, '', middle, tail]],
    [[head, middle, 'And here the log ends.']],
  ])('goes over no other record, and not on without end: %j', (lines) => {
    const bare = lines.join('\n');
    for (const text of [bare, bare.replace('vhost', '271@1795320809.223469:vhost')]) {
      const reading = readText(text);
      expectEveryLineOnce(reading);
      expect(reading.problems.map(({ code }) => code)).toEqual(['EVENT_UNREAD']);
      expect(reading.records[0]).toMatchObject({ kind: 'gap', span: { first: 1 } });
    }
  });
});

test("rows of Apple's `info threads` are no frames that lost their sign", () => {
  const rows = [
    '  3 "com.apple.main" 0x00007fff8a1b2c3d in kevent ()',
    '  2 0x00007fff8a1b2c3d in mach_msg_trap ()',
    '* 1 vhost_dev_start (hdev=0x5555562b1f00)',
    '    at vhost.c:12',
  ];
  const { records, problems } = readText(['(gdb) info threads', ...rows, '(gdb) c'].join('\n'));
  expect(records.map(({ kind }) => kind)).toEqual(['command', 'chatter', 'command']);
  expect(problems).toEqual([]);
  expect(codesOf(rows[1] ?? '')).toEqual(['FRAME_UNREAD']);
});

test.each(['#18 f (a=1)', '#19 g (..)', '#8  f (...)'])(
  'a frame behind the name of its file: %s',
  (frame) => {
    expect(traceOf(`notes.md:${frame}`)?.frames).toMatchObject([{ kind: 'call' }]);
  },
);

test('a hunk of a diff ends a backtrace, and lines are missing there', () => {
  const { records } = readText(
    [
      ' #0  vhost_commit (listener=0x5555) at ../hw/virtio/vhost.c:7',
      '@@ -504,26 +504,26 @@',
      ' #1  0x0000555555556872 in vhost_dev_start (hdev=0x5555) at ../hw/virtio/vhost.c:9',
    ].join('\n'),
  );
  expect(records.map(({ kind }) => kind)).toEqual(['backtrace', 'gap', 'backtrace']);
});

describe('stacks without stop lines', () => {
  const stacks = (label: string): string[] => [
    '#0  f () at x.c:1',
    '#1  main () at x.c:9',
    '',
    label,
    '',
    '#0  g () at x.c:2',
    '#1  main () at x.c:9',
  ];

  test.each([
    '=== cancel ===',
    '1) boot of another run',
    '[cancel]',
    '# cancel',
    '// cancel',
    '/* other VM */',
    '**cancel**',
    '* boot',
    'SECOND RUN',
    'step2',
    '2024-05-06 10:00',
    '$ cat boot.txt',
    '==> boot.txt <==',
    '<cancel>',
  ])('may be of two runs: %s', (label) => {
    const { records } = readText(stacks(label).join('\n'));
    expect(records[1]).toMatchObject({ kind: 'prose', human: true });
  });

  test.each(['qemu-system-x86_64: warning: host', '[   77.027592] Call Trace:', '{"a": 1}'])(
    'a program prints: %s',
    (label) => {
      const { records } = readText(stacks(label).join('\n'));
      expect(records.some((record) => record.kind === 'prose' && record.human)).toBe(false);
    },
  );
});

test.each([
  '--',
  '.',
  ':',
  '[..]',
  '[cut here]',
  '... skipping 42 lines ...',
  '// ...',
  '# 3 stacks removed',
  '/* ... */',
])('lines are left out at %s', (mark) => {
  for (const line of [
    'Thread 1 "q" hit Breakpoint 1, f () at x.c:1\n1\t{\n#0  f () at x.c:1',
    '22150@1795323381.556696:vhost_commit Started: 1 Changed: 0',
    '7810 12:00:00.000001 ioctl(11<anon_inode:[vhost-net]>, VHOST_SET_FEATURES, [0x1]) = 0',
  ]) {
    const { records } = readText(`${line}\n${mark}\n${line}\n`);
    expect(records.map(({ kind }) => kind)).toContain('gap');
  }
});

test.each(['# tracer: nop', '// see vhost.c', '------------[ cut here ]------------', '# skip'])(
  'nothing is left out at %s',
  (mark) => {
    const line = '22150@1795323381.556696:vhost_commit Started: 1 Changed: 0';
    const { records } = readText(`${line}\n${mark}\n${line}\n`);
    expect(records.map(({ kind }) => kind)).not.toContain('gap');
  },
);

test('what waits for the rest of an event, and opens a stack, comes before the prompt of the pager', () => {
  const records = readText(
    [
      '2026-11-26T19:31:27.147729Z vhost_user_read req',
      '[   77.027601]  ? __die_body.cold+0x1a/0x1f',
      '--Type <RET> for more, q to quit, c to continue without paging--555 in f (dev=0x1) at x.c:301',
    ].join('\n'),
  ).records;
  expect(records.map(({ span }) => span.first)).toEqual([1, 2, 3]);
});

test('an event that is cut where somebody quits the pager comes before what the pager hides', () => {
  const { records } = readText(
    '22150@1795323381.556696:vhost_commit Started: 1 Cha\n--Type <RET> for more, q to quit, c to continue without paging--q\n',
  );
  expect(records).toMatchObject([{ kind: 'gap', span: { first: 1, last: 2 } }]);
});

describe('names of columns', () => {
  const stack = [
    '#0  vhost_dev_set_log (dev=0x5555, enable_log=true) at ../hw/virtio/vhost.c:1009',
    '#1  std::map<int,int>::at (this=0x5555) at map.cc:12',
    '#2  0x00005555558b8c2d in main () at ../system/main.c:47',
  ];

  test.each(['time,line', 'id,body', 'body,id', 'pid,time,msg'])(
    'above lines that are no rows take nothing from them: %s',
    (names) => {
      expect(traceOf(names, ...stack)).toEqual(traceOf('names', ...stack));
    },
  );

  test('end with the rows below them', () => {
    const frames = traceOf('id,line', '12,vhost_section mem', '13,"a, b"', ...stack)?.frames;
    expect(frames).toEqual(traceOf(...stack)?.frames);
  });

  test('may stand above texts of several lines, whose quotes are two, and between which others are missing', () => {
    const stop = 'Thread 5 "CPU 0/TCG" hit Breakpoint 3, vhost_log_put (dev=0x5555) at vhost.c:3';
    const body = [stop, ...stack].join('\n').replaceAll('"', '""');
    const text = `id,body,state\n1,"${body}\n",open\n2,"${body}",open`;
    const reading = readText(text);
    expectEveryLineOnce(reading);
    const { frames } = traceOf(...stack) ?? {};
    const row = [{ kind: 'gap' }, { kind: 'stop' }, { kind: 'backtrace', frames }];
    expect(reading.records.slice(1)).toMatchObject([...row, ...row]);
  });
});

test.each(['\uff1e', '\uff1e ', '\u00bb ', '> \u00bb ', '\u203a \u203a '])(
  'mail is quoted with %j, too',
  (mark) => {
    const lines = [
      '#0  f (dev=0x5555562b1f00,',
      '    size=28672) at x.c:1',
      '#1  main () at x.c:2',
      '(gdb) c',
    ];
    const plain = readText(lines.join('\n'));
    expect(plain.records).toHaveLength(2);
    expect(readText(lines.map((line) => mark + line).join('\n'))).toEqual(plain);
  },
);

describe('a session that was copied with', () => {
  const session = [
    'Thread 5 "CPU 0/TCG" hit Breakpoint 3, f (dev=0x5555562b1f00, size=28672) at x.c:1',
    '(gdb) bt',
    '#0  f (dev=0x5555562b1f00, size=28672)',
    '    at ../hw/virtio/x.c:1',
    '#1  0x0000555555b8fda2 in g (dev=0x5555562b1f00,',
    '    size=28672) at x.c:2',
    '#2  0x0000555555b8fda2 in h (dev=0x5555562b1f00) at',
    'x.c:3',
    '#3  0x0000555555b8fda2 in main () at x.c:4',
  ];
  const plain = readText(session.join('\n'));
  const bare = (reading: typeof plain): unknown[] =>
    reading.records.map((record) => ({ ...record, span: undefined, lines: undefined }));

  test('two blanks for each is read as it was', () => {
    const reading = readText(session.join('\n').replaceAll(' ', '  '));
    expect(bare(reading)).toEqual(bare(plain));
    expect(reading.problems).toEqual([]);
  });

  test('an empty line below each is read as it was', () => {
    const reading = readText(session.join('\n\n'));
    expectEveryLineOnce(reading);
    expect(bare(reading)).toEqual(bare(plain));
    expect(reading.problems).toEqual([]);
  });

  test.each([
    ['#0  f (dev=0x5555,', '', 'The size is missing.'],
    ['#0  f (dev=0x5555,', '', '', 'size=1) at x.c:1'],
    ['#0  f (dev=0x5555) at', '', 'And then it ends.'],
    ['#0  f (dev=0x5555)', '', '    at that place: 12'],
  ])('an empty line goes on with nothing else: %j', (...lines) => {
    const reading = readText(['#0  f () at x.c:1', '', ...lines, ''].join('\n'));
    expectEveryLineOnce(reading);
    expect(traceOf(...lines)?.span).toEqual({ first: 1, last: 1 });
  });
});

describe('UTF-8 that was taken for Windows-1252', () => {
  const asWindows = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

  test('is the text that it was', () => {
    const text = [
      '\ufeff#0  f (s=0x5555 \u201cpc.ram\u201d, p=\u2026) at a\u00e9.c:1',
      '#1\u00a0 0x\u2026 in main () at x.c:2',
      '\u8fd9\u91cc',
    ].join('\n');
    const plain = readText(text);
    expect(plain.records[0]).toMatchObject({ frames: [{ file: 'a\u00e9.c' }, { func: 'main' }] });
    expect(readText(asWindows(text))).toEqual(plain);
  });

  test('has characters of its own there', () => {
    const line = '#0  f (s=0x5555 \u00e2\u20ac\u0153pc.ram\u00e2\u20ac\u009d, n=1) at x.c:1';
    expect(traceOf(line)?.frames[0]?.args?.[0]?.value).toBe('0x5555 "pc.ram"');
  });

  test('is only what makes sense as such', () => {
    const file = 'caf\u00e9-\u00c2x-\u00c3.c';
    expect(traceOf(`#0  f (a=1) at ${file}:1`)?.frames).toMatchObject([{ file }]);
  });
});

test.each(['- #12 main() is where it all begins', '- #7 vhost_dev_stop() leaks, see vhost.c:2135'])(
  'an item of a list that names a function is no frame: %s',
  (line) => {
    const { records, problems } = readText(line);
    expect(records.map(({ kind }) => kind)).toEqual(['prose']);
    expect(problems).toEqual([]);
  },
);

describe('entities of HTML', () => {
  const argsOf = (line: string): readonly (string | undefined)[] | undefined =>
    traceOf(line)?.frames[0]?.args?.map(({ value }) => value);

  test('are what the program has, in a string of a text that is no page', () => {
    const line = String.raw`#0  f (s=0x5555 "a &amp; \"b&quot;", p=0x5555 <q>) at a.c:1`;
    expect(argsOf(line)).toEqual([String.raw`0x5555 "a &amp; \"b&quot;"`, '0x5555 <q>']);
    expect(codesOf(line)).toEqual([]);
  });

  test.each([
    '#0  f (s=0x5555 "a &amp;amp; b", p=0x5555 &lt;q&gt;) at a.c:1',
    '#0  f (s=0x5555 &quot;a &amp;amp; b&quot;, p=0x5555 &#60;q&#x3e;) at a.c:1',
  ])('are decoded in a page: %s', (line) => {
    expect(argsOf(line)).toEqual(['0x5555 "a &amp; b"', '0x5555 <q>']);
  });

  test('are decoded in a page that was pasted into another', () => {
    const escape = (line: string): string =>
      line.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
    const line = '#0  f (s=0x5555 "a &amp; b", p=0x5555 <q>) at a.c:1';
    expect(argsOf(escape(escape(line)))).toEqual(['0x5555 "a &amp; b"', '0x5555 <q>']);
    const event = "memory_region_sync_dirty mr '(all)' listener 'vhost' synced (global=0)";
    const twice = event.replaceAll("'", '&amp;#x27;');
    expect(readText(`271@1795320809.223469:${twice}`).records).toMatchObject([
      { kind: 'event', args: { mr: '(all)', listener: 'vhost' } },
    ]);
  });
});

describe('tags of HTML', () => {
  const frames = [
    '#0  std::vector<p>::at (this=0x5555 <p>, n=<optimized out>) at vector.cc:12',
    '#1  0x00005555558b8c2d in f (s=0x5555 "<div></div>", g=0x5555 <cb+12>) at ../hw/virtio/vhost.c:1009',
    '#2  0x00007ffff7ca58ec in clone3 () from /lib64/libc.so.6',
  ];
  const stop = 'Thread 5 "CPU 0/TCG" hit Breakpoint 3, vhost_log_put (dev=0x5555) at vhost.c:3';

  test.each([
    ['<p>', '<br/>'],
    ['<p class="a">', '</p>'],
    ['  <li><code>', '</code></li>'],
    ['<tr><td>', '</td></tr> '],
    ['<div><span id="LC1" class="line">', '</span>'],
    ['</p><p>', '<br>'],
    ['<p class="MsoNormal"><span style="color:#1F497D">', '<o:p></o:p></span></p>'],
  ])('are no part of a line between %s and %s', (open, close) => {
    const lines = [stop, ...frames];
    expect(readText(lines.map((line) => open + line + close).join('\n'))).toEqual(
      readText(lines.join('\n')),
    );
  });

  test('are no part of a name, a file and a value that they stand around', () => {
    const tagged = [
      '#0  <b>f</b> (dev=0x5555, s=0x6666 "<b>s</b>") at <a href="x">a.c</a>:3',
      '<p class="MsoNormal"><o:p>&nbsp;</o:p></p>',
      '#1  0x0000555555555200 in <strong>g</strong> (n=<i>1</i>) at <span class="file">b.c</span>:4',
    ];
    const plain = [
      '#0  f (dev=0x5555, s=0x6666 "<b>s</b>") at a.c:3',
      '',
      '#1  0x0000555555555200 in g (n=1) at b.c:4',
    ];
    expect(readText(tagged.join('\n'))).toEqual(readText(plain.join('\n')));
  });

  test('are none where a symbol is called like one', () => {
    const wrapped = [
      '#0  f (dev=0x5555',
      '    <p>, next=0x5555 <li>,',
      '    last=0x5555',
      '    <b>) at x.c:1',
    ];
    const values = traceOf(...wrapped)?.frames[0]?.args?.map(({ value }) => value);
    expect(values).toEqual(['0x5555 <p>', '0x5555 <li>', '0x5555 <b>']);
  });
});

test.each([' ', '', '\r', '<br>', String.raw`\n`])(
  'frames that %j joins have the mark of a signal between them',
  (joint) => {
    const frames = [
      '#0  0x0000555555555100 in f (y=2) at g.c:9',
      '#1  <signal handler called>',
      '#2  0x0000555555555200 in main () at main.c:5',
    ];
    expect(traceOf(frames.join(joint))?.frames).toEqual(traceOf(...frames)?.frames);
  },
);

describe('colours that lost their escape and end on no line', () => {
  const frames = ['#0  0x0000555555555100 in f (y=2) at g.c:9', '#1  main () at main.c:5'];

  test.each(['[32m', '[1;33m', '[0m', '[0m[36m'])('%s', (colour) => {
    expect(traceOf(...frames.map((frame) => colour + frame))).toEqual(traceOf(...frames));
  });

  test.each(['[5min] load', '[30ms] vhost_dev_start', '[32m] left', 'uses [0;1] and [32m'])(
    '%s is none',
    (text) => {
      expect(cleanLine(text)).toBe(text);
    },
  );
});

test('an entity that an encoded mail breaks is one', () => {
  const mail = [
    'Content-Transfer-Encoding: quoted-printable',
    '',
    '#0  0x0000555555555100 in std::vector&lt=',
    ';int&gt;::at (this=3D0x5555) at vector.cc:9',
  ];
  expect(traceOf(...mail)?.frames).toMatchObject([{ func: 'std::vector<int>::at' }]);
});

describe('behind the place of a frame', () => {
  const placesOf = (tail: string): unknown =>
    traceOf(
      `#0  f (dev=0x5555) at ../hw/virtio/vhost.c:973${tail}`,
      `#1  0x00007ffff7ca58ec in clone3 () from /lib/libfoo.so.1${tail}`,
      '#2  0x00005555558b8c2d in main () at ../system/main.c:47',
    )?.frames.map(({ file, line, lib }) => lib ?? `${file}:${line}`);

  test.each(['', '.', ',', ';', '|', ' |', '`', '.`', String.raw`\n`, String.raw`\r\n`, '^M'])(
    '"%s" is no part of it',
    (tail) => {
      expect(placesOf(tail)).toEqual([
        '../hw/virtio/vhost.c:973',
        '/lib/libfoo.so.1',
        '../system/main.c:47',
      ]);
    },
  );

  test('what else stands there is told', () => {
    const frame = '#0  f (dev=0x5555) at ../hw/virtio/vhost.c:973=20';
    expect(codesOf(frame, '#1  main () at main.c:47')).toEqual(['FRAME_UNREAD']);
  });
});

describe('what differs from another is told', () => {
  test.each([
    ['vhost_dev_stop (hdev=0x5555573f9c50)', 'vhost_dev_sto (hdev=0x5555573f9c50)'],
    ['vhost_dev_stop (hdev=0x5555573f9c50)', 'vhost_dev_stop (hdev=0x5555573f950)'],
  ])('%s in the stop, %s in its frame', (stop, frame) => {
    const lines = [
      `Thread 1 "q" hit Breakpoint 1, ${stop} at vhost.c:5`,
      `#0  ${frame} at vhost.c:5`,
    ];
    expect(traceOf(...lines)).toMatchObject({ incomplete: true });
    expect(codesOf(...lines)).toEqual(['FRAME_UNREAD']);
  });

  test.each([
    [
      'the stack of another thread',
      'f () at f.c:1',
      'Thread 7 (Thread 0x7ffff129d700 (LWP 25728)):',
    ],
    ['code without a place', '0x00007ffff48cc2a8 in raise () from /usr/lib/libc.so.6', ''],
  ])('but %s', (_, place, header) => {
    const stop = ['Thread 1 "q" received signal SIGABRT, Aborted.', place, '', header];
    const other = place.includes('from')
      ? '#0  abort () from /usr/lib/libc.so.6'
      : '#0  g () at f.c:1';
    expect(codesOf(...stop, other)).toEqual([]);
  });

  test('a pointer that lost a digit, in its own stack', () => {
    const lines = [
      '#0  vhost_dev_set_log (dev=0x5555573, enable_log=true) at vhost.c:5',
      '#1  0x00005555558c0cc6 in vhost_migration_log (dev=0x5555573f9c50) at vhost.c:9',
    ];
    expect(traceOf(...lines)).toMatchObject({ incomplete: true });
    expect(codesOf(...lines)).toEqual(['FRAME_UNREAD']);
  });

  const stackOf = (vq: string): string => `#0  vhost_virtqueue_stop (vq=${vq}) at vhost.c:5`;

  test.each(['0x555552b2210', '0x5555562bb2210'])('%s, in a capture with the whole of it', (vq) => {
    const lines = ['0x5555562b2210', '0x5555562b2210', vq].map(stackOf);
    const traces = readText(lines.join('\n\n')).records.filter(({ kind }) => kind === 'backtrace');
    expect(traces).toMatchObject([
      { incomplete: false },
      { incomplete: false },
      { incomplete: true },
    ]);
    expect(codesOf(lines.join('\n\n'))).toEqual(['FRAME_UNREAD']);
  });

  test.each(['0x5555562b2290', '0x10', '0x7fffb3f04bb0'])('%s is another one', (vq) => {
    const lines = ['0x5555562b2210', vq].map(stackOf);
    expect(codesOf(lines.join('\n\n'))).toEqual([]);
  });
});

describe('a stop that ends with the name of its function', () => {
  const stop = (call: string): string => `Thread 5 "CPU 0/KVM" hit Breakpoint 3, ${call}`;
  const kindsOf = (...lines: readonly string[]): readonly string[] =>
    readText(lines.join('\n')).records.map(({ kind }) => kind);

  test('is cut where others have lists', () => {
    const whole = stop(
      'vhost_dev_set_features (dev=0x5555573f9c50, enable_log=false) at vhost.c:684',
    );
    const text = [whole, '', stop('vhost_dev_'), '1514\t    int r;', '', whole].join('\n');
    const { records, problems } = readText(text);
    expect(records.map(({ kind }) => kind)).toEqual(['stop', 'gap', 'chatter', 'stop']);
    expect(problems).toMatchObject([{ code: 'STOP_UNREAD', span: { first: 3 } }]);
  });

  test('is one where all do', () => {
    const lines = [stop('vhost_log_global_start'), stop('vhost_dev_set_log')];
    expect(kindsOf(...lines)).toEqual(['stop', 'stop']);
  });
});
