import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  readBranch,
  readChains,
  readCodeStart,
  readReference,
  readRoot,
  readRule,
  readTitle,
} from '../../src/formats/notes/note-lines.js';
import { isEither } from '../../src/formats/notes/prose.js';
import { findNoteSign } from '../../src/flows/order/order.js';
import type { CaptureRecord, PathCall, Reading } from '../../src/model/record.js';
import {
  besideRepository,
  caseFile,
  expectEveryLineOnce,
  linesOf,
  readFile,
  readLines,
} from '../helpers/read-text.js';

const captures = join(import.meta.dirname, '../../fixtures/captures');
const seeds = besideRepository('shared/seeds');

/** `a .b ..c`: a dot for each call above. */
function drawn(calls: readonly Pick<PathCall, 'func' | 'depth'>[]): string {
  return calls.map(({ func, depth }) => '.'.repeat(depth) + func).join(' ');
}

function pathsOf(records: readonly CaptureRecord[]): readonly string[] {
  return records.flatMap((record) => (record.kind === 'call-path' ? [drawn(record.calls)] : []));
}

/** What each line became, blank lines left out. */
function fates(reading: Reading): readonly string[] {
  const lines: string[] = [];
  for (const record of reading.records) {
    const fate = record.kind === 'prose' ? (record.human ? 'words' : 'output') : record.kind;
    for (let line = record.span.first; line <= record.span.last; line++) lines[line - 1] = fate;
  }
  return lines;
}

interface Seed {
  readonly name: string;
  readonly path: string;
}

function copies(name: string, seed: string): readonly Seed[] {
  const copy = { name, path: join(captures, name) };
  return seeds === undefined ? [copy] : [copy, { name: seed, path: join(seeds, seed) }];
}

describe.each(copies('note-on-dirty-bitmap.txt', '000_501b1d175e1ed924.txt'))(
  '$name, the whole of it',
  ({ path }) => {
    const lines = linesOf(readFileSync(path, 'utf8'));
    const reading = readFile(path);
    const fate = fates(reading);
    const having = (pattern: RegExp): ReadonlySet<string | undefined> =>
      new Set(fate.filter((_, i) => pattern.test(lines[i] ?? '')));

    it('holds nothing unknown', () => {
      expectEveryLineOnce(reading);
      expect(reading.problems).toEqual([]);
      expect(lines.filter((_, i) => fate[i] === 'output')).toEqual([]);
    });

    it('has every rule as a heading', () => {
      expect(having(/^=+$/)).toEqual(new Set(['heading']));
      expect(reading.records.filter(({ kind }) => kind === 'heading')).toHaveLength(8);
    });

    it('has every place in the source as a reference', () => {
      expect(having(/<<\w+>>/)).toEqual(new Set(['code-reference']));
      const references = reading.records.filter((record) => record.kind === 'code-reference');
      expect(references).toHaveLength(18);
      expect(references.filter(({ func }) => func === undefined).map(({ file }) => file)).toEqual([
        'drivers/vhost/vhost.h',
        'net/vhost-vdpa.c',
      ]);
    });

    it('has every structure as code', () => {
      expect(having(/^struct \w+ \{$|^ {4}\w+ \w+(?:\[\d*\])?;$|^\}/)).toEqual(new Set(['code']));
    });

    it('has every tree of calls as one path, and a tree of members as words', () => {
      expect(pathsOf(reading.records)).toEqual([
        'vhost_kernel_set_vring_addr .VHOST_SET_VRING_ADDR',
        'vhost_scsi_handle_kick .vhost_scsi_get_desc ..vhost_get_vq_desc',
        'vhost_scsi_ctl_handle_kick .vhost_scsi_ctl_handle_vq ..vhost_scsi_get_desc ...vhost_get_vq_desc',
        'vhost_scsi_evt_work vhost_scsi_send_evt .vhost_scsi_complete_events ..vhost_scsi_do_evt_work ...vhost_get_vq_desc',
        'virtscsi_probe virtscsi_restore .virtscsi_kick_event_all ..virtscsi_kick_event',
      ]);
      expect(having(/^ *-> (?!v)/)).toEqual(new Set(['words']));
    });

    it("has every other word as a person's", () => {
      expect(having(/^[^/]*[\u4e00-\u9fff]/)).toEqual(new Set(['words', 'call-path']));
      expect(having(/^sgs\[|^\d\. |^\w+\(\)$|^disable-legacy/)).toEqual(
        new Set(['words', 'call-path']),
      );
    });
  },
);

describe.each(copies('note-on-vhost-ops.txt', '002_08176590ab01b1ee.txt'))(
  '$name, the whole of it',
  ({ path }) => {
    const reading = readFile(path);

    it('is words, code and calls', () => {
      expectEveryLineOnce(reading);
      const runs = fates(reading).map((fate, i, all) => (fate === all[i - 1] ? '' : fate));
      const starts = runs.flatMap((fate, i) => (fate === '' ? [] : [`${i + 1} ${fate}`]));
      expect(starts).toEqual([
        '1 words',
        '3 code',
        '9 words',
        '10 code',
        '48 words',
        '51 call-path',
        '52 words',
        '54 call-path',
        '55 words',
        '58 code',
        '78 call-path',
        '79 words',
      ]);
    });

    it('has its sequences in order', () => {
      expect(pathsOf(reading.records)).toEqual([
        'vhost_dev_start .vhost_set_log_base',
        'vhost_log_global_start .vhost_migration_log ..vhost_dev_set_log ...vhost_dev_set_features ....vhost_set_features',
        'vhost_dev_stop .vhost_virtqueue_stop ..vhost_get_vring_base',
      ]);
    });
  },
);

describe.runIf(seeds)('seeds (skipped without ../shared/seeds)', () => {
  it('are the notes of the fixtures', () => {
    for (const [name, seed] of [
      ['note-on-dirty-bitmap.txt', '000_501b1d175e1ed924.txt'],
      ['note-on-vhost-ops.txt', '002_08176590ab01b1ee.txt'],
    ] as const) {
      expect(readFileSync(join(captures, name))).toEqual(readFileSync(join(seeds ?? '', seed)));
    }
  });
});

describe('a line of a note', () => {
  it.each([
    ['  - a.c|1| <<f>> x | y << 2 |', { file: 'a.c', line: 1, func: 'f', code: 'x | y << 2 |' }],
    ['a.h|7| <<global>>', { file: 'a.h', line: 7, func: undefined, code: '' }],
    ['a.h|7| <<<global>>> int x;', { file: 'a.h', line: 7, func: undefined, code: 'int x;' }],
    ['a.c|1| f(x)', undefined],
    ['a.c|1 col 2| <<f>> x', undefined],
    ['a|b|c', undefined],
  ])('is a place in the source: %s', (line, reference) => {
    expect(readReference(line)).toEqual(reference);
  });

  it.each(['=====', '-----  ', '*****', '='.repeat(80)])('is a rule: %s', (line) => {
    expect(readRule(line)).toBe(line.trim());
  });

  it.each(['====', '---', '=====x', '===== Vhost user message =====', '======-', ' -----'])(
    'is no rule: %s',
    (line) => {
      expect(readRule(line)).toBeUndefined();
    },
  );

  it.each([
    ['## Cancel', 'Cancel'],
    ['### the end ###', 'the end'],
    ['# The log base', 'The log base'],
    ['# 迁移', '迁移'],
    ['# echo 1 > /sys/x', undefined],
    ['# ls', undefined],
    ['#0 x1', undefined],
    ['#298', undefined],
    ['#include <x.h>', undefined],
    ['#define X', undefined],
    ['# CPU  DURATION', undefined],
    ['##', undefined],
  ])('is a heading: %s', (line, title) => {
    expect(readTitle(line)).toBe(title);
  });

  it.each([
    ['a()->b()->c()', 'a .b ..c'],
    ['timer最终触发a_fn()->b_fn().', 'a_fn .b_fn'],
    ['通过a()-->b()-->KVM_GET来获取', 'a .b ..KVM_GET'],
    ['a()->b()，c()。', 'a .b'],
    ['a() -> b()', 'a .b'],
    ['a(x) => b(y, (z)) → c_d', 'a .b ..c_d'],
    ['a()->b() and c()->d()', 'a .b c .d'],
    ['ops->a() -> dev.b()', 'a .b'],
    ['a() or b() -> c()', 'b .c'],
    ['a():VHOST_SET_OWNER设置', 'a .VHOST_SET_OWNER'],
  ])('is a chain: %s', (line, path) => {
    expect(drawn(readChains(line) ?? [])).toBe(path);
  });

  it.each([
    'vq->log_base',
    '&vscsi->event_list[i]',
    'f(x)->member',
    'f(x)->g(y)',
    'f()->member',
    'f()->MEMBER_OF[1]',
    'if (a())',
    'f() -> 0',
    'f() -> bool',
    'f():1',
    'a_b -> c_d',
    'sh(1)->qemu(2)',
    'return (x)->f();',
  ])('is no chain: %s', (line) => {
    expect(readChains(line)).toBeUndefined();
  });

  it.each([
    ['-> f()', 0, 'f'],
    ['\t-> f(a, g(b), "x)")', 8, 'f'],
    ['   --> req->cb = f()  # g()', 3, 'f'],
    ['  => if kvm_enabled()', 2, 'kvm_enabled'],
    ['  \\=> f(a,', 2, 'f'],
    ['-> -> f()', 3, 'f'],
    ['-> f ()', 0, 'f'],
    ['-> a() / b()', 0, 'a b'],
    ['-> a() -> b()', 0, 'a .b'],
    ['-> struct table sdb;  // of f()', 0, ''],
    ['-> BlockDriverState *bs ("x");', 0, ''],
    ['-> 先调用f()再说', 0, 'f'],
  ])('is a branch: %s', (line, column, path) => {
    const branch = readBranch(line);
    expect([branch?.column, drawn(branch?.calls ?? [])]).toEqual([column, path]);
  });

  it.each(['=> 0x4d0b32 <f+34>: mov (%rax),%r8', '->f()', '- f()', '-- f()', '> f()'])(
    'is no branch: %s',
    (line) => {
      expect(readBranch(line)).toBeUndefined();
    },
  );

  it.each([
    ['a() or b()', 'a b'],
    ['x->y = f()  // why', 'f'],
    ['struct scsi_cmnd *cmd:', ''],
    ['f() calls the others', undefined],
    ['the struct', undefined],
  ])('is a root: %s', (line, path) => {
    const root = readRoot(line);
    expect(root === undefined ? undefined : drawn(root)).toBe(path);
  });

  it.each([
    'struct x {',
    'typedef struct {',
    'static const struct x y = {',
    'Property p[] = {',
    'void f(struct x *a, Object *b)',
    'static inline int f(void)',
    'acpi_status f(acpi_handle h)',
    'int f(int a,',
    '/* a comment */',
    '#include <x.h>',
    '#define A 1',
    'bool log_used;',
    'void __user *log_base;',
    'struct iovec log_iov[64]; --> an array',
    'return f(a, b);',
    'for (c = 0; c < 20; c++) mdelay(10);',
    '} else {',
    'hdev->started = false;',
    'f(a)->g(b);',
  ])('begins code: %s', (line) => {
    expect(readCodeStart(line)).toBeDefined();
  });

  it.each([
    'struct vhost_virtqueue has two groups',
    'the function f(struct x *a)',
    'we call vhost_dev_stop() here;',
    '1. bool log_used;         ---> VHOST_SET_VRING_ADDR',
    '$1 = {index = 1}',
    'type = struct x {',
    '{"return": {}}',
    '# echo 1 > /sys/x',
    'if you (or I) like',
    '}',
    'features = {',
  ])('begins no code: %s', (line) => {
    expect(readCodeStart(line)).toBeUndefined();
  });

  it.each([
    'f()',
    'disable-legacy=on,iommu_platform=true',
    'sgs[0] : request header',
    '-> vhost_log_put()',
  ])('takes after what stands above it: %s', (line) => {
    expect(isEither(line)).toBe(true);
    const below = (first: string): readonly CaptureRecord[] => readLines([first, '', line]).records;
    expect(below('We look at the list.')).toMatchObject([{ human: true }, { human: true }]);
    expect(below('qemu-kvm: failed')).toMatchObject([{ human: false }, { human: false }]);
  });
});

describe('code of a note', () => {
  const dump = [
    'Thread 5 "x" hit Breakpoint 3, f (x=1) at x.c:1',
    '1\t{',
    '',
    'struct vring_used {',
    '    __virtio16 flags;',
    '};',
    '',
    'Thread 5 "x" hit Breakpoint 4, g (x=1) at x.c:9',
  ];

  it('makes no note of a timeline', () => {
    const { records } = readLines(dump);
    expect(records.map(({ kind }) => kind)).toEqual(['stop', 'chatter', 'code', 'stop']);
    expect(findNoteSign(records)).toBeUndefined();
  });

  it.each(['=====', '## Second run', 'a()->b()', 'x.c|1| <<f>> g();'])(
    "is a person's where a mark stands below it: %s",
    (mark) => {
      const { records } = readLines([...dump.slice(0, 6), mark, ...dump.slice(6)]);
      expect(findNoteSign(records)?.line).toBe(7);
    },
  );

  it.each([
    '#0  g () at x.c:2',
    '(gdb) bt',
    'Thread 2 (Thread 0x7ffff75cf6c0 (LWP 12106)):',
    '27074@1795320809.223469:vhost_commit Started: 1 Changed: 0',
    '=====',
    '## Cancel',
    'x.c|1| <<f>> g();',
    'But the words of a person end it.',
    '然后',
  ])('ends at what is no code, though it was not closed: %s', (line) => {
    const open = ['struct x {', '    int a;'];
    const alone = readLines([line]).records;
    const [code, ...rest] = readLines([...open, line]).records;
    expect(code).toEqual({ kind: 'code', span: { first: 1, last: 2 } });
    expect(rest.map(({ kind }) => kind)).toEqual(alone.map(({ kind }) => kind));
  });

  it('is cut into records of bounded length, and a block into bounded ones', () => {
    const long = readLines(['```c', ...Array<string>(10_000).fill('x')]);
    expectEveryLineOnce(long);
    expect(long.records.filter(({ kind }) => kind === 'code')).toHaveLength(3);
    const open = readLines(['struct x {', ...Array<string>(3000).fill('word')]);
    expectEveryLineOnce(open);
    expect(open.records[0]?.span.last).toBeLessThanOrEqual(1001);
  });
});

describe('a fence', () => {
  it('of another language than C holds no headings', () => {
    const { records } = readLines(['```sh', '## all', '-----', '```', '## Next']);
    expect(records.map(({ kind }) => kind)).toEqual(['prose', 'heading']);
  });

  it('may hold a backtrace', () => {
    const { records } = readLines(['```c', 'f(', '#0  g () at x.c:2', '```']);
    expect(records.map(({ kind }) => kind)).toEqual(['prose', 'code', 'backtrace', 'prose']);
  });
});

it('a raw session is no note: nothing that gdb printed is claimed', () => {
  const { formats, records } = readFile(caseFile('gdb/finish-and-values', 'input.txt'));
  expect(formats).toEqual(['gdb']);
  expect(records.some(({ kind }) => kind === 'code')).toBe(false);
});

// --- trees and chains, printed and read back

const name = fc
  .tuple(fc.constantFrom('vhost', 'virtio', 'a', '__do'), fc.stringMatching(/^[a-z0-9_]{0,8}$/))
  .map(([first, rest]) => `${first}_${rest}`);

interface Tree {
  readonly func: string;
  /** How much deeper than this call its children stand. */
  readonly indent: number;
  readonly tail: string;
  readonly children: readonly Tree[];
}

function treeOf(children: fc.Arbitrary<Tree[]>): fc.Arbitrary<Tree> {
  return fc.record({
    func: name,
    indent: fc.integer({ min: 1, max: 12 }),
    tail: fc.constantFrom(
      '()',
      '(vscsi, &vscsi->event_list[i]);',
      '() # the callback g()',
      '(a, "b)")',
    ),
    children,
  });
}

const leaf = treeOf(fc.constant([]));
const inner = [1, 2, 3, 4].reduce(
  (below) => treeOf(fc.array(fc.oneof(leaf, below), { maxLength: 3 })),
  leaf,
);
const tree = treeOf(fc.array(inner, { minLength: 1, maxLength: 3 }));

function print({ func, tail, indent, children }: Tree, column: number, arrow: string): string[] {
  const mark = column < 0 ? '' : `${' '.repeat(column)}${arrow} `;
  const below = column < 0 ? indent - 1 : column + indent;
  return [`${mark}${func}${tail}`, ...children.flatMap((child) => print(child, below, arrow))];
}

function callsOf({ func, children }: Tree, depth: number): readonly Omit<PathCall, 'line'>[] {
  return [{ func, depth }, ...children.flatMap((child) => callsOf(child, depth + 1))];
}

describe('a tree of calls', () => {
  it('is read back equal, whatever its indentation', () => {
    fc.assert(
      fc.property(tree, fc.constantFrom('->', '-->', '=>', '---->'), (root, arrow) => {
        const lines = print(root, -1, arrow);
        const reading = readLines(lines);
        const calls = callsOf(root, 0).map((call, i) => ({ ...call, line: i + 1 }));
        const span = { first: 1, last: lines.length };
        expect(reading.records).toEqual([{ kind: 'call-path', span, calls }]);
      }),
      { numRuns: 500 },
    );
  });

  it('ends at a blank line and at a rule', () => {
    fc.assert(
      fc.property(tree, fc.constantFrom('', '====='), (root, between) => {
        const lines = print(root, -1, '->');
        const { records } = readLines([...lines, between, ...lines]);
        const path = drawn(callsOf(root, 0));
        expect(pathsOf(records)).toEqual([path, path]);
      }),
    );
  });

  it('of any length is read', () => {
    const reading = readLines(['f()', ...Array<string>(10_000).fill('-> g()')]);
    expectEveryLineOnce(reading);
    const paths = reading.records.filter((record) => record.kind === 'call-path');
    expect(paths.flatMap(({ calls }) => calls)).toHaveLength(10_001);
    expect(Math.max(...paths.map(({ calls }) => calls.length))).toBeLessThanOrEqual(4096);
  });
});

describe('a chain of calls', () => {
  const prose = fc.constantFrom('', '调用', 'Calling sequence is: ', '(see ', '触发');

  it('is read back equal within prose', () => {
    fc.assert(
      fc.property(
        fc.array(name, { minLength: 2, maxLength: 6 }),
        fc.constantFrom('->', ' -> ', '-->', ' => ', '→'),
        prose,
        fc.constantFrom('', '.', '。', '，然后', ' here'),
        (names, arrow, before, after) => {
          const line = `${before}${names.map((func) => `${func}()`).join(arrow)}${after}`;
          const calls = names.map((func, depth) => ({ func, depth, line: 1 }));
          const span = { first: 1, last: 1 };
          expect(readLines([line]).records).toEqual([{ kind: 'call-path', span, calls }]);
        },
      ),
    );
  });
});

describe('hostile notes', () => {
  it.each([
    ['brackets', `f${'('.repeat(4000)}`],
    ['calls', 'f('.repeat(2000)],
    ['chains', 'f()->'.repeat(800)],
    ['members', 'a->'.repeat(1300)],
    ['braces', '{'.repeat(4000)],
    ['comments', '/*'.repeat(2000)],
    ['quotes', '"\\'.repeat(2000)],
    ['arrows', '-> '.repeat(1300)],
    ['dashes', `${'-'.repeat(4000)}>`],
    ['types', 'const '.repeat(600)],
    ['a remark', `${'-'.repeat(900_000)}然后`],
    ['blanks', `a${' '.repeat(900_000)},`],
    ['letters', `${'a'.repeat(900_000)},`],
    ['a long one', 'f()->'.repeat(190_000)],
  ])('are read in time that does not explode: %s', (_, line) => {
    const lines = [line, `-> ${line}`, `int f(${line}`, `12 ${line};`, `## ${line}`];
    expectEveryLineOnce(readLines(['struct x {', ...lines, '', ...lines, ...lines]));
  });
});
