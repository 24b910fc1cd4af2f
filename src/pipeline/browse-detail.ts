/** One fact in full: the lines of its record, the backtrace, and the arguments with what they mean. */
import { meaningOf } from '../facts/meanings.js';
import { eventTable } from '../facts/trace-events.js';
import { isRegularFile } from '../input/open-bytes.js';
import { LineSource } from '../input/line-source.js';
import type { BrowseDetail, BrowseRow } from '../model/browse.js';
import type { FlowArg } from '../model/flow.js';
import type { Backtrace, CaptureRecord, Frame, Span } from '../model/record.js';
import { bigintOf } from '../model/values.js';
import type { FactSource } from './browse-source.js';
import { quoteRecord } from './quote-record.js';

/** Lines and characters of a line that are handed out; a record may have a million of both. */
const MOST_LINES = 500;
const MOST_CHARS = 4000;

/** Lines of captures that cannot be read again, by path. */
export type KeptLines = ReadonlyMap<string, ReadonlyMap<number, string>>;

export class Details {
  private readonly files = new Map<number, Promise<LineSource | undefined>>();

  constructor(
    private readonly source: FactSource,
    private readonly kept: KeptLines,
  ) {}

  async of(row: BrowseRow): Promise<BrowseDetail> {
    const records = await this.source.records(row.capture, row.line);
    const shown = shownBy(records);
    if (shown === undefined) return { lines: [], frames: [], args: [] };
    const { record, backtrace } = shown;
    const last = Math.max(record.span.last, backtrace?.span.last ?? 0);
    const first = record.span.first;
    const span = { first, last: Math.min(last, first + MOST_LINES - 1) };
    return {
      lines: await this.lines(row.capture, span, records),
      frames: backtrace === undefined ? [] : framesOf(backtrace, row),
      args: argsOf(record, backtrace, row),
    };
  }

  private async lines(
    capture: number,
    { first, last }: Span,
    records: readonly CaptureRecord[],
  ): Promise<BrowseDetail['lines']> {
    const path = this.source.captures[capture]?.path ?? '';
    const read = this.kept.get(path) ?? (await (await this.file(capture))?.read(first, last));
    const lines: { number: number; text: string }[] = [];
    for (let number = first; number <= last; number++) {
      const text = read === undefined ? quoteRecord({ records }, number) : read.get(number);
      if (text !== undefined) lines.push({ number, text: text.slice(0, MOST_CHARS) });
    }
    return lines;
  }

  private file(capture: number): Promise<LineSource | undefined> {
    let file = this.files.get(capture);
    if (file === undefined) {
      const { path, sha256 } = this.source.captures[capture] ?? { path: '', sha256: '' };
      file = isRegularFile(path) ? LineSource.open(path, sha256) : Promise.resolve(undefined);
      this.files.set(capture, file);
    }
    return file;
  }
}

/** The record that shows a fact, and its stack: after a stop it is printed by a command of its own. */
function shownBy(
  records: readonly CaptureRecord[],
): { record: CaptureRecord; backtrace: Backtrace | undefined } | undefined {
  const [record, ...later] = records;
  if (record === undefined) return undefined;
  if (record.kind === 'backtrace') return { record, backtrace: record };
  if (record.kind !== 'stop') return { record, backtrace: undefined };
  const end = later.findIndex(({ kind }) => kind === 'stop' || kind === 'event');
  const before = end === -1 ? later : later.slice(0, end);
  const found = before.find((each) => each.kind === 'backtrace');
  const isSame = found?.frames[0]?.func === record.frame?.func;
  return { record, backtrace: isSame ? found : undefined };
}

function framesOf({ frames, lines }: Backtrace, row: BrowseRow): BrowseDetail['frames'] {
  return frames.map((frame, i) => {
    const { func, file, line } = frame;
    return {
      func,
      at: line === undefined ? (file ?? null) : `${file ?? ''}:${line}`,
      line: lines[i] ?? 0,
      args: frameArgs(frame, row),
    };
  });
}

function frameArgs({ func, args = [] }: Frame, row: BrowseRow): FlowArg[] {
  const isOwn = func === row.func;
  return args.map(({ name, value, entry }) => argOf(name, value ?? entry ?? '', isOwn, row));
}

function argsOf(
  record: CaptureRecord,
  backtrace: Backtrace | undefined,
  row: BrowseRow,
): readonly FlowArg[] {
  switch (record.kind) {
    case 'backtrace':
    case 'stop': {
      const frame =
        backtrace?.frames[backtrace.lines.findIndex((line) => line === row.line)] ??
        backtrace?.frames.find(({ func }) => func === row.func) ??
        (record.kind === 'stop' ? record.frame : undefined);
      return frame === undefined ? [] : frameArgs(frame, row);
    }
    case 'event':
      return namedArgs(record.args, row, eventTable.get(record.name)?.value);
    case 'kernel-event':
      return namedArgs(record.args, row);
    case 'message':
      return namedArgs(record.payload, row);
    case 'log':
      return namedArgs(record.values, row);
    default:
      return row.value === undefined ? [] : [argOf('value', row.value, true, row)];
  }
}

/** `own`: the argument that is the value of the fact, where its table says so. */
function namedArgs(
  args: Readonly<Record<string, string>> = {},
  row: BrowseRow,
  own?: string,
): FlowArg[] {
  return Object.entries(args).map(([name, value]) =>
    argOf(name, value, own === undefined || name === own, row),
  );
}

/** Of the arguments of a fact one is its value, whose meaning is known. */
function argOf(name: string, value: string, isOwn: boolean, row: BrowseRow): FlowArg {
  const isValue =
    isOwn &&
    row.value !== undefined &&
    (value === row.value ||
      (bigintOf(value) !== undefined && bigintOf(value) === bigintOf(row.value)));
  const meaning = isValue ? meaningOf(row) : undefined;
  return meaning === undefined ? { name, value } : { name, value, meaning };
}
