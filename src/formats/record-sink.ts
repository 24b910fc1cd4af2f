/** Collects records so that their spans and the blank lines cover every line exactly once. */
import type { CaptureRecord, Chatter, Gap, Problem, Prose, Span } from '../model/record.js';
import { DoubtedRecords, Doubts } from './doubts.js';
import { LogLines } from './log-lines.js';

/** A line that is no record of its own; runs of equal ones become one record. */
export type LooseKind = 'blank' | 'chatter' | 'output' | 'human';

/** Problems before neighbours are told together: a hostile file must not take memory for each of its lines. */
const MOST_PROBLEMS = 10_000;

/** What people write and type. */
const OF_PERSONS: ReadonlySet<CaptureRecord['kind']> = new Set([
  'command',
  'call-path',
  'code-reference',
  'heading',
  'code',
]);

export class RecordSink {
  #records: CaptureRecord[] = [];
  #problems: Problem[] = [];
  #run: { readonly kind: LooseKind; readonly first: number; last: number } | undefined;
  #blank = 0;
  readonly #log: LogLines;
  /** For the formats whose records may be in doubt. */
  readonly doubts = new Doubts();
  readonly #doubted = new DoubtedRecords();
  /** Why records are missing in front of the next one. */
  #missing: string | undefined;
  /** Words of lines, by their numbers in the capture, that are in no record as yet. */
  readonly #words = new Map<number, string>();
  /** Runs of lines of the wrapping that are covered. */
  #wrapped = 0;

  /** `log`: by whose numbers the lines come. */
  constructor(log = new LogLines()) {
    this.#log = log;
  }

  get blank(): number {
    return this.#blank;
  }

  get problems(): readonly Problem[] {
    return this.#problems;
  }

  add(numbered: CaptureRecord): void {
    const record = this.#log.inCapture(numbered);
    this.#coverWrapping(record.span.first);
    this.#add(record);
    const inDoubt = this.doubts.take(numbered);
    if (inDoubt !== undefined) {
      const otherwise = (): CaptureRecord => this.#log.inCapture(inDoubt.otherwise());
      this.#doubted.add(this.#records.length - 1, { doubt: inDoubt.doubt, otherwise });
    }
    this.#passWrapping(record.span.last);
  }

  /** Records are missing in front of the next one that a program printed; where none comes, none is. */
  missBelow(why: string): void {
    this.#missing = why;
  }

  #add(record: CaptureRecord): void {
    this.#endRun();
    const why = this.#missing;
    if (why !== undefined && !OF_PERSONS.has(record.kind)) {
      this.#missing = undefined;
      const { first } = record.span;
      this.#add({ kind: 'gap', span: { first, last: first - 1 }, why });
    }
    const last = this.#records.at(-1);
    // Nothing between two gaps: one gap.
    if (isOneGap(last, record)) {
      const span = { first: last.span.first, last: record.span.last };
      this.#records[this.#records.length - 1] = { ...last, span };
    } else {
      this.#records.push(record);
    }
  }

  /** What a line of no format says; a debugger may have printed it. */
  noteWords(lineNo: number, words: string): void {
    this.#words.set(this.#log.lineOf(lineNo), words);
  }

  loose(lineNo: number, kind: LooseKind): void {
    const line = this.#log.lineOf(lineNo);
    this.#coverWrapping(line);
    this.#loose(line, kind);
  }

  #loose(lineNo: number, kind: LooseKind): void {
    const run = this.#run;
    if (run?.kind === kind && run.last + 1 === lineNo) {
      run.last = lineNo;
      return;
    }
    this.#endRun();
    this.#run = { kind, first: lineNo, last: lineNo };
  }

  /** Lines of the wrapping above the line. */
  #coverWrapping(line: number): void {
    for (;;) {
      const span = this.#log.run(this.#wrapped);
      if (span === undefined || span.first >= line) return;
      this.#wrapped += 1;
      this.#endRun();
      this.#records.push({ kind: 'chatter', span, wraps: true });
    }
  }

  /** Those up to the line stand within a record. */
  #passWrapping(line: number): void {
    while ((this.#log.run(this.#wrapped)?.first ?? Infinity) <= line) this.#wrapped += 1;
  }

  problem(code: Problem['code'], message: string, numbered: Span): void {
    const span = this.#log.spanOf(numbered);
    const last = this.#problems.at(-1);
    const isMany = this.#problems.length >= MOST_PROBLEMS;
    if (isMany && last?.code === code && isNext(last.span, span)) {
      const both = { first: last.span.first, last: span.last };
      this.#problems[this.#problems.length - 1] = { ...last, span: both };
    } else {
      this.#problems.push({ code, message, span });
    }
  }

  /** The records so far, handed over once; the last run of loose lines may still grow and stays, as do those in doubt and behind. */
  take(): CaptureRecord[] {
    const records = this.#records;
    const known = this.#doubted.settle(records);
    // The line below may still make a gap longer.
    const ready = Math.min(known, records.length - (records.at(-1)?.kind === 'gap' ? 1 : 0));
    this.#records = records.slice(ready);
    this.#doubted.shift(ready);
    return records.slice(0, ready);
  }

  finish(): CaptureRecord[] {
    this.#coverWrapping(Infinity);
    this.#endRun();
    this.#doubted.settle(this.#records);
    return this.#records;
  }

  #endRun(): void {
    const run = this.#run;
    if (run === undefined) return;
    this.#run = undefined;
    if (run.kind === 'blank') this.#blank += run.last - run.first + 1;
    else {
      const span = { first: run.first, last: run.last };
      this.#records.push(looseRecord(run.kind, span, this.#wordsOf(span)));
    }
  }

  /** Of all lines, or of none. */
  #wordsOf({ first, last }: Span): string | undefined {
    if (this.#words.size === 0) return undefined;
    const found = [...this.#words].filter(([line]) => line >= first && line <= last);
    for (const [line] of found) this.#words.delete(line);
    return found.length === last - first + 1
      ? found.map(([, words]) => words).join('\n')
      : undefined;
  }
}

/** What a notice says of other places stays its own. */
function isOneGap(last: CaptureRecord | undefined, next: CaptureRecord): last is Gap {
  return (
    last?.kind === 'gap' &&
    next.kind === 'gap' &&
    last.reach === undefined &&
    next.reach === undefined &&
    isNext(last.span, next.span)
  );
}

function isNext(span: Span, next: Span): boolean {
  return span.last + 1 === next.first;
}

function looseRecord(
  kind: Exclude<LooseKind, 'blank'>,
  span: Span,
  words: string | undefined,
): Chatter | Prose {
  if (kind === 'chatter') return { kind, span };
  const human = kind === 'human';
  return words === undefined
    ? { kind: 'prose', span, human }
    : { kind: 'prose', span, human, words };
}
