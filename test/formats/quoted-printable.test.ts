/** Mail in quoted-printable: when it is decoded, and what becomes of its lines. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { QuotedPrintable } from '../../src/formats/wrappings/quoted-printable.js';
import { check } from '../helpers/check.js';
import { readText } from '../helpers/read-text.js';

const HEADER = 'Content-Transfer-Encoding: quoted-printable';

function decode(...lines: string[]): (string | undefined)[] {
  const mail = new QuotedPrintable();
  return lines.map((line) => mail.decode(line)?.text);
}

const MAIL = [
  '#0  vhost_log_get (backend_type=3DVHOST_BACKEND_TYPE_USER, size=3Dsize@entr=',
  'y=3D256, share=3Dtrue) at ../hw/virtio/vhost.c:369',
  '#1  0x000055555584b04d in vhost_dev_log_resize (size=3D256, dev=3D0x555555f=',
  'a5ee0) at ../hw/virtio/vhost.c:437',
];

describe('decode', () => {
  test('below the header of a mail', () => {
    expect(decode(HEADER, '', 'a =3D b', 'caf=C3=A9', '(gdb)=20')).toEqual([
      ...[undefined, undefined, 'a = b', 'café', '(gdb) '],
    ]);
  });

  test('from an encoded argument on', () => {
    expect(decode('x =3D 1', MAIL[0] ?? '', MAIL[1] ?? '', 'x =3D 1')).toEqual([
      undefined,
      '#0  vhost_log_get (backend_type=VHOST_BACKEND_TYPE_USER, size=size@entr',
      'y=256, share=true) at ../hw/virtio/vhost.c:369',
      'x = 1',
    ]);
  });

  test('no line that was decoded before', () => {
    const plain = '#2  f (size=16300, dev=0x5555) at a.c:3';
    expect(decode(HEADER, plain, '#2  f (idx=25) at a.c:3', '====')).toEqual([
      ...[undefined, undefined, undefined, undefined],
    ]);
  });

  test('no line below the header of another part', () => {
    expect(decode(HEADER, 'Content-Transfer-Encoding: 8bit', 'a =3D b')).toEqual([
      ...[undefined, undefined, undefined],
    ]);
  });
});

describe('a blank at the end of a line', () => {
  test('is one behind a word, too', () => {
    expect(decode(HEADER, '', '4711@1.5:savevm_state_setup=20', 'size=3D1=20')).toEqual([
      ...[undefined, undefined, '4711@1.5:savevm_state_setup ', 'size=1 '],
    ]);
  });

  test('is none below a line that was decoded before', () => {
    expect(decode(HEADER, 'x=3D1', '#2  f (dev=0x5555) at a.c:3', 'len=20')).toEqual([
      ...[undefined, 'x=1', undefined, undefined],
    ]);
  });

  test('is none in the next mail of an mbox', () => {
    const separator = 'From somebody@example.org Sun Nov 22 03:27:38 2026';
    expect(decode(HEADER, 'x=3D1', separator, 'len=20')).toEqual([
      ...[undefined, 'x=1', undefined, undefined],
    ]);
  });

  test('hides no event that has no arguments', () => {
    const text = `${HEADER}\n\n4711@1795320809.223469:savevm_state_setup=20\n`;
    expect(readText(text).records).toMatchObject([
      { kind: 'prose' },
      { kind: 'event', name: 'savevm_state_setup' },
    ]);
  });
});

test('frames keep the lines of the file', () => {
  const [trace] = readText(MAIL.join('\n')).records;
  expect(trace).toMatchObject({
    kind: 'backtrace',
    span: { first: 1, last: 4 },
    lines: [1, 3],
    wrapped: [0, 1],
    frames: [
      {
        args: [
          { value: 'VHOST_BACKEND_TYPE_USER' },
          { value: '256', entry: '256' },
          { value: 'true' },
        ],
      },
      { args: [{ value: '256' }, { value: '0x555555fa5ee0' }] },
    ],
    incomplete: false,
  });
});

test('every line is told of where another line goes on', () => {
  const text = `${HEADER}\n27074@1795320809.223469:vhost_set_log_base dev:=\n 0x5555\n`;
  const { lines, blank, records } = readText(text);
  const told = records.reduce((sum, { span }) => sum + span.last - span.first + 1, 0);
  expect(told + blank).toBe(lines);
});

test('what does not fit is refused', () => {
  const text =
    '#1  0x5555 in vhost_dev_log_resize (size=3D256, dev=0x5555) at ../hw/virtio/vhost.c:437';
  const { problems, records } = readText(text);
  expect(problems.map(({ code }) => code)).toEqual(['FRAME_UNREAD']);
  expect(records).toMatchObject([{ incomplete: true, frames: [{ args: undefined, line: 437 }] }]);
});

test('no size is compared in its code', () => {
  expect(check('mail', MAIL.join('\n')).findings.filter((f) => f.verdict === 'violation')).toEqual(
    [],
  );
});

describe('a mail whose header is missing', () => {
  /** As mail encodes it: no more than 76 columns. */
  const encoded = (line: string, end = ''): string =>
    `${line.replaceAll('=', '=3D')}${end}`.replaceAll(/(?:=[\dA-F]{2}|[^=\n]){73}(?!$)/g, '$&=\n');

  const STOP =
    'Thread 5 "CPU 0/TCG" hit Breakpoint 3, vhost_dev_set_features (dev=0x555556e8dec8, enable_log=true) at ../hw/virtio/vhost.c:977';
  const ROW =
    '3       breakpoint     keep y   0x00005555558a1c30 in vhost_dev_set_features at ../hw/virtio/vhost.c:977';
  const EVENT =
    '27074@1795320809.223469:vhost_region_add_section_aligned mem: 0x100000+0x3f00000 @ 0x7fa5780ff000';
  const CALL = '4711  ioctl(12, VHOST_SET_LOG_BASE, 0x7ffd52a3c0e8) = -1 EINVAL (Invalid argument)';
  const EXITS = ['stop', 'breakpoint-set', 'event', 'syscall'];

  test.each([
    ['a stop that is broken', STOP],
    ['a row that is broken', ROW],
    ['an event that is broken', EVENT],
    ['a system call', CALL],
  ])('%s shows it', (_, line) => {
    const kinds = (text: string): readonly string[] =>
      readText(text).records.flatMap(({ kind }) => (EXITS.includes(kind) ? [kind] : []));
    expect(kinds(line)).toHaveLength(1);
    expect(kinds(encoded(line))).toEqual(kinds(line));
    expect(kinds(encoded(line, '=0D'))).toEqual(kinds(line));
  });

  test('one whose line breaks are encoded is told', () => {
    const whole = `${STOP}\n977\t{\n${STOP}\n`.replaceAll('=', '=3D').replaceAll('\n', '=0D=0A');
    const text = whole.replaceAll(/(?:=[\dA-F]{2}|[^=\n]){60}/g, '$&=\n');
    const { problems, records } = readText(text);
    expect(problems.map(({ code }) => code)).toContain('UNREAD_PROTOCOL');
    expect(records.some(({ kind }) => kind === 'gap')).toBe(true);
  });
});

test('a line that cannot matter is none of a mail, and makes none known', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      '=',
      '=3D',
      '=0D',
      '=0A',
      '=20',
      '\r',
      'Content-Transfer-Encoding: ',
      'a=1',
      '#0 f (a=3D',
    ),
    fc.string({ maxLength: 40 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
      const [line, mail] = [pieces.join(''), new QuotedPrintable()];
      fc.pre(!mail.mayMatter(line));
      expect([mail.hidesBreaks(line), mail.mayGoOn(line), mail.decode(line)]).toEqual([
        ...[false, false, undefined],
      ]);
      expect(mail.mayMatter(line)).toBe(false);
    }),
    { numRuns: 2000 },
  );
});
