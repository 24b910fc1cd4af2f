/** Backtraces that somebody has shortened, with a mark or without: one backtrace each, and who called whom across the hole is not known. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { alarms } from './helpers/alarms.js';
import { judge } from './helpers/check.js';
import { readText } from './helpers/read-text.js';

const PUT = '#0  vhost_log_put (dev=0x5555573f9c50, sync=true) at ../hw/virtio/vhost.c:410';
const START =
  '#1  0x0000555555763200 in vhost_dev_start (hdev=0x5555573f9c50, vdev=0x5555573f9000, vrings=false) at ../hw/virtio/vhost.c:2043';
const OUTER = '#6  0x0000555555763300 in main () at ../system/main.c:47';
const MARKS = ['...', '[...]', '<snip>', '--', '(snipped)', ':', '[ 12 lines omitted ]', '#2  ...'];

function backtraces(...lines: readonly string[]): unknown[] {
  return readText(lines.join('\n')).records.filter(({ kind }) => kind === 'backtrace');
}

describe('a mark between two frames', () => {
  test.each(MARKS)('%s', (mark) => {
    expect(backtraces(PUT, START, mark, OUTER)).toMatchObject([
      { levels: [0, 1, 6], parted: [2], incomplete: true, span: { first: 1, last: 4 } },
    ]);
  });

  test.each([
    ['in front of the next one', PUT, PUT],
    ['at a level that does not rise', OUTER, START],
  ])('%s stays a gap between two', (_, above, below) => {
    const { records } = readText([above, '...', below].join('\n'));
    expect(records.map(({ kind }) => kind)).toEqual(['backtrace', 'gap', 'backtrace']);
  });

  test('at a prompt stays a gap', () => {
    const { records } = readText([PUT, '(gdb) ...', START].join('\n'));
    expect(records.map(({ kind }) => kind)).toEqual(['backtrace', 'gap', 'backtrace']);
  });
});

describe('across a hole', () => {
  test.each(['', ...MARKS])('nobody calls anybody: %j', (mark) => {
    expect(alarms([PUT, START].join('\n')).join()).toContain('ST-PUTSYNC');
    const lines = [PUT, mark, START.replace('#1', '#3')].filter((line) => line !== '');
    expect(alarms(lines.join('\n'))).toEqual([]);
  });

  test('it is told that frames are missing', () => {
    const { problems } = readText([PUT, START.replace('#1', '#3')].join('\n'));
    expect(problems.map(({ message }) => message)).toEqual([
      expect.stringContaining('no frame stands between #0 and #3'),
    ]);
  });
});

/** One resize, in which the old log is read for many sections. */
const RESIZE = Array.from({ length: 7 }, (_, i) => [
  `Thread 1 "qemu" hit Breakpoint 1, vhost_dev_sync_region (dev=0x555556aa9a40, section=0x7ffe0, mfirst=${i}, mlast=99) at ../hw/virtio/vhost.c:92`,
  `#0  vhost_dev_sync_region (dev=0x555556aa9a40, section=0x7ffe0, mfirst=${i}, mlast=99) at ../hw/virtio/vhost.c:92`,
  '#1  0x0000555555762f00 in vhost_sync_dirty_bitmap (dev=0x555556aa9a40, section=0x7ffe0, first=0, last=18446744073709551615) at ../hw/virtio/vhost.c:140',
  '#2  0x0000555555763100 in vhost_log_put (dev=0x555556aa9a40, sync=true) at ../hw/virtio/vhost.c:410',
  '#3  0x0000555555763200 in vhost_dev_log_resize (dev=0x555556aa9a40, size=17066) at ../hw/virtio/vhost.c:430',
  '#4  0x0000555555763300 in vhost_commit (listener=0x555556aa9a48) at ../hw/virtio/vhost.c:637',
  '',
]).flat();

describe('a call that is shown in several', () => {
  test.each([
    ['whole', RESIZE],
    ['with a mark', RESIZE.map((line) => line.replace(/^#1 .*/, '...'))],
    ['without one', RESIZE.filter((line) => !line.startsWith('#1 '))],
    ['the inner ones left out', RESIZE.filter((line) => !/^#[12] /.test(line))],
    ['without what names the thread', RESIZE.filter((line) => !/^(?:Thread|#1) /.test(line))],
  ])('is one: %s', (_, lines) => {
    const [judged] = judge(lines.join('\n')).filter(({ rule }) => rule === 'RZ-LEAK');
    expect(judged?.message).toContain('1 logs are replaced');
  });

  test.each([
    ['are shortened', (i: number) => i > 30],
    ['are shortened, and these by turns', (i: number) => i % 14 < 7],
  ])('may be one where some %s', (_, isShort) => {
    const lines = RESIZE.filter((line, i) => !line.startsWith(isShort(i) ? '#1 ' : '#3 '));
    expect(alarms(lines.join('\n')).filter((alarm) => alarm.startsWith('RZ-'))).toEqual([]);
  });
});

test('a log base that is set below frames that are left out is no missing one', () => {
  const folder = join(
    import.meta.dirname,
    '..',
    'fixtures/rules/LS-UNIFORM/pass-limited-backtraces',
  );
  const lines = readFileSync(join(folder, 'input.txt'), 'utf8').split('\n');
  const isBase = (i: number): boolean =>
    lines[i]?.startsWith('#0  vhost_user_set_log_base') === true;
  expect(alarms(lines.filter((_, i) => !isBase(i - 1)).join('\n'))).toEqual([]);
});
