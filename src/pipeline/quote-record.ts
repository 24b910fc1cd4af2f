/**
 * A line of a capture, put together again from its record.
 *
 * For captures whose file is gone: what the store keeps says the same, if not in the same columns.
 */
import type { Arg, CaptureRecord, Frame, Reading } from '../model/record.js';

/** The frame, event, stop or command that stands on `line`; undefined for anything else. */
export function quoteRecord(
  { records }: Pick<Reading, 'records'>,
  line: number,
): string | undefined {
  const record = recordAt(records, line);
  switch (record?.kind) {
    case 'backtrace': {
      const i = record.lines.findLastIndex((first) => first <= line);
      const frame = record.frames[i];
      return frame && `#${String(record.levels[i] ?? i).padEnd(3)}${frameText(frame)}`;
    }
    case 'event':
      return `${record.name} ${record.text}`;
    case 'stop':
      return record.frame && `${record.reason} ${record.number ?? ''}: ${frameText(record.frame)}`;
    case 'command':
      return `(gdb) ${record.text}`;
    default:
      return undefined;
  }
}

/** Records are in file order, so the one that holds a line is found by halving. */
export function recordAt(
  records: readonly CaptureRecord[],
  line: number,
): CaptureRecord | undefined {
  let low = 0;
  let high = records.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((records[middle]?.span.first ?? 0) <= line) low = middle + 1;
    else high = middle;
  }
  const record = records[low - 1];
  return record !== undefined && record.span.last >= line ? record : undefined;
}

/** As gdb prints it. Source: gdb/stack.c, print_frame(). */
function frameText({ kind, address, func, args, file, line, lib }: Frame): string {
  if (kind === 'signal-handler') return '<signal handler called>';
  if (kind === 'called-from-gdb') return '<function called from gdb>';
  return [
    address === undefined ? '' : `${address} in `,
    func,
    args === undefined ? '' : ` (${args.map(argText).join(', ')})`,
    file === undefined ? '' : ` at ${file}`,
    line === undefined ? '' : `:${line}`,
    lib === undefined ? '' : ` from ${lib}`,
  ].join('');
}

function argText({ name, value, entry }: Arg): string {
  const atEntry = entry === undefined ? '' : `${name}@entry=${entry}`;
  if (value === undefined) return atEntry === '' ? name : atEntry;
  if (entry === undefined) return `${name}=${value}`;
  return value === entry ? `${name}=${atEntry}` : `${name}=${value}, ${atEntry}`;
}
