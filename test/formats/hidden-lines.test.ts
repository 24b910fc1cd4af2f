/** What holds a record that nobody can read is a problem and a gap, and a person's words are none. */
import { expect, test } from 'vitest';
import { readText } from '../helpers/read-text.js';

const FRAME =
  '#1  0x0000555555b8fda2 in vhost_dev_start (hdev=0x5555) at ../hw/virtio/vhost.c:2120';

const nova =
  '2026-11-22 03:27:38.123 7 INFO nova.virt.libvirt.driver [req-1 - -] [instance: 0a1b2c3d-1111-2222-3333-444455556666] ';

test.each([
  ['a frame in a cell', `<tr><td>1</td><td>${FRAME}</td></tr>`],
  ['frames in one object', JSON.stringify({ values: [['17', FRAME]] })],
  ['a frame behind a tab', `1795320809\tvm1\t${FRAME}`],
  ['an event in an object', JSON.stringify({ text: ['vhost_commit Started: 1 Changed: 0'] })],
  [
    'an event with a stamp',
    `@40000000 info 27074@1795320809.223469:vhost_commit Started: 1 Changed: 0`,
  ],
  [
    'a row of ftrace',
    `${nova}     vhost-3496-3503    [001] .....   123.456789: log_write: (log_write+0x0/0x1 [vhost])`,
  ],
  ['a record of the machine interface', `${nova}~"x" 12^done,stack=[frame={level="0",func="f"}]`],
  [
    'a call of strace in an object',
    JSON.stringify({ text: 'ioctl(12, VHOST_SET_OWNER) = 0', n: 1 }),
  ],
  [
    'a message of VPP',
    '2026/11/22 03:27:38:128 debug vhost-user Virtual0/0: if 3 msg VHOST_USER_SET_LOG_BASE',
  ],
  ['a line of an encoded mail', Buffer.from(FRAME).toString('base64').slice(0, 76)],
  ["behind a stamp like the kernel's", `[  100.123456] qemu-vm1: '${FRAME}'`],
])('%s', (_, line) => {
  const { problems, records } = readText(`${line}\n`);
  expect(problems.map(({ code }) => code)).toEqual(['UNREAD_PROTOCOL']);
  expect(records.filter(({ kind }) => kind === 'gap')).toHaveLength(1);
});

test.each([
  ['ltrace -x', 'vhost_dev_start@qemu-system-x86_64(0x5555, 0x5556, 1, 0) = 0'],
  ['ltrace -S', '4711 SYS_ioctl(13, 0x4008af00, 0x7ffd1) = 0'],
  ['para-callgraph.stp', '    12 qemu-system-x86(4711):  -> vhost_dev_set_log(enable_log=0x1)'],
  [
    "LTTng's system calls",
    '[03:27:38.223457789] (+0.100000000) host syscall_entry_ioctl: { cpu_id = 1 }, { fd = 13, cmd = 1074310912, arg = 140731 }',
  ],
  [
    "LTTng's kprobes",
    '[03:27:38.223457789] (+0.100000000) host vhost_net_ioctl: { cpu_id = 1 }, { ip = 0xFFFFFFFFC0A1B2C4 }',
  ],
  ["bcc's trace", '4711    4720    live_migration  vhost_dev_set_log 94110 1'],
])('a row of %s', (_, line) => {
  const { problems, records } = readText(`${line}\n`);
  expect(problems.map(({ message }) => message)).toEqual([
    expect.stringMatching(/^a line names what vhost does as .* prints it, which is not read$/),
  ]);
  expect(records.filter(({ kind }) => kind === 'gap')).toHaveLength(1);
});

test.each([
  [
    'Attaching 2 probes...',
    ['vhost_dev_set_log enable=1', '@[vhost_net_ioctl]: 12', '12:01:02 4711 vhost_dev_stop'],
  ],
  [
    'Tracing 2 functions for "qemu:vhost_*"... Hit Ctrl-C to end.',
    ["  b'vhost_dev_set_log'", '  vhost_migration_log', '    vhost_dev_stop'],
  ],
])('what a script prints below %s', (head, rows) => {
  const { problems } = readText([head, ...rows, ''].join('\n'));
  expect(problems.map(({ message }) => message)).toEqual([
    expect.stringMatching(/^3 lines from here on name what vhost does as (?:bpftrace|bcc) prints/),
  ]);
  expect(readText(rows.join('\n')).problems, 'without the head').toEqual([]);
  const words = 'Here vhost_dev_stop() comes before the log base, which is wrong.';
  expect(readText(`${head}\n\n${words}\n`).problems, 'words').toEqual([]);
});

test.each([
  '[   77.027592] vhost_vdpa: vhost_vdpa_config_put: irq=5',
  '<4>[ 1077.027592] vhost_net vhost_set_features: features=0x100000000',
  '[Sun Nov 22 03:27:38 2026] vhost_net: vhost_set_features: features=0x100000000',
])('what the kernel says below the head of a script is not of the script: %s', (line) => {
  expect(readText(['Attaching 2 probes...', line, ''].join('\n')).problems).toEqual([]);
});

test.each([
  '[03:27:38.2] (+0.1) host syscall_entry_ioctl: { cpu_id = 1 }, { fd = 13, cmd = 44672, arg = 0 }',
  '4711 SYS_ioctl(13, 0x5401, 0x7ffd1) = 0',
  'vhost_dev_start@plt',
  'hdev->vhost_ops->vhost_set_log_base(dev, base);',
  'It hangs in vhost_dev_stop() and then calls vhost_virtqueue_stop (dev=0x5555).',
  'See vhost_dev_start(), "vhost_dev_set_log" and the event vhost_commit.',
  'The crash is in #3 vhost_dev_start (hdev=0x5555) of the source.',
  'It sends VHOST_USER_SET_LOG_BASE before VHOST_USER_SET_FEATURES.',
  'trace_event("vhost_commit Started: %d Changed: %d", started, changed);',
  'aGVsbG8gd29ybGQsIHRoaXMgaXMgYSB0ZXh0IHdpdGhvdXQgYW55IGZyYW1lIGluIGl0IQ==',
])('%s', (line) => {
  expect(readText(`${line}\n`).problems).toEqual([]);
});
