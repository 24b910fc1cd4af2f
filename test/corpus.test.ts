/**
 * Real text beside the repository: captures of ours, seeds, and a corpus of public files with counted
 * truth. None of it is part of the project; without it these tests are skipped.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CaptureRecord } from '../src/model/record.js';
import {
  besideRepository,
  countFrames,
  expectEveryLineOnce,
  humanProseInside,
  linesOf,
  readFile,
  readText,
} from './helpers/read-text.js';

const captures = besideRepository('shared/captures');
const seeds = besideRepository('shared/seeds');
const corpus = besideRepository('shared/corpus');

function filesIn(folder: string, pattern: RegExp): readonly string[] {
  // The body of a skipped describe() runs all the same.
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) =>
      entry.isDirectory()
        ? filesIn(join(folder, entry.name), pattern).map((name) => join(entry.name, name))
        : pattern.test(entry.name)
          ? [entry.name]
          : [],
    )
    .sort();
}

describe.runIf(captures)('captures of real runs (skipped without ../shared/captures)', () => {
  const folder = captures ?? '';
  const gdb = filesIn(folder, /\.gdb\.txt$|^12.*(?:pager\.txt|\.typescript)$/);
  const samples = filesIn(join(folder, 'gdb-samples'), /^(?!mi2|strace).*\.txt$/);
  const traces = filesIn(folder, /trace\.log$|qemu-trace\.txt$/);

  it.each(gdb)('%s', (name) => {
    const text = readFileSync(join(folder, name), 'utf8');
    const reading = readText(text);
    expectEveryLineOnce(reading);
    expect(reading.problems).toEqual([]);
    expect(humanProseInside(reading)).toEqual([]);
    // Readline switches bracketed paste off in front of the first frame.
    const starts = linesOf(text).map((line) => line.split('\u001b[?2004l\r').at(-1) ?? '');
    const count = starts.filter((line) => /^#\d+\s/.test(line));
    expect(countFrames(reading)).toBe(count.length);
  });

  // Made by another program from the same logs: "vhost_dev_start (hdev=0x5555, vrings=true)   <- caller"
  it.each(filesIn(join(folder, 'qemu10-vhost-user/seq'), /\.seq\.txt$/))('%s', (name) => {
    const log = join(folder, 'qemu10-vhost-user', name.replace('.seq.txt', '.gdb.txt'));
    const expected = linesOf(readFileSync(join(folder, 'qemu10-vhost-user/seq', name), 'utf8'));
    expect(readFile(log).records.flatMap(innermostCalls)).toEqual(expected);
  });

  it.each(samples)('gdb-samples/%s', (name) => {
    const reading = readFile(join(folder, 'gdb-samples', name));
    expectEveryLineOnce(reading);
    expect(reading.problems).toEqual([]);
    expect(humanProseInside(reading)).toEqual([]);
  });

  it.each(traces)('%s', (name) => {
    const text = readFileSync(join(folder, name), 'utf8');
    const reading = readText(text);
    expectEveryLineOnce(reading);
    expect(reading.problems).toEqual([]);
    expect(reading.records.filter(({ kind }) => kind !== 'event')).toEqual([]);
    expect(reading.records.length).toBe(linesOf(text).length);
  });

  it.each(filesIn(folder, /strace\.txt$|^strace/))('%s is strace, every line of it', (name) => {
    const reading = readFile(join(folder, name));
    expectEveryLineOnce(reading);
    expect(reading.formats).toEqual(['strace']);
    const kinds = new Set(reading.records.map(({ kind }) => kind));
    expect([...kinds].filter((kind) => !['syscall', 'message', 'chatter'].includes(kind))).toEqual(
      [],
    );
  });

  // Whole logs of the kernel's tracers: nothing in them may go unread.
  it.each(filesIn(folder, /kprobe\.txt$|ftrace|dmesg/))('%s is all records', (name) => {
    const reading = readFile(join(folder, name));
    expectEveryLineOnce(reading);
    const kinds = new Set(reading.records.map(({ kind }) => kind));
    const log = name.includes('dmesg') ? 'log' : 'kernel-event';
    expect([...kinds].sort()).toEqual(['chatter', log]);
  });

  it.each(filesIn(folder, /ftrace|kprobe|dmesg|run\.txt$/))(
    '%s has nothing of gdb or QEMU',
    (name) => {
      const reading = readFile(join(folder, name));
      expectEveryLineOnce(reading);
      expect(reading.formats.filter((id) => id === 'gdb' || id === 'qemu-log')).toEqual([]);
    },
  );
});

describe.runIf(seeds)('seeds (skipped without ../shared/seeds)', () => {
  const readings = filesIn(seeds ?? '', /\.txt$/).map((name) => ({
    name,
    reading: readFile(join(seeds ?? '', name)),
  }));

  it('the first holds 12 backtraces with 209 frames, and prose between them', () => {
    const { reading } = readings[0]!;
    const backtraces = reading.records.filter(({ kind }) => kind === 'backtrace');
    expect([backtraces.length, countFrames(reading)]).toEqual([12, 209]);
    expect(reading.problems).toEqual([]);
    expect(humanProseInside(reading).length).toBeGreaterThan(10);
  });

  it('the second is prose', () => {
    const { reading } = readings[1]!;
    expect(countFrames(reading)).toBe(0);
    expect(reading.records.some((record) => record.kind === 'prose' && record.human)).toBe(true);
  });

  it('lose no line', () => {
    for (const { reading } of readings) expectEveryLineOnce(reading);
  });
});

/** What is counted of a file; the names are columns of index.tsv. */
const COLUMNS = [
  'backtraces',
  'backtraces_from_0',
  'frames_total',
  'frames_with_file_line',
  'frames_from_lib',
  'frames_with_address',
  'thread_headers',
  'frames_wrapped',
  'vhost_frames',
  'migration_frames',
] as const;

/**
 * Frames where the truth misses what a hard wrap tore off: the frame's place stands on the next line of
 * the file. Each is proven below by the text itself.
 */
const DISPUTED: Readonly<Record<string, readonly string[]>> = {
  // "QApplicationPrivate::notify_helper(QObject*, QEvent*)" and below it "   from /usr/lib64/libQtGui.so.4"
  'drkonqi_test_a.txt': ['111#18', '117#21'],
  // "at ../net/net.c" and ":675", "at ../softmmu/" and "physmem.c:2878": a terminal wrapped without indentation
  'm3_e1000.txt': [
    ...['77#12', '88#20', '92#22', '94#23', '118#6', '135#6', '158#0', '165#5', '171#8'],
    ...['211#21', '222#29', '226#31', '228#32'],
  ],
  // The same, and in line 624 "atmm/hugetlb.c:3582", where a blank was lost (known to the truth's README).
  'm3_mm-hugetlb.txt': [
    ...['286#5', '624#1', '673#0', '683#6', '795#4', '797#5', '865#6', '867#7', '889#9', '891#10'],
    ...['951#5', '960#9', '986#7', '1001#6', '1019#6', '1619#1', '1626#5'],
  ],
  // "#2  0x0000558a2bfdcb1e in", and the rest of the frame on the next line of quoted mail
  'qemubug_ml-88225572.txt': ['1586#2', '1984#2', '2460#2'],
};

describe.runIf(corpus)('public backtraces (skipped without ../shared/corpus)', () => {
  const folder = corpus ?? '';
  const truth = tableOf(join(folder, 'frames.tsv'));
  const rows = tableOf(join(folder, 'index.tsv'));
  const files = rows.map((row) => compare(row, truth));

  it('loses no line', () => {
    for (const { reading } of files) expectEveryLineOnce(reading);
  });

  it.each(files.map((file) => [file.name, file] as const))('%s', (name, file) => {
    const disputed = DISPUTED[name] ?? [];
    expect(file.different.map(({ key }) => key)).toEqual(disputed);
    for (const { key, read } of file.different) {
      // Without blanks and quote marks the file's text says what was read.
      const place = read.lib === '' ? `at${read.file}:${read.at}` : `from${read.lib}`;
      expect(file.textFrom(key), key).toContain(place.replaceAll(/\s/g, ''));
    }
    const wanted = Object.fromEntries(COLUMNS.map((column) => [column, file.counted(column)]));
    expect(file.counts).toEqual(wanted);
  });

  it('has no disputed frame but those of its files', () => {
    const names = new Set(files.map(({ name }) => name));
    for (const name of Object.keys(DISPUTED)) expect(names).toContain(name);
    const frames = files.reduce((total, { counts }) => total + counts.frames_total, 0);
    console.log(`${frames} frames in ${files.length} files, every counted column equal but for`);
    console.log(`${Object.values(DISPUTED).flat().length} frames whose place the truth misses`);
  });

  it('finds the frames of other tools, and no others', () => {
    const found = files.filter(({ foreign }) => foreign.length > 0);
    const others = found.flatMap(({ name, foreign }) =>
      foreign.filter((count) => !isNumbered(count)).map((count) => `${name}: ${count}`),
    );
    // The table counts only lines that begin with #N: these begin with [N], the function or its address.
    console.log(['frames of other tools that the table does not count:', ...others].join('\n'));
    for (const { name, foreign, nonGdb } of files) {
      expect([name, foreign.filter(isNumbered).join(' ') || '-']).toEqual([name, nonGdb]);
    }
    expect(others.map((count) => count.replace(/^.*: /, ''))).toEqual([
      'oops=28',
      'systemtap=21',
      'gef=9',
      'bpftrace=29',
      'listed=30',
      'listed=7',
    ]);
  });

  it('sees the author of a note between his dumps', () => {
    const notes = files.filter(({ name }) => name.startsWith('notes_'));
    const silent = notes
      .filter(({ reading }) => humanProseInside(reading).length === 0)
      .filter(({ reading }) => reading.records.filter(isBacktrace).length > 1)
      .map(({ name }) => name);
    // Nothing but prompts stands between the dumps of this one.
    expect(silent).toEqual(['notes_summary-qemu_migration-qemu_save_stacks.txt']);
  });
});

function innermostCalls(record: CaptureRecord): readonly string[] {
  if (record.kind !== 'backtrace') return [];
  const [inner, outer] = record.frames;
  const args = inner?.args?.map(({ name, value, entry }) =>
    entry === undefined ? `${name}=${value!}` : `${name}=${name}@entry=${entry}`,
  );
  return [`${inner!.func} (${args?.join(', ') ?? ''})   <- ${outer!.func}`];
}

type Row = Readonly<Record<string, string>>;

function tableOf(path: string): readonly Row[] {
  if (!existsSync(path)) return [];
  const [head = '', ...rows] = linesOf(readFileSync(path, 'utf8'));
  const keys = head.split('\t');
  return rows.map((row) => {
    const cells = row.split('\t');
    return Object.fromEntries(keys.map((key, i) => [key, cells[i] ?? '']));
  });
}

function isBacktrace({ kind }: { readonly kind: string }): boolean {
  return kind === 'backtrace';
}

/** Tools whose frames begin with #N, as gdb's do. */
function isNumbered(count: string): boolean {
  return /^(?:asan|coredumpctl|crash|eu-stack)=/.test(count);
}

/** `asan=80` for each tool, its frames of all stacks; names as in the table. */
function foreignFrames(records: readonly CaptureRecord[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const record of records) {
    if (record.kind !== 'foreign-stack') continue;
    const tool = record.tool === 'coredump' ? 'coredumpctl' : record.tool;
    counts.set(tool, (counts.get(tool) ?? 0) + record.frames.length);
  }
  return [...counts].map(([tool, count]) => `${tool}=${count}`);
}

interface FrameRow {
  readonly address: string;
  readonly func: string;
  readonly file: string;
  /** Line of the source. */
  readonly at: string;
  readonly lib: string;
  readonly wrapped: boolean;
}

type Counts = Record<(typeof COLUMNS)[number], number>;

/** One file, read and counted, beside the truth about it. */
function compare(row: Row, truth: readonly Row[]) {
  const name = row.file ?? '';
  const text = readFileSync(join(corpus ?? '', name), 'utf8');
  const reading = readText(text);
  const backtraces = reading.records.filter((record) => record.kind === 'backtrace');
  const read = new Map<string, FrameRow>();
  for (const { frames, lines, levels, wrapped } of backtraces) {
    frames.forEach(({ address = '', func, file = '', line, lib = '' }, i) => {
      const at = String(line ?? '');
      read.set(`${lines[i]!}#${levels[i]!}`, {
        ...{ address, func, file, at, lib },
        wrapped: wrapped.includes(i),
      });
    });
  }
  const expected = new Map(
    truth.filter(({ file }) => file === name).map((frame) => [keyOf(frame), rowOf(frame)]),
  );
  const keys = new Set([...expected.keys(), ...read.keys()]);
  const different = [...keys]
    .filter((key) => !isEqual(expected.get(key), read.get(key)))
    .map((key) => ({ key, truth: expected.get(key) ?? NO_FRAME, read: read.get(key) ?? NO_FRAME }));
  const isHeader = (record: CaptureRecord): boolean =>
    record.kind === 'thread' && record.what === 'header';
  const lines = linesOf(text);
  return {
    name,
    reading,
    foreign: foreignFrames(reading.records),
    nonGdb: row.non_gdb_frame_lines ?? '',
    different,
    counts: {
      backtraces: backtraces.length,
      backtraces_from_0: backtraces.filter(({ levels }) => levels[0] === 0).length,
      thread_headers: reading.records.filter(isHeader).length,
      ...countsOf([...read.values()]),
    } satisfies Counts,
    /** The truth's number, disputed frames counted as they were read. */
    counted: (column: (typeof COLUMNS)[number]): number => {
      const own = countsOf(different.map((frame) => frame.read));
      const theirs = countsOf(different.map((frame) => frame.truth));
      const shift = column in own ? column : undefined;
      const key = shift as keyof typeof own | undefined;
      return Number(row[column]) + (key === undefined ? 0 : own[key] - theirs[key]);
    },
    /** The text from a frame on, over some lines, without blanks and quote marks. */
    textFrom: (key: string): string => {
      const first = Number(key.split('#')[0]);
      return lines
        .slice(first - 1, first + 8)
        .join('')
        .replaceAll(/[\s>]/g, '');
    },
  };
}

const NO_FRAME: FrameRow = { address: '', func: '', file: '', at: '', lib: '', wrapped: false };

function countsOf(frames: readonly FrameRow[]) {
  const count = (is: (frame: FrameRow) => boolean): number => frames.filter(is).length;
  return {
    frames_total: count(({ func }) => func !== ''),
    frames_with_file_line: count(({ at }) => at !== ''),
    frames_from_lib: count(({ lib }) => lib !== ''),
    frames_with_address: count(({ address }) => address !== ''),
    frames_wrapped: count(({ wrapped }) => wrapped),
    vhost_frames: count(({ func }) => func.includes('vhost')),
    migration_frames: count(
      ({ func, file }) => /migrat|savevm/.test(func) || /(?:^|\/)migration\//.test(file),
    ),
  };
}

function keyOf({ line, n }: Row): string {
  return `${line!}#${n!}`;
}

// A path without a line is a library to the truth, too where a wrap tore the line off.
function rowOf({ addr, function: func, at_file, at_line, from_lib, wrapped_lines }: Row): FrameRow {
  return {
    address: addr?.toLowerCase() ?? '',
    func: func === '' || func === undefined ? '??' : func,
    file: at_file ?? '',
    at: at_line ?? '',
    lib: from_lib ?? '',
    wrapped: wrapped_lines !== '0',
  };
}

function isEqual(a: FrameRow | undefined, b: FrameRow | undefined): boolean {
  return (
    a !== undefined &&
    b !== undefined &&
    (['address', 'func', 'file', 'at', 'lib'] as const).every((key) => a[key] === b[key])
  );
}
