/** Edits of a gdb log that model an incomplete capture. Lines in, lines out. */
import { createReader } from '../../src/formats/reader.js';

/** For each line the function whose report it belongs to, undefined for lines of no report. */
export function ownersOf(lines: readonly string[]): readonly (string | undefined)[] {
  const reader = createReader();
  for (const line of lines) reader.push(line);
  const owners = new Array<string | undefined>(lines.length);
  let current: string | undefined;
  for (const record of reader.finish().records) {
    let owner: string | undefined;
    if (record.kind === 'stop') owner = current = record.frame?.func;
    else if (record.kind === 'backtrace') owner = current = record.frames[0]?.func;
    else if (record.kind === 'chatter') owner = current;
    else if (record.kind === 'command')
      owner = /^(?:bt|c|p)\b/.test(record.text) ? current : undefined;
    else if (record.kind === 'breakpoint-set') owner = record.func;
    for (let line = record.span.first; line <= record.span.last; line++) {
      owners[line - 1] = toldAgain(lines[line - 1]) ?? owner;
    }
  }
  return owners;
}

/** The machine interface tells of a breakpoint again each time it is hit. */
function toldAgain(line = ''): string | undefined {
  return /^=breakpoint-modified,bkpt=\{.*?,func="(\w+)"/.exec(line)?.[1];
}

/**
 * The capture as it would be had these functions not been watched: all their reports are gone, and
 * the other breakpoints have the numbers that gdb would have given them (it leaves no holes).
 */
export function unwatch(lines: readonly string[], functions: ReadonlySet<string>): string[] {
  const owners = ownersOf(lines);
  const left = lines.filter((_, i) => {
    const owner = owners[i];
    return owner === undefined || !functions.has(owner);
  });
  return renumber(left);
}

const NUMBER = /(\bhit Breakpoint |^Breakpoint |bkptno="|bkpt=\{number=")(\d+)/;

function renumber(lines: readonly string[]): string[] {
  const numbers = new Set<number>();
  for (const line of lines) {
    const number = NUMBER.exec(line)?.[2];
    if (number !== undefined) numbers.add(Number(number));
  }
  const order = [...numbers].sort((a, b) => a - b);
  return lines.map((line) =>
    line.replace(
      NUMBER,
      (_, text: string, number: string) => `${text}${order.indexOf(Number(number)) + 1}`,
    ),
  );
}
