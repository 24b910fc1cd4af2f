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
  'It hangs in vhost_dev_stop() and then calls vhost_virtqueue_stop (dev=0x5555).',
  'See vhost_dev_start(), "vhost_dev_set_log" and the event vhost_commit.',
  'The crash is in #3 vhost_dev_start (hdev=0x5555) of the source.',
  'It sends VHOST_USER_SET_LOG_BASE before VHOST_USER_SET_FEATURES.',
  'trace_event("vhost_commit Started: %d Changed: %d", started, changed);',
  'aGVsbG8gd29ybGQsIHRoaXMgaXMgYSB0ZXh0IHdpdGhvdXQgYW55IGZyYW1lIGluIGl0IQ==',
])('%s', (line) => {
  expect(readText(`${line}\n`).problems).toEqual([]);
});
