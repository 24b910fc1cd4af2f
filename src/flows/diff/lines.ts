/** The steps of two runs, aligned → lines that tell what is equal, missing, extra, changed or moved. */
import { append } from '../../base/append.js';
import { align } from '../../base/align.js';
import type { DiffLine, DiffStep } from '../../model/diff.js';

/** A step to be compared. */
export interface Item {
  readonly key: number;
  readonly probe: string;
  readonly step: DiffStep;
  readonly gaps: number;
}

/** The aligned steps, missing ones before extra ones, with what makes a difference doubtful. */
export function linesOf(
  a: readonly Item[],
  b: readonly Item[],
  endA: boolean,
  endB: boolean,
): DiffLine[] {
  const pairs = align(keysOfItems(a), keysOfItems(b));
  const lines: DiffLine[] = [];
  let [i, j] = [0, 0];
  for (const [x, y] of [...pairs, [a.length, b.length] as const]) {
    const doubt = doubtOf({ a, b, i, j, x, y, endA, endB });
    lines.push(...block(a.slice(i, x), b.slice(j, y), doubt));
    const [own, other] = [a[x], b[y]];
    if (own !== undefined && other !== undefined) {
      const isSame = sameOutcome(own.step, other.step);
      lines.push(line(isSame ? 'same' : 'changed', own.step, other.step, isSame ? null : doubt));
    }
    [i, j] = [x + 1, y + 1];
  }
  return lines;
}

function keysOfItems(items: readonly Item[]): Int32Array {
  return Int32Array.from(items, ({ key }) => key);
}

function line(
  mark: DiffLine['mark'],
  a: DiffStep | null,
  b: DiffStep | null,
  doubt: string | null,
): DiffLine {
  return { mark, a, b, moved: false, doubt };
}

/** What only one capture shows of an argument is no difference; what both show is. */
function sameOutcome(a: DiffStep, b: DiffStep): boolean {
  const differs = (x: string | number | null, y: string | number | null): boolean =>
    x !== null && y !== null && x !== y;
  if (a.name === b.name && differs(a.detail, b.detail)) return false;
  if (differs(a.vring, b.vring)) return false;
  const failed = [a.result, b.result].filter((result) => result !== null).map(isFailure);
  return failed.length < 2 || failed[0] === failed[1];
}

function isFailure(result: string): boolean {
  return /^-\d|^false\b/.test(result);
}

/** Steps between two pairs; a call of the same function, device and ring in both is the same one, changed. */
function block(a: readonly Item[], b: readonly Item[], doubt: string | null): DiffLine[] {
  const waiting = new Map<string, Item[]>();
  for (const item of b) append(waiting, subjectOf(item), item);
  const taken = new Set<Item>();
  const lines = a.map((item) => {
    const other = waiting.get(subjectOf(item))?.shift();
    if (other === undefined || other.key === item.key)
      return line('missing', item.step, null, doubt);
    taken.add(other);
    return line('changed', item.step, other.step, doubt);
  });
  const extra = b.filter((item) => !taken.has(item));
  return [...lines, ...extra.map(({ step }) => line('extra', null, step, doubt))];
}

function subjectOf({ probe, step }: Item): string {
  return `${probe} ${step.device ?? ''} ${step.vring ?? ''} ${step.depth}`;
}

interface Between {
  readonly a: readonly Item[];
  readonly b: readonly Item[];
  readonly i: number;
  readonly j: number;
  readonly x: number;
  readonly y: number;
  readonly endA: boolean;
  readonly endB: boolean;
}

function doubtOf({ a, b, i, j, x, y, endA, endB }: Between): string | null {
  if (hasGap(a, i, x, endA)) return 'records are lost here in A';
  if (hasGap(b, j, y, endB)) return 'records are lost here in B';
  const [onlyA, onlyB] = [x > i && y === j, y > j && x === i];
  const [inA, inB] = [i === 0, j === 0];
  if (inA && inB && onlyA) return 'B begins later';
  if (inA && inB && onlyB) return 'A begins later';
  if (x === a.length && y === b.length && onlyA) return 'B ends here';
  if (x === a.length && y === b.length && onlyB) return 'A ends here';
  return null;
}

function hasGap(items: readonly Item[], from: number, to: number, atEnd: boolean): boolean {
  if (to >= items.length && atEnd) return true;
  const before = items[from - 1]?.gaps ?? 0;
  return (items[Math.min(to, items.length - 1)]?.gaps ?? before) > before;
}

/**
 * A step that is missing in one place and extra in another has changed its place. What runs inside of a
 * call goes with it: it has moved only where the call has.
 */
export function markMoves(lines: readonly DiffLine[]): DiffLine[] {
  const outer = outerOf(lines);
  const moved = new Set<number>();
  match(lines, moved, (at) => outer[at] === undefined);
  match(lines, moved, (at) => moved.has(outer[at] ?? -1));
  return lines.map((each, at) => (moved.has(at) ? { ...each, moved: true } : each));
}

function match(
  lines: readonly DiffLine[],
  moved: Set<number>,
  counts: (at: number) => boolean,
): void {
  const extra = new Map<string, number[]>();
  for (const [at, { mark, b }] of lines.entries()) {
    if (mark === 'extra' && b !== null && counts(at)) append(extra, describe(b), at);
  }
  const found: number[] = [];
  for (const [at, { mark, a }] of lines.entries()) {
    if (mark !== 'missing' || a === null || !counts(at)) continue;
    const other = extra.get(describe(a))?.shift();
    if (other !== undefined) found.push(at, other);
  }
  for (const at of found) moved.add(at);
}

/** For each line the outermost call of the same mark that it runs in, if it is not that itself. */
export function outerOf(lines: readonly DiffLine[]): (number | undefined)[] {
  let outer: { at: number; mark: DiffLine['mark']; depth: number } | undefined;
  return lines.map(({ mark, a, b }, at) => {
    const depth = (a ?? b)?.depth ?? 0;
    if (outer?.mark === mark && mark !== 'same' && depth > outer.depth) return outer.at;
    outer = { at, mark, depth };
    return undefined;
  });
}

function describe({ name, device, vring, detail, depth }: DiffStep): string {
  return JSON.stringify([name, device, vring, detail, depth]);
}
