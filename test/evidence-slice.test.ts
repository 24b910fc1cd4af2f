/**
 * The lines that a violation cites: what it points at carries it, and no cited line is decoration.
 *
 * A cited record is lost in a marked gap. Without the record that the finding points at the same
 * violation is not reported there. Without another cited record it is not reported either, or the rule
 * cites a witness that it did not before: then the fault is proved more than once, and either record
 * will do. What one stack proves by itself is proved by that stack alone.
 *
 * That the cited records are enough for a rule of sequences is not claimed: what was watched, whether
 * the device was started and which call has returned are shown by further records.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { judgeRun } from '../src/check/judge-run.js';
import { buildRun } from '../src/flows/run.js';
import type { CaptureRecord, Reading } from '../src/model/record.js';
import type { Finding } from '../src/model/report.js';
import { rules } from '../src/rules/index.js';
import { readText } from './helpers/read-text.js';

const root = join(import.meta.dirname, '..', 'fixtures', 'rules');
const INFO = { path: 'input.txt', sha256: '0'.repeat(64), bytes: 0 };

const cases = rules.flatMap(({ info: { id } }) =>
  readdirSync(join(root, id))
    .filter((name) => name.startsWith('violation-'))
    .map((name) => ({ rule: id, name })),
);

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

/** For each record the report that it is part of; undefined for what reports nothing (breakpoints, headers, commands). */
function reportsOf(records: readonly CaptureRecord[]): (number | undefined)[] {
  let report = -1;
  let isStop = false;
  return records.map(({ kind }) => {
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

  constructor(
    text: string,
    private readonly rule: string,
  ) {
    this.reading = readText(text);
    this.reports = reportsOf(this.reading.records);
  }

  violations(records = this.reading.records): Finding[] {
    const run = buildRun({ ...this.reading, records }, { assumeOrdered: false });
    const own = rules.filter(({ info }) => info.id === this.rule);
    return judgeRun(INFO, run, own).filter(({ verdict }) => verdict === 'violation');
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
}

/** The same fault in the same place, however often. */
function isSame(a: Finding, b: Finding): boolean {
  return a.at.line === b.at.line && a.device === b.device && a.vring === b.vring;
}

/** Cited lines without which the same violation is reported just the same, with nothing in their place. */
function decorations(capture: Capture, finding: Finding): string[] {
  const cited = finding.evidence.flatMap(({ line, role }) => {
    const report = capture.reportAt(line);
    return report === undefined || report === capture.reportAt(finding.at.line)
      ? []
      : [{ line, role, report }];
  });
  return cited.flatMap(({ line, role, report }) => {
    const again = capture.violations(capture.without(report)).find((f) => isSame(f, finding));
    const known = new Set(finding.evidence.map((mark) => mark.line));
    if (again === undefined || again.evidence.some((mark) => !known.has(mark.line))) return [];
    return [`line ${line}: ${role}`];
  });
}

describe.each(cases)('$rule $name', ({ rule, name }) => {
  const capture = new Capture(readFileSync(join(root, rule, name, 'input.txt'), 'utf8'), rule);
  const found = capture.violations();

  test('the record that is pointed at carries the violation', () => {
    for (const finding of found) {
      const report = capture.reportAt(finding.at.line);
      if (report === undefined) throw new Error(`line ${finding.at.line} reports nothing`);
      const left = capture.violations(capture.without(report));
      expect(left.filter((f) => isSame(f, finding))).toEqual([]);
    }
  });

  test('no cited line is decoration', () => {
    expect(found.flatMap((finding) => decorations(capture, finding))).toEqual([]);
  });

  test('what one stack proves is proved by it alone', () => {
    if (rules.find(({ info }) => info.id === rule)?.sequence !== undefined) return;
    for (const finding of found.filter(({ evidence }) => evidence.length === 0)) {
      const left = capture.violations(capture.only(capture.reportAt(finding.at.line)));
      expect(left.some((f) => isSame(f, finding))).toBe(true);
    }
  });
});
