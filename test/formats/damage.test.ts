/** Backtraces as pastes, forms and mail leave them: each damage by itself. */
import { describe, expect, test } from 'vitest';
import type { Backtrace } from '../../src/model/record.js';
import { pointerOf } from '../../src/model/values.js';
import { readText } from '../helpers/read-text.js';

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

test('a torn line number is unknown', () => {
  expect(traceOf('#0  f (a=1) at ../hw/virtio/vhost.c:3 69')?.frames).toMatchObject([
    { file: '../hw/virtio/vhost.c', line: undefined },
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
