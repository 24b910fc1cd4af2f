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

  // Whole logs of the kernel's tracers: nothing in them may go unread.
  it.each(filesIn(folder, /kprobe\.txt$|ftrace|dmesg/))('%s is all records', (name) => {
    const reading = readFile(join(folder, name));
    expectEveryLineOnce(reading);
    const kinds = new Set(reading.records.map(({ kind }) => kind));
    const log = name.includes('dmesg') ? 'log' : 'kernel-event';
    expect([...kinds].sort()).toEqual(['chatter', log]);
  });

  it.each(
    filesIn(folder, /strace\.txt$|^strace|simpletrace|ftrace|kprobe|dmesg|mi\.txt$|^mi2|run\.txt$/),
  )('%s has nothing of gdb or QEMU', (name) => {
    const reading = readFile(join(folder, name));
    expectEveryLineOnce(reading);
    expect(reading.formats.filter((id) => id === 'gdb' || id === 'qemu-log')).toEqual([]);
  });
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

describe.runIf(corpus)('public backtraces (skipped without ../shared/corpus)', () => {
  const folder = corpus ?? '';
  const truth = tableOf(join(folder, 'frames.tsv'));
  const files = tableOf(join(folder, 'index.tsv')).map((row) => compare(row, truth));

  it('loses no line', () => {
    for (const { reading } of files) expectEveryLineOnce(reading);
  });

  it('agrees with the counted truth', () => {
    const sum = (key: 'frames' | 'found' | 'equal'): number =>
      files.reduce((total, file) => total + file[key], 0);
    const sameTraces = files.filter(({ backtraces }) => backtraces[0] === backtraces[1]).length;
    const worst = files
      .filter(({ frames, equal }) => equal < frames)
      .sort((a, b) => b.frames - b.equal - (a.frames - a.equal))
      .map(({ name, frames, equal }) => `${name}: ${equal} of ${frames}`);
    console.log(
      [
        `frames found at their line: ${sum('found')} of ${sum('frames')}`,
        `equal in every column: ${sum('equal')}`,
        `files with equal backtraces and thread headers: ${sameTraces} of ${files.length}`,
        ...worst.slice(0, 8),
      ].join('\n'),
    );
    expect(sum('found') / sum('frames')).toBeGreaterThan(0.999);
    expect(sum('equal') / sum('frames')).toBeGreaterThan(0.99);
    expect(sameTraces).toBe(files.length);
  });

  it('finds the frames of other tools, and no others', () => {
    const found = files.filter(({ foreign }) => foreign.length > 0);
    const others = found.flatMap(({ name, foreign }) =>
      foreign.filter((count) => !isNumbered(count)).map((count) => `${name}: ${count}`),
    );
    // The table counts only lines that begin with #N: these begin with [N], or with the function.
    console.log(['frames of other tools that the table does not count:', ...others].join('\n'));
    for (const { name, foreign, nonGdb } of files) {
      expect([name, foreign.filter(isNumbered).join(' ') || '-']).toEqual([name, nonGdb]);
    }
    expect(others.map((count) => count.replace(/^.*: /, ''))).toEqual([
      'oops=28',
      'gef=9',
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

function compare(row: Row, truth: readonly Row[]) {
  const name = row.file ?? '';
  const reading = readFile(join(corpus ?? '', name));
  const expected = truth.filter(({ file }) => file === name);
  const read = new Map<string, string>();
  let traces = 0;
  let fromZero = 0;
  let headers = 0;
  for (const record of reading.records) {
    if (record.kind === 'thread' && record.what === 'header') headers++;
    if (record.kind !== 'backtrace') continue;
    traces++;
    if (record.levels[0] === 0) fromZero++;
    record.frames.forEach(({ address, func, file, line, lib }, i) => {
      const columns = [address ?? '', func, file ?? '', line ?? '', lib ?? ''];
      read.set(`${record.lines[i]!}#${record.levels[i]!}`, columns.join('\t'));
    });
  }
  const keyOf = ({ line, n }: Row): string => `${line!}#${n!}`;
  const columnsOf = ({ addr, function: func, at_file, at_line, from_lib }: Row): string =>
    [addr?.toLowerCase(), func === '' ? '??' : func, at_file, at_line, from_lib].join('\t');
  return {
    name,
    reading,
    foreign: foreignFrames(reading.records),
    nonGdb: row.non_gdb_frame_lines ?? '',
    frames: expected.length,
    found: expected.filter((frame) => read.has(keyOf(frame))).length,
    equal: expected.filter((frame) => read.get(keyOf(frame)) === columnsOf(frame)).length,
    backtraces: [
      [traces, fromZero, headers].join(),
      [row.backtraces, row.backtraces_from_0, row.thread_headers].join(),
    ],
  };
}
