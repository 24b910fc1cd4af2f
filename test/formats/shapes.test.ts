/** The fast paths in front of gdb's grammars give what the grammars give. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fillFrame, shapeOf, templateOf } from '../../src/formats/gdb/frame-shapes.js';
import type { FrameTemplate } from '../../src/formats/gdb/frame-shapes.js';
import { frameText } from '../../src/formats/gdb/frame-lines.js';
import { FrameTable } from '../../src/formats/gdb/frames.js';
import { readThreadNotice } from '../../src/formats/gdb/lines.js';
import { accept } from '../../src/grammar/gdb-line.js';
import type { Frame } from '../../src/model/record.js';
import { expectEqual } from '../helpers/expect-equal.js';
import { frame, printFrame } from '../helpers/printed-frames.js';
import type { Wrapping } from '../helpers/printed-frames.js';
import { besideRepository, linesOf, readLines } from '../helpers/read-text.js';
import { shareOf } from '../helpers/share.js';

const fixtures = fileURLToPath(new URL('../../fixtures', import.meta.url));
const folders = [
  join(fixtures, 'captures'),
  join(fixtures, 'formats'),
  besideRepository('shared/captures'),
  besideRepository('shared/corpus'),
];
const files = folders.flatMap((folder) =>
  folder === undefined
    ? []
    : readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((name) => /\.(?:txt|log|md)$/.test(name))
        .map((name) => join(folder, name)),
);

/** The same text with other digits, and another number of them, behind every 0x. */
function renumbered(text: string, by: number): string {
  return text.replace(/0x[0-9a-f]+/g, (number) => {
    const digits = Array.from(number.slice(2), (digit) =>
      ((Number.parseInt(digit, 16) * 7 + by) % 16).toString(16),
    );
    return `0x${digits.join('')}${by % 2 === 0 ? '' : 'c'}`;
  });
}

/** The same with other numbers of threads. */
function ofOtherThreads(text: string): string {
  return text.replace(/^Thread (\d+) "/, (_, num: string) => `Thread ${Number(num) + 70} "`);
}

const oneLine: Wrapping = { width: 1_000_000, listAsWhole: false, strip: false };

/** By the grammar: a table that never saw the shape has nothing else. */
function byGrammar(text: string): Frame | undefined {
  return new FrameTable().read(text);
}

function templateFor(text: string): FrameTemplate | undefined {
  const read = byGrammar(text);
  return read && templateOf(text, read, byGrammar);
}

describe('a frame of a known shape', () => {
  it('is what the grammar reads, for every frame at hand', () => {
    const texts = new Map<string, string>();
    for (const path of files) {
      for (const line of linesOf(readFileSync(path, 'utf8'))) {
        const text = frameText(line);
        if (text !== '') texts.set(shapeOf(text).shape, text);
      }
    }
    const table = new FrameTable();
    let shaped = 0;
    for (const text of texts.values()) {
      for (const variant of [text, renumbered(text, 3), renumbered(text, 4)]) {
        expectEqual(table.read(variant), byGrammar(variant), variant);
      }
      if (templateFor(text) !== undefined) shaped++;
    }
    // Nearly all have a template: else this would compare the grammar with itself.
    expect(shaped).toBeGreaterThan(0.7 * texts.size);
  });

  it('is what the grammar reads, for any frame', () => {
    fc.assert(
      fc.property(frame, fc.nat(1000), (printed, by) => {
        const text = printFrame(0, printed, oneLine)[0]?.slice(4) ?? '';
        const template = templateFor(text);
        fc.pre(template !== undefined);
        const variant = renumbered(text, by);
        expect(shapeOf(variant).shape).toBe(shapeOf(text).shape);
        expect(fillFrame(template, shapeOf(variant).numbers)).toEqual(byGrammar(variant));
      }),
      { numRuns: 2000 },
    );
  });

  it('has no template where a number is part of a name', () => {
    expect(templateFor('f0x12 (a=1) at x.c:1')).toBeUndefined();
    expect(templateFor('f (a=1) from /lib/0x12.so')).toBeUndefined();
    expect(templateFor('0x12 in f')).toBeUndefined();
    expect(templateFor('0x12 in f (a=0x5) at x.c:1')).toBeDefined();
  });
});

const notices = [
  '[New Thread 0x7ffff7afc6c0 (LWP 7310)]',
  '[Switching to Thread 0x7ffff60b46c0 (LWP 7313)]',
  '[Thread 0x7ffff60b46c0 (LWP 7313) exited]',
];

describe('the notice of a thread', () => {
  const odd = ['New Thread 0x7 (LWP 1) exited', 'Thread 0x7 (LWP 1)', 'New Thread 0X7F (LWP 1)'];
  it.each([
    ...notices,
    ...odd.map((text) => `[${text}]`),
    `${notices[2]}(running)`,
    ` ${notices[0]}`,
  ])('%s is read by its pattern as the grammar reads it, or not at all', (text) => {
    const read = readThreadNotice(text);
    expect(read !== undefined).toBe(notices.includes(text));
    if (read !== undefined) expect(JSON.stringify(read)).toBe(JSON.stringify(accept(text)));
  });
});

/** A control character, which every line loses, but not before the fast paths have passed it by. */
function unknown(line: string): string {
  return line === '' ? line : `${line}\u0001`;
}

it.each([
  ['Thread 3 (Thread 0x7ffff75cf6c0 (LWP 12106) "CPU 1/KVM"):', ['thread']],
  ['Thread 10 (Thread 0x7ffff75cf6c0 (LWP 12106)):', ['thread']],
  ['Thread 4 (LWP 2476):', ['thread']],
  ['Thread 1 (process 27577):', ['thread']],
  ['Thread 1:', ['prose']],
])('whether %s is the header of a thread', (line, kinds) => {
  expect(readLines([line]).records.map(({ kind }) => kind)).toEqual(kinds);
});

describe('a capture with known lines', () => {
  it.each(shareOf(files, 0, 3).map((path) => [path.slice(path.lastIndexOf('/') + 1), path]))(
    '%s is read as it is without the fast paths',
    (_, path) => {
      const once = linesOf(readFileSync(path, 'utf8')).slice(0, 800);
      const again = once.map((line) => renumbered(line, 2));
      const lines = [once, again, again.map(ofOtherThreads)].flat();
      expectEqual(readLines(lines), readLines(lines.map(unknown)));
    },
  );

  it('is read as it is without the fast paths, whatever stands below a stop', () => {
    const words = fc.constantFrom(
      ...[
        '#0  f (a=1) at x.c:1',
        '#1',
        '# define X',
        '0x12 in f at x.c:3',
        '* ',
        '\t',
        '    ',
        '[',
      ],
      ...[
        '--Type <RET>',
        'for more, q to quit, c to continue without paging--',
        '&lt;',
        '\b\b\b\b',
      ],
      ...['if (dev->log) {', '}', '977', 'breakpoint     keep y', '@1.2:vhost_commit', ']'],
      ...notices,
    );
    const below = fc.record({
      number: fc.constantFrom('977', '977\t', '978\t', '977 ', '0977\t', '*977\t', '977\t\t', ''),
      words: fc.array(words, { maxLength: 4 }),
    });
    const stop =
      'Thread 5 "CPU 0/TCG" hit Breakpoint 3, vhost_commit (l=0x5) at ../hw/virtio/vhost.c:977';
    fc.assert(
      fc.property(fc.array(below, { minLength: 1, maxLength: 4 }), (texts) => {
        const echoes = texts.map((text) => text.number + text.words.join(''));
        const lines = [
          stop,
          stop,
          '',
          ...echoes.flatMap((echo) => [stop, echo, '', stop, '', echo]),
        ];
        expectEqual(readLines(lines), readLines(lines.map(unknown)));
      }),
      { numRuns: 1000 },
    );
  });
});
