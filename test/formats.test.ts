import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { frameText } from '../src/formats/gdb/frame-lines.js';
import { FrameTable } from '../src/formats/gdb/frames.js';
import { isHuman } from '../src/formats/notes/prose.js';
import { traceLine } from '../src/formats/qemu/qemu-trace.js';
import { parse as parseFrame } from '../src/grammar/gdb-frame.js';
import { parse as parseTrace } from '../src/grammar/qemu-trace.js';
import { argText, bigintOf, boolOf, pointerOf } from '../src/model/values.js';
import type { CaptureRecord, Frame, Reading } from '../src/model/record.js';
import {
  caseFile,
  expectEveryLineOnce,
  formatCases,
  linesOf,
  readLines,
  readText,
  shift,
} from './helpers/read-text.js';

const before = ['We looked at the source side first, and this is what it says.', ''];
const after = ['', 'The destination did not complain at all.'];

describe.each(formatCases())('%s', (name) => {
  const text = readFileSync(caseFile(name, 'input.txt'), 'utf8');
  const lines = linesOf(text);
  const reading = readText(text);

  it('gives these records', async () => {
    const golden = `${JSON.stringify(reading, null, 1)}\n`;
    await expect(golden).toMatchFileSnapshot(caseFile(name, 'records.json'));
  });

  it('claims every line once', () => {
    expectEveryLineOnce(reading);
    expect(reading.lines).toBe(lines.length);
  });

  it('reads the same with CRLF', () => {
    const bare = lines.map((line) => line.replace(/\r$/, ''));
    expect(readLines(bare.map((line) => `${line}\r`))).toEqual(readLines(bare));
    expect(readLines(bare)).toEqual(reading);
  });

  it('reads the same between paragraphs of prose', () => {
    // What the end of the input cut is no longer cut when something follows.
    const whole = reading.problems.every(({ code }) => code !== 'CUT_OFF');
    const buried = readLines([...before, ...lines, ...(whole ? after : [])]);
    // That a call never returned is told behind everything.
    const isTold = ({ kind }: CaptureRecord): boolean => kind !== 'open-call';
    const inside = buried.records.filter(isTold).slice(1, whole ? -1 : undefined);
    expect(inside).toEqual(shift(reading.records.filter(isTold), before.length));
    expect(buried.formats).toEqual(reading.formats);
    expectEveryLineOnce(buried);
  });

  it('gives the same frames when every line was seen before', () => {
    const twice = readLines([...lines, '', '(gdb) ', ...lines]);
    expectEveryLineOnce(twice);
    if (reading.problems.some(({ code }) => code === 'CUT_OFF')) return;
    const second = twice.records.filter(({ span }) => span.first > lines.length + 2);
    expect(framesOf(second)).toEqual(framesOf(reading.records));
  });
});

function framesOf(records: Reading['records']): readonly Frame[] {
  return records.flatMap((record) => (record.kind === 'backtrace' ? record.frames : []));
}

// What the grammar alone says of a line.
function frameOf(line: string): Frame | undefined {
  try {
    return parseFrame(line, { startRule: 'NumberedFrame' }).frame;
  } catch {
    return undefined;
  }
}

describe('fast paths agree with the grammars', () => {
  const lines = formatCases().flatMap((name) =>
    linesOf(readFileSync(caseFile(name, 'input.txt'), 'utf8')),
  );

  it('splits the level like the grammar', () => {
    const whole = lines.filter((line) => /^#\d.*\) at \S+:\d+$/.test(line));
    expect(whole.length).toBeGreaterThan(100);
    const table = new FrameTable();
    for (const line of whole) expect(table.read(frameText(line))).toEqual(frameOf(line));
  });

  it('gives one object for one text', () => {
    const table = new FrameTable();
    const text = '0x0000555555b8fda2 in vhost_log_get (size=28672) at ../hw/virtio/vhost.c:381';
    expect(table.read(text)).toEqual(parseFrame(text));
    expect(table.read(`${text} `.trimEnd())).toBe(table.read(text));
    expect(table.read('no frame')).toBeUndefined();
    expect(table.read('no frame')).toBeUndefined();
  });

  it('splits trace lines like the grammar', () => {
    const stamped = lines.filter((line) => /^\d+@[\d.]+:/.test(line));
    expect(stamped.length).toBeGreaterThan(30);
    for (const line of stamped) expect(traceLine(line)).toEqual(parseTrace(line));
  });
});

describe('a line that no format claims', () => {
  it.each([
    '每次有内存的修改vhost都会得到消息.',
    'Снова то же самое',
    '=================',
    '```',
    '## Cancel',
    '- the log is put at last',
    'second run',
    'After the cancel:',
    'We see that LOG_ALL is cleared here.',
    'Calling sequence is: vhost_dev_start()->vhost_set_log_base()',
    'Failed to reproduce it: the second run',
    'Reconnecting after an error',
    'Begin: the second run',
  ])('is human: %s', (line) => {
    expect(isHuman(line, false)).toBe(true);
  });

  it.each([
    'qemu-system-x86_64: failed to save SaveStateEntry with id(name): 2(ram): -5',
    '{"return": {}}',
    '[   77.027592] vhost_net: loading the module',
    'root@host:~# echo 1 > /sys/kernel/debug/tracing/tracing_on',
    '    struct vhost_dev *dev = container_of(listener, struct vhost_dev,',
    '^done,stack=[frame={level="0"}]',
    'ioctl(3, VHOST_SET_OWNER, 0) = 0',
    'Booting from Hard Disk...',
    '00:18:17.716  VHOST_CONFIG: (/tmp/s.sock) read message VHOST_USER_SET_FEATURES',
    '0x7fffffffdf28: 0x12 0x13',
    '-device vhost-user-blk-pci,chardev=c0',
    'Reconnecting after error: The maximum number of queues supported by the backend is 1',
    'unable to start vhost net: 22: falling back on userspace virtio',
    'vhost_backend_init failed: Operation not permitted',
    "Failed to connect to '/run/s.sock': Connection refused",
    'Probing EDD (edd=off to disable)... ok',
    'Begin: Mounting root file system ... Begin: Running /scripts/local-top ... done.',
    'random: crng init done',
    'mount: mounting none on /sys failed: Device or resource busy',
    'Please press Enter to activate this console.',
  ])('is the output of a program: %s', (line) => {
    expect(isHuman(line, false)).toBe(false);
  });

  it('is what a breakpoint printed when it stands indented below a stop', () => {
    expect(isHuman('  section mem gpa 0', true)).toBe(false);
    expect(isHuman('  section mem gpa 0', false)).toBe(true);
  });
});

describe('values', () => {
  const frame: Frame = parseFrame(
    "f (dev=dev@entry=0x00005555, n=7, n@entry=5, x@entry=3, v=..., o=<optimized out>, e=, b=1 '\\001')",
  );

  it.each([
    ['dev', '0x00005555'],
    ['n', '7'],
    ['x', '3'],
    ['v', undefined],
    ['o', undefined],
    ['e', undefined],
    ['missing', undefined],
    ['b', "1 '\\001'"],
  ])('of the argument %s', (name, value) => {
    expect(argText(frame, name)).toBe(value);
  });

  it.each([
    ['0x00005555573F9C50', '0x5555573f9c50'],
    ['0x555557328500 <ram_state>', '0x555557328500'],
    ['0x5555 "text"', '0x5555'],
    ['(struct vhost_dev *) 0x5555', '0x5555'],
    ['@0x7ffe: 1', '0x7ffe'],
    ['(nil)', '0x0'],
    ['0x0', '0x0'],
    ['28672', undefined],
    ['<optimized out>', undefined],
    ['0xzz', undefined],
  ])('pointer %s', (text, pointer) => {
    expect(pointerOf(text)).toBe(pointer);
  });

  it.each([
    ['18446744073709551615', 18446744073709551615n],
    ['-7', -7n],
    ['0x1c', 28n],
    ["15 '\\017'", 15n],
    ["39 '\\''", 39n],
    ["20013 L'中'", 20013n],
    ['0', 0n],
    ['040400000106', 0x104000046n],
    ['089', undefined],
    ['MO_8', undefined],
    ['1.5', undefined],
    ['', undefined],
  ])('number %s', (text, number) => {
    expect(bigintOf(text)).toBe(number);
  });

  it.each([
    ['true', true],
    ['false', false],
    ['1', true],
    ['0', false],
    ["1 '\\001'", true],
    ['2', undefined],
    ['...', undefined],
    ['<unavailable>', undefined],
  ])('truth %s', (text, truth) => {
    expect(boolOf(text)).toBe(truth);
  });
});

describe('hostile input', () => {
  const megabyte = 1_000_000;

  it('names a line that is too long, and goes on', () => {
    const reading = readLines(['#0  f () at x.c:1', 'x'.repeat(megabyte + 1), '#0  f () at x.c:1']);
    expectEveryLineOnce(reading);
    expect(reading.problems.map(({ code }) => code)).toEqual(['LINE_TOO_LONG']);
    expect(reading.records.map(({ kind }) => kind)).toEqual(['backtrace', 'gap', 'backtrace']);
  });

  it.each([
    ['brackets', `#0  f ${'('.repeat(megabyte - 16)}`],
    ['closed brackets', `#0  f (a=${'{'.repeat(15_000)}${'}'.repeat(15_000)}) at x.c:1`],
    ['lists', `#0  f${' (a='.repeat(8000)}`],
    ['quotes', `#0  f (a=${'"'.repeat(megabyte - 16)}`],
    ['escapes', '\u001b['.repeat(megabyte / 2)],
    ['margins', `${'> '.repeat(megabyte / 2 - 1)}x`],
    ['prompts', `${'(gdb) '.repeat(100_000)}#0  f () at x.c:1`],
    ['event', `1@2.3:memory_region_sync_dirty mr ${"' listener '".repeat(50_000)}`],
    ['words', 'the '.repeat(megabyte / 4)],
    ['assignments', `${'a=b=c '.repeat(200)}é!`],
    ['assignments without blanks', `${'a=aa='.repeat(200)} é!`],
    ['events behind words', 'the vhost_commit Started: 1 '.repeat(580)],
    ['an event of one long word', `Nov 26 12:00:02 vhost_section ${'is'.repeat(1950)} x here.`],
    ['blanks in a cell', `| vhost_commit${' '.repeat(16_000)}x |`],
    ['brackets of another tool', `#0  0x1 in f${'('.repeat(megabyte - 16)}`],
  ])('is read in time that does not explode: %s', (_, line) => {
    const reading = readLines(['#0  0x1 in f (a=', line, line, 'x']);
    expectEveryLineOnce(reading);
  });

  it.each([
    [
      'pager prompts',
      '#0  0x1 in f (--Type <RET> for more, q to quit, c to continue without paging--',
    ],
    ['a printf in front of frames', `x#0  f (${'a=1, '.repeat(20)}`],
    ['stops that never end', `Hardware assisted breakpoint 1, f (${'a=1, '.repeat(20)}`],
  ])('takes as long for each line, however many there are: %s', (_, line) => {
    const reading = readLines(Array<string>(20_000).fill(line));
    expectEveryLineOnce(reading);
  });

  it('does not let an open quote swallow the file', () => {
    const rest = Array.from({ length: 500 }, (_, i) => `remark ${i}`);
    const reading = readLines(['#0  0x1 in f (a="', ...rest, '', '#0  g () at x.c:1']);
    expectEveryLineOnce(reading);
    expect(reading.problems.map(({ code }) => code)).toEqual(['FRAME_UNREAD']);
    expect(framesOf(reading.records).map(({ func }) => func)).toEqual(['f', 'g']);
  });
});

it('a file of unreadable frames is a bounded number of problems and one gap', () => {
  const reading = readText('#0  0x1 in )(\n'.repeat(12_000));
  expectEveryLineOnce(reading);
  // The last frame is cut off, which is another problem.
  expect(reading.problems.length).toBe(10_001);
  expect(reading.problems.at(-1)?.span.last).toBe(12_000);
  expect(reading.records.filter((record) => record.kind === 'gap').length).toBe(1);
});
