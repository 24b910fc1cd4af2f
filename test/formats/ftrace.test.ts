import { describe, expect, it } from 'vitest';
import { buildSteps } from '../../src/facts/steps.js';
import type { WireFact } from '../../src/facts/step.js';
import { createReader } from '../../src/formats/reader.js';
import type { CaptureRecord, KernelEvent } from '../../src/model/record.js';
import { readLines } from '../helpers/read-text.js';

function eventsOf(lines: readonly string[]): readonly KernelEvent[] {
  return readLines(lines).records.filter((record) => record.kind === 'kernel-event');
}

function wiresOf(lines: readonly string[]): readonly (WireFact | undefined)[] {
  return buildSteps(readLines(lines).records).steps.map(({ wire }) => wire);
}

const QEMU = ' qemu-system-x86-3599    [001] .....  1859.891787: ';
const WORKER = '      vhost-3496-3503    [000] .....  1849.771320: ';

describe('function_graph', () => {
  it('names the call that a closing brace ends, in each task of its own', () => {
    const events = eventsOf([
      '# tracer: function_graph',
      ' 0)               |  vhost_net_ioctl [vhost_net]() {',
      ' 1)               |  vhost_worker [vhost]() {',
      ' ------------------------------------------',
      ' 0)  qemu-sy-4924  =>  vhost-4-4828 ',
      ' ------------------------------------------',
      '',
      ' 0)               |  log_used [vhost]() {',
      ' 0)   2.5 us      |  }',
      ' 1)   2.5 us      |  }',
      ' ------------------------------------------',
      ' 0)  vhost-4-4828  =>  qemu-sy-4924 ',
      ' ------------------------------------------',
      '',
      ' 0) ! 312.236 us  |  }',
    ]);
    const ends = events.filter(({ what }) => what === 'return');
    expect(ends.map(({ func, pid }) => [func, pid])).toEqual([
      ['log_used', 4828],
      ['vhost_worker', undefined],
      ['vhost_net_ioctl', 4924],
    ]);
  });

  it('forgets what is open where events are lost', () => {
    const lines = [
      ' 0)               |  vhost_net_ioctl [vhost_net]() {',
      'CPU:0 [LOST 12 EVENTS]',
      ' 0)   2.5 us      |  }',
    ];
    expect(eventsOf(lines).map(({ what }) => what)).toEqual(['call']);
  });

  it.each([
    ['a clock', '2026-11-22T03:27:38.123Z '],
    ['the stamp of the journal', 'Nov 22 03:27:38 host vm[12]: '],
    ['a pod, its container and a clock', 'virt-vm1-x7k2p compute 2026-11-22T03:27:38.123Z '],
  ])('is read behind %s', (_, margin) => {
    const rows = [' 0)               |  vhost_net_ioctl [vhost_net]() {', ' 0) ! 312.236 us  |  }'];
    const events = eventsOf(rows.map((row) => `${margin}${row}`));
    expect(events.map(({ what, func }) => [what, func])).toEqual([
      ['call', 'vhost_net_ioctl'],
      ['return', 'vhost_net_ioctl'],
    ]);
  });

  it('keeps no more open calls than a task can have', () => {
    const open = Array<string>(2000).fill(' 0)               |  f() {');
    const close = Array<string>(2000).fill(' 0)   2.5 us      |  }');
    expect(eventsOf([...open, ...close])).toHaveLength(2000 + 512);
  });
});

describe('a line that is no row', () => {
  it.each([
    '1) foo();',
    '2) | a | b',
    'version = 7',
    ' => vhost_net_ioctl',
    ' ------------------------------------------',
    '# A heading',
    '#',
    'qemu-kvm-4242 was slow at 123.456: why?',
    '- [x] 123.456: done',
  ])('is left to others: %s', (line) => {
    expect(readLines([line]).formats).not.toContain('ftrace');
  });
});

describe('requests to vhost', () => {
  it.each([
    ['0x4008af00', 'op_set_features', 'VHOST_SET_FEATURES'],
    ['0x8008af00', 'vhost_ioctl', 'VHOST_GET_FEATURES'],
    ['1074310916', 'op_set_log_base', 'VHOST_SET_LOG_BASE'],
    ['0x4028af11', 'op_set_vring_addr', 'VHOST_SET_VRING_ADDR'],
    ['0x4008af12', 'vhost_ioctl', 'VHOST_SET_VRING_BASE'],
    ['0xc008af12', 'op_get_vring_base', 'VHOST_GET_VRING_BASE'],
    ['0xaf01', 'vhost_ioctl', 'VHOST_SET_OWNER'],
    ['0x4008afff', 'vhost_ioctl', '0x4008afff'],
  ])('%s is %s', (cmd, kind, value) => {
    const lines = [`${QEMU}p: (vhost_net_ioctl+0x4/0x9c0 [vhost_net]) cmd=${cmd} arg=0x0`];
    expect(wiresOf(lines)).toMatchObject([
      { kind, value, func: 'vhost_net_ioctl', backend: 'kernel' },
    ]);
  });

  it('carry what their kretprobe says, of the same thread only', () => {
    const other = QEMU.replace('3599', '3600');
    const wires = wiresOf([
      `${QEMU}p: (vhost_net_ioctl+0x4/0x9c0 [vhost_net]) cmd=0x4008af04 arg=0x1`,
      `${other}p: (vhost_net_ioctl+0x4/0x9c0 [vhost_net]) cmd=0x4008af00 arg=0x1`,
      `${other}r: (__x64_sys_ioctl+0x94/0xc0 <- vhost_net_ioctl) ret=0`,
      `${QEMU}r: (__x64_sys_ioctl+0x94/0xc0 <- vhost_net_ioctl) ret=-14`,
      `${QEMU}r: (__x64_sys_ioctl+0x94/0xc0 <- vhost_net_ioctl) ret=0`,
    ]);
    expect(wires.map((wire) => [wire?.value, wire?.result, wire?.endpoint])).toEqual([
      ['VHOST_SET_LOG_BASE', '-14', 'pid 3599'],
      ['VHOST_SET_FEATURES', '0', 'pid 3600'],
    ]);
  });

  it('have no result where events were lost in between', () => {
    const wires = wiresOf([
      `${QEMU}p: (vhost_net_ioctl+0x4/0x9c0 [vhost_net]) cmd=0x4008af04 arg=0x1`,
      'CPU:1 [LOST 100 EVENTS]',
      `${QEMU}r: (__x64_sys_ioctl+0x94/0xc0 <- vhost_net_ioctl) ret=-14`,
    ]);
    expect(wires.map((wire) => wire?.result)).toEqual([undefined]);
  });

  it('are told by their number where the function is not known', () => {
    expect(
      wiresOf([
        `${QEMU}sys_ioctl(fd: c, cmd: 4008af00, arg: 7ffe)`,
        `${QEMU}sys_ioctl -> 0x0`,
        `${QEMU}sys_ioctl(fd: d, cmd: 400454ca, arg: 7ffe)`,
        ' qemu-kvm-4242  [003]   123.456791: vn: (ffffffffc0a1b2c4) cmd=0x4008af04',
      ]),
    ).toMatchObject([
      { kind: 'op_set_features', func: 'sys_ioctl', endpoint: 'pid 3599 fd 12', result: '0x0' },
      { kind: 'op_set_log_base', func: 'vn', endpoint: 'pid 4242' },
    ]);
  });

  it('belong to the process where the trace names it', () => {
    const line =
      'CPU 0/KVM-4250    (   4242) [003] d..1.  1203.0: vhost_net_ioctl <-__x64_sys_ioctl';
    expect(wiresOf([line])).toMatchObject([{ kind: 'vhost_ioctl', endpoint: 'pid 4242' }]);
  });
});

describe('writes to the dirty log', () => {
  it('tell the base, the result and whom the worker serves', () => {
    const wires = wiresOf([
      `${WORKER}w: (log_write+0x0/0x140 [vhost]) base=0x0 addr=0xff5f863 len=12`,
      `${WORKER}r: (vhost_log_write+0xcb/0xe0 [vhost] <- log_write) ret=-14`,
      `${WORKER}log_used.isra.0 <-vhost_update_used_flags`,
      `${WORKER}vhost_update_used_flags <-vhost_disable_notify`,
    ]);
    expect(wires).toMatchObject([
      {
        kind: 'vhost_log_write',
        func: 'log_write',
        value: '0x0',
        result: '-14',
        endpoint: 'pid 3496',
      },
      { kind: 'vhost_log_write', func: 'log_used', result: undefined },
    ]);
    expect(wires).toHaveLength(2);
  });

  it('are no events inside a function', () => {
    expect(wiresOf([`${WORKER}w: (log_write+0x80/0x140 [vhost]) base=0x0`])).toEqual([]);
  });
});

describe('rows that a screen cut', () => {
  // Of "ret=-14" and "len=12" a digit is left, and of the third row not even a name.
  const rows = [
    `${WORKER}w: (log_write+0x0/0x140 [vhost]) base=0x0 addr=0xff5f8 len=1`,
    `${WORKER}rtn: (vhost_log_write+0xcb/0xe0 [vhost] <- log_write) ret=-1`,
    `${WORKER}rtn: (__vhost_add_used_n+0x1de/0x230 [vhost] <- log_write) r`,
  ];

  function returned(records: readonly CaptureRecord[]): readonly unknown[] {
    const events = records.filter((record) => record.kind === 'kernel-event');
    return events.map(({ args }) => args?.ret ?? args?.len);
  }

  it('have no last value, also above the row that shows it', () => {
    expect(rows.map(({ length }) => length)).toEqual([111, 111, 111]);
    const { records, problems } = readLines(rows);
    expect(returned(records)).toEqual([undefined, undefined, undefined]);
    const message = 'lines are cut in column 111: no value that ends there is read';
    const span = { first: 1, last: 1 };
    expect(problems).toEqual([{ code: 'EVENT_UNREAD', message, span }]);
  });

  it('have none where blank lines stand between them, nor where records are taken in between', () => {
    const reader = createReader();
    const taken = rows.flatMap((row) => {
      reader.push(row);
      reader.push('');
      return reader.take();
    });
    const records = [...taken, ...reader.finish().records];
    expect(returned(records)).toEqual([undefined, undefined, undefined]);
  });

  it('have none where another screen wrapped what was cut', () => {
    const wrapped = rows.flatMap((row) => [row.slice(0, 80), row.slice(80)]);
    expect(returned(readLines(wrapped).records)).toEqual([undefined, undefined, undefined]);
  });

  it('have all where a longer row shows that nothing is cut', () => {
    const [first = '', second = ''] = rows;
    const longer = `${first}2`;
    expect(returned(readLines([first, second, longer]).records)).toEqual(['1', '-1', '12']);
  });
});
