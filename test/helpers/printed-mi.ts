/** gdb's way to print frames, stops and the console in the machine interface: gdb/mi/mi-out.c, mi-console.c. */
import type { Arg, CaptureRecord, Frame } from '../../src/model/record.js';
import { printFrame } from './printed-frames.js';

const ONE_LINE = { width: 1_000_000, listAsWhole: false, strip: false };

/** A string of C; bytes that are not ASCII may come as octal numbers. */
export function quote(text: string, octal = false): string {
  const escaped = text
    .replace(/[\\"]/g, (sign) => `\\${sign}`)
    .replace(/\n/g, '\\n')
    .replace(/\t/g, '\\t');
  return `"${octal ? escaped.replace(/[^\0-\x7f]+/g, toOctal) : escaped}"`;
}

function toOctal(text: string): string {
  return [...Buffer.from(text)].map((byte) => `\\${byte.toString(8)}`).join('');
}

/** `frame={level="1",addr="0x...",func="f",...}` without arguments. */
function miFrame({ address, func, file, line, lib }: Frame, level: number): string {
  const fields = [
    `level="${level}"`,
    ...(address === undefined ? [] : [`addr="${address}"`]),
    `func=${quote(func)}`,
    ...placeFields({ file, line, lib }),
  ];
  return `frame={${fields.join(',')},arch="i386:x86-64"}`;
}

function placeFields({ file, line, lib }: Pick<Frame, 'file' | 'line' | 'lib'>): string[] {
  if (lib !== undefined) return [`from=${quote(lib)}`];
  if (file === undefined) return [];
  return [`file=${quote(file)}`, `fullname=${quote(`/src/${file}`)}`, `line="${line ?? 0}"`];
}

function miArgs(args: readonly Arg[]): string {
  const items = args.flatMap(({ name, value, entry }) => [
    ...(value === undefined ? [] : [`{name=${quote(name)},value=${quote(value)}}`]),
    ...(entry === undefined ? [] : [`{name=${quote(`${name}@entry`)},value=${quote(entry)}}`]),
  ]);
  return `args=[${items.join(',')}]`;
}

/** The answer to `-stack-list-frames`. */
export function stackLine(frames: readonly Frame[], token = ''): string {
  return `${token}^done,stack=[${frames.map(miFrame).join(',')}]`;
}

/** The answer to `-stack-list-arguments 1`. */
export function argsLine(frames: readonly Frame[], token = ''): string {
  const items = frames.flatMap(({ args }, level) =>
    args === undefined ? [] : [`frame={level="${level}",${miArgs(args)}}`],
  );
  return `${token}^done,stack-args=[${items.join(',')}]`;
}

/** What the console prints of a stack, in pieces that end at `cuts` (positions in the text). */
export function consolePieces(frames: readonly Frame[], cuts: readonly number[]): string[] {
  const printed = frames.flatMap((shown, level) => printFrame(level, shown, ONE_LINE));
  // Not inside a character: gdb writes a whole one at a time.
  const text = Array.from(`${printed.join('\n')}\n`);
  const ends = [...new Set(cuts.map((cut) => 1 + (cut % text.length)))].sort((a, b) => a - b);
  return [...ends, text.length]
    .map((end, i) => text.slice(ends[i - 1] ?? 0, end).join(''))
    .filter((piece) => piece !== '')
    .map((piece) => `~${quote(piece)}`);
}

/** The records as the command line would have printed them; threads that it names by LWP alone are left out. */
export function printAsCli(records: readonly CaptureRecord[]): readonly string[] {
  return records.flatMap((record) => {
    switch (record.kind) {
      case 'stop': {
        if (record.frame === undefined) return [];
        const { num = '1', name = '' } = record.thread ?? {};
        const [place = ''] = printFrame(0, { ...record.frame, address: undefined }, ONE_LINE);
        const hit = `Thread ${num} "${name}" hit Breakpoint ${record.number ?? 0}`;
        return ['', `${hit}, ${place.replace(/^#0 +/, '')}`];
      }
      case 'backtrace':
        return record.frames.flatMap((printed, i) => {
          const isFirst = i === 0;
          const shown = isFirst ? { ...printed, address: undefined } : printed;
          return printFrame(record.levels[i] ?? i, shown, ONE_LINE);
        });
      case 'breakpoint-set': {
        const { number, func = '', file = '', line = 0 } = record;
        return [`(gdb) b ${func}`, `Breakpoint ${number} at 0x1000: file ${file}, line ${line}.`];
      }
      case 'process':
        return record.what === 'start'
          ? ['Starting program: ./qemu']
          : ['[Inferior 1 (process 1) exited normally]'];
      case 'command':
        return record.text.includes('-exec-continue') ? ['(gdb) c', 'Continuing.'] : [];
      default:
        return [];
    }
  });
}

/** The records as the machine interface prints them: every stop has an address and a thread. */
export function printAsMi(records: readonly CaptureRecord[]): readonly string[] {
  const numbers = new Map<number, string>();
  let switchedTo: number | undefined;
  const lines = records.flatMap((record) => {
    if (record.kind === 'stop' && switchedTo !== undefined && record.thread?.num !== undefined) {
      numbers.set(switchedTo, record.thread.num);
      switchedTo = undefined;
    }
    if (record.kind !== 'thread') return printRecord(record);
    const { lwp = 0 } = record.thread;
    if (record.what === 'switch') switchedTo = lwp;
    const id = numbers.get(lwp);
    return record.what === 'exit' && id !== undefined ? [`=thread-exited,id="${id}"`] : [];
  });
  return ['=thread-group-added,id="i1"', ...lines];
}

function printRecord(record: CaptureRecord): readonly string[] {
  switch (record.kind) {
    case 'stop': {
      const { number = 0, thread, frame } = record;
      if (frame === undefined) return [];
      const reason = `reason="breakpoint-hit",disp="keep",bkptno="${number}"`;
      const place = miFrame(frame, 0).replace('arch=', `${miArgs(frame.args ?? [])},arch=`);
      const of = `thread-id="${thread?.num ?? '1'}",stopped-threads="all"`;
      return [`*stopped,${reason},${place},${of}`, '(gdb) '];
    }
    case 'backtrace':
      return [stackLine(record.frames), '(gdb) ', argsLine(record.frames), '(gdb) '];
    case 'process':
      return [`=thread-group-${record.what === 'start' ? 'started' : 'exited'},id="i1"`];
    default:
      return [];
  }
}
