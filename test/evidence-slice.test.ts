/**
 * The lines that a violation cites: what it points at carries it, and no cited line is decoration.
 *
 * A cited record is lost in a marked gap. Without the record that the finding points at the same
 * violation is not reported there. Without another cited record it is not reported either, or the rule
 * cites a witness that it did not before: then the fault is proved more than once, and either record
 * will do. What one stack proves by itself is proved by that stack alone.
 *
 * The slice of a violation is what the cited records rest on as well. A capture of nothing else is made, in
 * which only the functions are watched that the slice names: the same violation is reported there, and not
 * when one record more is lost or one function less is watched.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { judgeRun } from '../src/check/judge-run.js';
import { slicesOf } from '../src/check/slice.js';
import { buildRun } from '../src/flows/run.js';
import type { VersionRange } from '../src/flows/profile.js';
import type { Run } from '../src/flows/run.js';
import { functionTable } from '../src/facts/functions.js';
import { probedFunction } from '../src/facts/uprobes.js';
import type { CaptureRecord, Reading } from '../src/model/record.js';
import type { Finding, Slice } from '../src/model/report.js';
import { rules } from '../src/rules/index.js';
import type { Rule } from '../src/rules/rule.js';
import { besideRepository, readText } from './helpers/read-text.js';

const root = join(import.meta.dirname, '..', 'fixtures', 'rules');
const INFO = { path: 'input.txt', sha256: '0'.repeat(64), bytes: 0 };

const cases = rules.flatMap(({ info: { id } }) =>
  readdirSync(join(root, id))
    .filter((name) => name.startsWith('violation-'))
    .map((name) => ({ rule: id, name, path: join(root, id, name, 'input.txt') })),
);

const folder = besideRepository('shared/captures');

/** Captures of a QEMU in which a fault was put, or the debugger altered a call. */
const faults = folder === undefined ? [] : faultyCaptures(folder);

function faultyCaptures(at: string): string[] {
  const truth = JSON.parse(readFileSync(join(at, 'truth.json'), 'utf8')) as {
    captures: { file: string; kind: string }[];
  };
  const faulty = truth.captures.filter(({ kind }) => kind !== 'clean');
  return faulty.map(({ file }) => join(at, file));
}

/** Records that begin a report: what follows of the same stop belongs to it. */
const REPORTS: ReadonlySet<CaptureRecord['kind']> = new Set([
  'stop',
  'event',
  'syscall',
  'message',
  'kernel-event',
  'log',
  'return',
  'foreign-stack',
]);

/** For each record the report that it is part of, the return of a call in the kernel of that of its entry; undefined for what reports nothing (breakpoints, headers, commands). */
function reportsOf(records: readonly CaptureRecord[]): (number | undefined)[] {
  let report = -1;
  let isStop = false;
  const open = new Map<string, number>();
  return records.map((record) => {
    const { kind } = record;
    if (record.kind === 'kernel-event') {
      const key = `${record.pid ?? ''} ${record.func}`;
      const entered = record.what === 'return' ? open.get(key) : undefined;
      open.delete(key);
      if (entered !== undefined) return entered;
      if (record.what !== 'return') open.set(key, report + 1);
    }
    if (REPORTS.has(kind)) {
      isStop = kind === 'stop';
      return ++report;
    }
    if (kind === 'process' || kind === 'gap') isStop = false;
    if (kind === 'backtrace') return isStop ? report : ++report;
    return kind === 'value' && isStop ? report : undefined;
  });
}

class Capture {
  readonly reading: Reading;
  private readonly reports: readonly (number | undefined)[];
  private whole: Run | undefined;

  constructor(text: string) {
    this.reading = readText(text);
    this.reports = reportsOf(this.reading.records);
  }

  violations(
    judges: readonly Rule[],
    records = this.reading.records,
    qemuVersion?: VersionRange,
  ): Finding[] {
    const run = buildRun({ ...this.reading, records }, { assumeOrdered: false, qemuVersion });
    const own = { slicesOf, openByGaps: () => new Map<never, never>() };
    return judgeRun(INFO, run, judges, own).filter(({ verdict }) => verdict === 'violation');
  }

  /** What is reported of the records of a slice alone in the place of the finding, as severe; the version of QEMU is known still. */
  again(finding: Finding, slice: Slice, lost?: number): Finding | undefined {
    this.whole ??= buildRun(this.reading, { assumeOrdered: false });
    const own = rules.filter(({ info }) => info.id === finding.rule);
    const found = this.violations(
      own,
      this.sliced(slice, lost),
      this.whole.profiles[finding.session],
    );
    return found.find((other) => isSame(other, finding) && other.severity === finding.severity);
  }

  reportAt(line: number): number | undefined {
    const at = this.reading.records.findIndex(
      ({ span }, i) => this.reports[i] !== undefined && span.first <= line && line <= span.last,
    );
    return this.reports[at];
  }

  without(report: number): CaptureRecord[] {
    return this.reading.records.map((record, i) =>
      this.reports[i] === report ? { kind: 'gap', span: record.span, why: 'lost' } : record,
    );
  }

  /** One report with all that reports nothing. */
  only(report: number | undefined): CaptureRecord[] {
    return this.reading.records.filter(
      (_, i) => this.reports[i] === undefined || this.reports[i] === report,
    );
  }

  /**
   * What a capture shows that has the records of a slice alone, but for a `lost` one. In its spans others are
   * not recorded, as nothing but `watched` is; before and between these they are lost in a gap.
   */
  private sliced({ lines, spans, watched }: Slice, lost?: number): CaptureRecord[] {
    const { records } = this.reading;
    const shown = new Set(lines.map((line) => this.reportAt(line)));
    const gone = lost === undefined ? undefined : this.reportAt(lost);
    const end = lines.at(-1) ?? 0;
    const names = new Set(watched.map(({ name }) => name));
    const living = new Set<string | undefined>();
    // The end of a thread, told by that of the process: without it the process ends in some way.
    const isShownNotice = (line: number): boolean => lines.includes(line) && line !== lost;
    const isUnseen = (record: CaptureRecord): boolean => {
      if (record.kind !== 'thread') return false;
      const { what, thread, span } = record;
      // Which thread an end is of is not known without it.
      if (what === 'switch') return !isShownNotice(span.first);
      if (what === 'exit') {
        if (isShownNotice(span.first)) return false;
        living.add(thread.pthread);
        return true;
      }
      // Of a thread whose end is not shown, another beginning would be that of another process.
      return what === 'new' && living.has(thread.pthread);
    };
    const left = records.map((record, i): CaptureRecord => {
      const report = this.reports[i];
      const { kind, span } = record;
      if (kind === 'breakpoint-set' || isUnseen(record)) return { kind: 'chatter', span };
      if (kind === 'process' && !isShownNotice(span.first))
        return { ...record, what: record.what === 'start' ? 'start' : 'exit' };
      if (report === undefined || (shown.has(report) && report !== gone)) return record;
      const isInSpan = spans.some(({ first, last }) => first < span.first && span.first < last);
      const isSilent = !sourcesOf(record).some((name) => names.has(name));
      const isUnwatched = ((isInSpan && isSilent) || span.first > end) && report !== gone;
      return isUnwatched ? { kind: 'chatter', span } : { kind: 'gap', span, why: 'lost' };
    });
    const functions = new Set([...names, ...records.flatMap(functionsOf)]);
    const numbers = recipeNumbers(records);
    return [
      ...[...functions].map((func, i) =>
        probe(func, numbers.get(func) ?? 1000 + i, names.has(func), numbers.has(func)),
      ),
      ...left,
    ];
  }
}

/** Breakpoints of the recipe, by function: of what was printed at their stops nobody need ask what it is. */
function recipeNumbers(records: readonly CaptureRecord[]): Map<string, number> {
  const numbers = new Map<string, number>();
  for (const record of records) {
    if (record.kind !== 'breakpoint-set' || record.declared !== true) continue;
    if (record.func !== undefined) numbers.set(record.func, record.number);
  }
  return numbers;
}

/** The breakpoint of a function, whether every call stops there, and whether it is one of the recipe. */
function probe(
  func: string,
  number: number,
  isWatched: boolean,
  isDeclared: boolean,
): CaptureRecord {
  return {
    kind: 'breakpoint-set',
    span: { first: 0, last: 0 },
    number,
    temporary: false,
    func,
    file: undefined,
    line: undefined,
    ...(isDeclared ? { declared: true } : {}),
    ...(isWatched ? {} : { narrowed: true }),
  };
}

/** What of the slice's `watched` a record would be of. */
function sourcesOf(record: CaptureRecord): string[] {
  if (record.kind === 'kernel-event' && record.what === 'return') return ['returns'];
  return record.kind === 'event' ? [`trace event ${record.name}`] : functionsOf(record);
}

/** The innermost function of a stack or a stop line, or that of a uprobe. */
function functionsOf(record: CaptureRecord): string[] {
  if (record.kind === 'kernel-event') {
    const func = record.what === 'call' ? probedFunction(record) : undefined;
    return func === undefined ? [] : [func];
  }
  if (record.kind === 'backtrace') return record.frames.slice(0, 1).map(({ func }) => func);
  return record.kind === 'stop' && record.frame !== undefined ? [record.frame.func] : [];
}

/** The same fault in the same place, however often. */
function isSame(a: Finding, b: Finding): boolean {
  return a.at.line === b.at.line && a.device === b.device && a.vring === b.vring;
}

/** No other witness has taken the place of one. */
function isProvedTheSame(again: Finding | undefined, finding: Finding): boolean {
  const known = new Set(finding.evidence.map((mark) => mark.line));
  return again?.evidence.every((mark) => known.has(mark.line)) === true;
}

/** Cited lines without which the same violation is reported just the same, with nothing in their place. */
function decorations(capture: Capture, finding: Finding): string[] {
  const own = rules.filter(({ info }) => info.id === finding.rule);
  const cited = finding.evidence.flatMap(({ line, role }) => {
    const report = capture.reportAt(line);
    return report === undefined || report === capture.reportAt(finding.at.line)
      ? []
      : [{ line, role, report }];
  });
  return cited.flatMap(({ line, role, report }) => {
    const again = capture.violations(own, capture.without(report)).find((f) => isSame(f, finding));
    return isProvedTheSame(again, finding) ? [`line ${line}: ${role}`] : [];
  });
}

/** Rules that cite more than they need of the slice, and why. */
const CITES_MORE: Readonly<Record<string, string>> = {
  'KV-LOGWRITE': 'each write that fails proves it alone: the first and the last of them are cited',
};

/** Violations, by case, for which no slice is looked for any more, and why. */
const OUT_OF_BUDGET: Readonly<Record<string, string>> = {
  'LE-CLEAR line 186':
    'the second one of a uprobes capture: with the return of each call the first takes most of the steps that are judged again',
  'DS-FLAG line 6706':
    'the second one of a trace log: that its threads are of one QEMU is shown far apart, and the first takes the budget',
};

/** What all breakpoints of a session together show has no slice: no part shows it. */
function isInferred({ rule, severity }: Finding): boolean {
  return rule === 'LS-BASE-FIRST' && severity === 'warning';
}

/** What a slice claims, and where it does not hold. */
const proofs: { what: string; flaws: (capture: Capture, finding: Finding) => string[] }[] = [
  {
    what: 'the slice proves the violation alone',
    flaws(capture, finding) {
      const { slice, rule, at } = finding;
      if (slice === undefined && `${rule} line ${at.line}` in OUT_OF_BUDGET) return [];
      if (isInferred(finding)) return slice === undefined ? [] : ['a slice'];
      const isProof = slice !== undefined && capture.again(finding, slice) !== undefined;
      return isProof ? [] : [`${rule} at line ${at.line}`];
    },
  },
  {
    what: 'no record of the slice can be lost',
    flaws(capture, finding) {
      const { slice, rule, at } = finding;
      const idle = slice?.lines.filter((line) =>
        isProvedTheSame(capture.again(finding, slice, line), finding),
      );
      const own = capture.reportAt(at.line);
      const others = idle?.filter((line) => capture.reportAt(line) !== own) ?? [];
      if (rule in CITES_MORE) return [];
      return others.map((line) => `${rule} at line ${at.line}: line ${line}`);
    },
  },
  {
    what: 'no function of the slice can go unwatched',
    flaws(capture, finding) {
      const { slice, rule, at } = finding;
      const idle = slice?.watched.filter(({ name }) => {
        const watched = slice.watched.filter((other) => other.name !== name);
        return functionTable.has(name) && capture.again(finding, { ...slice, watched });
      });
      return (idle ?? []).map(({ name }) => `${rule} at line ${at.line}: ${name}`);
    },
  },
];

describe.each(cases)('$rule $name', ({ rule, path }) => {
  const own = rules.filter(({ info }) => info.id === rule);
  const capture = new Capture(readFileSync(path, 'utf8'));
  const found = capture.violations(own);

  test('the record that is pointed at carries the violation', () => {
    for (const finding of found) {
      const report = capture.reportAt(finding.at.line);
      if (report === undefined) throw new Error(`line ${finding.at.line} reports nothing`);
      const left = capture.violations(own, capture.without(report));
      expect(left.filter((f) => isSame(f, finding))).toEqual([]);
    }
  });

  test('no cited line is decoration', () => {
    expect(found.flatMap((finding) => decorations(capture, finding))).toEqual([]);
  });

  test.each(proofs)('$what', ({ flaws }) => {
    expect(found.flatMap((finding) => flaws(capture, finding))).toEqual([]);
  });

  test('what one stack proves is proved by it alone', () => {
    if (rules.find(({ info }) => info.id === rule)?.sequence !== undefined) return;
    for (const finding of found.filter(({ evidence }) => evidence.length === 0)) {
      const left = capture.violations(own, capture.only(capture.reportAt(finding.at.line)));
      expect(left.some((f) => isSame(f, finding))).toBe(true);
    }
  });
});

describe.skipIf(folder === undefined)('captures of faults', () => {
  test.each(faults)('%s', (path) => {
    const capture = new Capture(readFileSync(path, 'utf8'));
    const found = capture.violations(rules);
    for (const { flaws } of proofs)
      expect(found.flatMap((finding) => flaws(capture, finding))).toEqual([]);
  });
});
