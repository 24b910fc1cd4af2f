/**
 * The same run, however a terminal, a pager, an editor or mail showed it: the same records, or at least
 * the same facts.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, test } from 'vitest';
import { buildRun } from '../src/flows/run.js';
import { parse } from '../src/grammar/gdb-frame.js';
import type { CaptureRecord, Reading } from '../src/model/record.js';
import { expectEqual } from './helpers/expect-equal.js';
import { printFrame } from './helpers/printed-frames.js';
import type { Wrapping } from './helpers/printed-frames.js';
import { shareOf } from './helpers/share.js';
import { besideRepository, linesOf, readFile, readLines, readText } from './helpers/read-text.js';

const own = fileURLToPath(new URL('../fixtures/captures', import.meta.url));
const shared = besideRepository('shared/captures') ?? '';

/** gdb logs of timelines with frames, each on one line. */
const logs = [own, ...['qemu10-vhost-user', 'qemu9.1.0-vhost-user', 'qemu10-vhost-kernel']].flatMap(
  (name) => {
    const folder = name === own ? own : join(shared, name);
    if (!existsSync(folder)) return [];
    return readdirSync(folder)
      .filter((file) => file.endsWith('.gdb.txt') && !/width80|_w160|no-bt|pager/.test(file))
      .map((file) => join(folder, file));
  },
);

/** Each frame on lines of its own, wrapped as gdb would have. */
function rewrap(lines: readonly string[], how: Wrapping): readonly string[] {
  return lines.flatMap((line) => {
    if (!/^#\d+ .*\) (?:at \S+:\d+|from \S+)$/.test(line)) return [line];
    const { level, frame } = parse(line, { startRule: 'NumberedFrame' });
    return printFrame(level, frame, how);
  });
}

/** As gdb colours it on a terminal. Source: gdb/cli/cli-style.c. */
function paint(line: string): string {
  return line
    .replace(/^(#\d+\s+)(0x[0-9a-f]+)( in )(\w+)/, '$1\x1b[34m$2\x1b[m$3\x1b[33m$4\x1b[m')
    .replace(/ at (\S+):(\d+)$/, ' at \x1b[32m$1\x1b[m:$2')
    .replace(/\b(\w+)=/g, '\x1b[36m$1\x1b[m=');
}

const FRAME = /^#\d+ .*\) at \S+:\d+$/;

/** Lines of frames wrapped in mid-word. Not read: digits torn off their end, texts in quotes and brackets. */
function wrapAt(width: number, margin = ''): (lines: readonly string[]) => readonly string[] {
  return (lines) =>
    lines.flatMap((line) => {
      const pieces = line.match(new RegExp(`.{1,${width}}`, 'g')) ?? [line];
      const isRead = FRAME.test(line) && !/[<"']/.test(line) && !/^\d+$/.test(pieces.at(-1) ?? '');
      return isRead ? pieces.map((piece, i) => (i === 0 ? piece : `${margin}${piece}`)) : [line];
    });
}

/** Frames in the transfer encoding of mail. Source: RFC 2045, 6.7. */
function encode(line: string): readonly string[] {
  if (!FRAME.test(line)) return [line];
  const lines = [''];
  for (const character of line) {
    const code = character === '=' ? '=3D' : character;
    const last = lines.pop() ?? '';
    if (last.length + code.length > 75) lines.push(`${last}=`, code);
    else lines.push(`${last}${code}`);
  }
  return lines;
}

/** Frames that follow each other on lines of their own, two by two on one line. */
function joinFrames(lines: readonly string[]): readonly string[] {
  return lines
    .join('\n')
    .replace(/^(#\d*[02468] .*\) at \S+:\d+)\n(?=#[1-9])/gm, '$1 ')
    .split('\n');
}

const BOLD = /^(#\d+ +(?:0x[0-9a-f]+ in )?)(\w+) \(/;

const variants: readonly [string, (lines: readonly string[]) => readonly string[]][] = [
  ['CRLF', (lines) => lines.map((line) => `${line}\r`)],
  ['colours', (lines) => lines.map(paint)],
  ['a BOM', (lines) => lines.map((line, i) => (i === 0 ? `\ufeff${line}` : line))],
  ['width 40', (lines) => rewrap(lines, { width: 40, listAsWhole: false, strip: false })],
  ['width 80', (lines) => rewrap(lines, { width: 80, listAsWhole: false, strip: false })],
  [
    'width 80, blanks stripped',
    (lines) => rewrap(lines, { width: 80, listAsWhole: false, strip: true }),
  ],
  [
    'width 80 of gdb 10 to 12',
    (lines) => rewrap(lines, { width: 80, listAsWhole: true, strip: false }),
  ],
  ['a mail', (lines) => lines.map((line) => `> ${line}`.trimEnd())],
  ['a mail about a mail', (lines) => lines.map((line) => `> > ${line}`)],
  ['a clock', (lines) => lines.map((line) => `00:08:58.944  ${line}`)],
  ['the journal', (lines) => lines.map((line) => `Nov 22 03:00:00 host gdb[12]: ${line}`)],
  [
    'the journal as seconds',
    (lines) => lines.map((line) => `1796022986.837688 host gdb[12]: ${line}`),
  ],
  ['cat -n', (lines) => lines.map((line, i) => `${String(i + 1).padStart(6)}\t${line}`)],
  ['80 columns in mid-word', wrapAt(80)],
  ['100 columns in mid-word', wrapAt(100)],
  ['72 columns in mid-word', wrapAt(72)],
  ['a form of 79 columns', wrapAt(79, ' ')],
  ['quoted-printable', (lines) => lines.flatMap(encode)],
  ['two frames on a line', joinFrames],
  ['hard breaks', (lines) => lines.map((line) => line.replace(/^(#\d.*)$/, '$1\\'))],
  ['hard breaks in HTML', (lines) => lines.map((line) => line.replace(/$/, '<br/>'))],
  ['bold names', (lines) => lines.map((line) => line.replace(BOLD, '$1**$2** ('))],
  ['no-break spaces', (lines) => lines.map((line) => line.replace(/^(#\d+) +/, '$1\u00a0\u00a0'))],
];

/** What was read, without where it stood. */
function contents({ records }: Reading): readonly unknown[] {
  return records.map((record) => {
    if (record.kind === 'backtrace') {
      const { kind, frames, levels, thread, incomplete } = record;
      return { kind, frames, levels, thread, incomplete };
    }
    if (record.kind === 'chatter' || record.kind === 'prose') return record.kind;
    const { span: _span, ...rest }: CaptureRecord = record;
    return rest;
  });
}

const plain = new Map<string, readonly unknown[]>();

/** The contents of a log as it is, read once for all variants. */
function plainContents(path: string, lines: readonly string[]): readonly unknown[] {
  const known = plain.get(path) ?? contents(readLines(lines));
  plain.set(path, known);
  return known;
}

describe.each(variants.map((variant, i) => [...variant, i] as const))('%s', (_, change, turn) => {
  it.each(shareOf(logs, turn, 3).map((path) => [path.split('/').slice(-2).join('/'), path]))(
    'gives the same records of %s',
    (_file, path) => {
      const lines = linesOf(readFileSync(path, 'utf8'));
      const changed = change(lines);
      // With source lines between its frames none of them are neighbours.
      if (change !== joinFrames || !path.includes('frame-info'))
        expect(changed.join('\n')).not.toBe(lines.join('\n'));
      expectEqual(contents(readLines(changed)), plainContents(path, lines));
    },
  );
});

type Column = 'role' | 'kind' | 'func' | 'device' | 'vring' | 'enable' | 'incarnation' | 'backend';
const all: readonly Column[] = [
  ...(['role', 'kind', 'func', 'device', 'vring', 'enable', 'incarnation', 'backend'] as const),
];

/** The facts of a capture; devices by order of appearance, because each run has other addresses. */
function factsOf(reading: Reading, columns: readonly Column[] = all): readonly string[] {
  const run = buildRun(reading, { assumeOrdered: false });
  expect(run.ordered).toBe(true);
  const devices = new Map<string, number>();
  return run.facts.map((fact) => {
    const { device } = fact;
    if (device !== undefined && !devices.has(device)) devices.set(device, devices.size);
    const row = { ...fact, device: device === undefined ? undefined : devices.get(device) };
    return columns.map((column) => String(row[column])).join(' ');
  });
}

// Runs of one scenario under different settings of gdb: each is a process of its own.
describe.skipIf(shared === '')('twins (skipped without ../shared/captures)', () => {
  const twin = (name: string): Reading => readFile(join(shared, 'qemu10-vhost-user', name));

  test.each([
    '07c-width80-wrapped.gdb.txt',
    '07d1-frame-arguments-all-pretty.gdb.txt',
    '07d6-symbol-filename-frame-info.gdb.txt',
    '07e1-silent-bt-only.gdb.txt',
  ])('%s has the facts of the plain log', (name) => {
    expect(factsOf(twin(name))).toEqual(factsOf(twin('03-cancel.gdb.txt')));
  });

  test('without arguments the same functions are entered', () => {
    const columns = ['role', 'kind', 'func'] as const;
    const plain = factsOf(twin('03-cancel.gdb.txt'), columns);
    expect(factsOf(twin('07d2-frame-arguments-none.gdb.txt'), columns)).toEqual(plain);
  });

  test('a typescript of a session has the facts of its clean copy', () => {
    const raw = twin('12a-typed-session-80x24-pager.typescript');
    expect(factsOf(raw)).toEqual(factsOf(twin('12a-typed-session-80x24-pager.txt')));
  });
});

test('facts are there to be compared', () => {
  const reading = readText(readFileSync(join(own, 'vring-never-logged.gdb.txt'), 'utf8'));
  expect(factsOf(reading).length).toBeGreaterThan(50);
  expect(new Set(factsOf(reading)).size).toBeGreaterThan(10);
});
