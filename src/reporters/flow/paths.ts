/** Documented paths beside what the backtraces show of them. */
import { printable } from '../../base/printable.js';
import type {
  CallStatus,
  DocumentedCall,
  DocumentedPath,
  PathComparison,
} from '../../model/code-flow.js';
import { createColors } from '../colors.js';
import type { Colors } from '../colors.js';
import { pathNames, placeText } from '../places.js';
import { count, displayPath } from '../text.js';
import { drawTrees } from './tree-lines.js';
import type { Drawn, Word } from './tree-lines.js';

export interface PathsOptions {
  readonly color: boolean;
  /** Columns of the terminal. */
  readonly width: number;
}

/** One tree for each documented path, one line for each call. Pure. */
export function renderPaths(comparison: PathComparison, { color, width }: PathsOptions): string {
  const colors = createColors(color);
  const { bold, dim } = colors;
  const { paths, backtraces } = comparison;
  if (paths.length === 0) {
    return `${dim('no documented paths: notes write them as a()->b(), or a() with -> b() below it')}\n`;
  }
  const names = pathNames([...new Set(pathsOf(comparison))]);
  const lines: string[] = [];
  for (const path of paths) {
    const head = `${displayPath(path.path)}:${path.line}`;
    const trees = drawTrees(drawnOf(path, names, colors), width, dim);
    lines.push(bold(head), ...trees, '');
  }
  lines.push(...summaryLines(comparison));
  if (backtraces === 0) lines.push(dim('No backtraces to compare with: name captures, too.'));
  else lines.push(dim('Not seen is no proof: a debugger stops only where it was told to.'));
  return lines.map((line) => `${line}\n`).join('');
}

/** Notes, and captures that show something of them. */
function pathsOf({ paths }: PathComparison): string[] {
  return paths.flatMap(({ path, calls }) => [
    path,
    ...calls.flatMap(({ seen }) => seen?.path ?? []),
  ]);
}

/** Calls in a row with their depths → trees. */
function drawnOf(
  { calls }: DocumentedPath,
  names: ReadonlyMap<string, string>,
  colors: Colors,
): Drawn[] {
  const roots: DrawnCall[] = [];
  const above: DrawnCall[] = [];
  const mostColumns = Math.max(...calls.map(({ func, depth }) => func.length + 3 * depth)) + 4;
  for (const call of calls) {
    above.length = Math.min(above.length, call.depth);
    const drawn = { words: wordsOf(call, mostColumns, names, colors), children: [] };
    (above.at(-1)?.children ?? roots).push(drawn);
    above.push(drawn);
  }
  return roots;
}

interface DrawnCall extends Drawn {
  readonly children: DrawnCall[];
}

function wordsOf(
  call: DocumentedCall,
  columns: number,
  names: ReadonlyMap<string, string>,
  colors: Colors,
): Word[] {
  const { func, depth, status, implementation, between, seen } = call;
  const name = `${printable(func)}()`.padEnd(Math.min(columns, 60) - 3 * depth);
  const { text, color } = MARKS[status];
  const words: Word[] = [{ text: name }, { text, color: colors[color] }];
  if (seen !== null) words.push({ text: placeText(seen, names) });
  if (implementation !== null) {
    words.push({ text: `as ${printable(implementation)}`, color: colors.cyan });
  }
  if (between.length > 0) {
    words.push(...viaWords(between).map((word) => ({ text: word, color: colors.dim })));
  }
  return words;
}

const MOST_BETWEEN = 6;

function viaWords(between: readonly string[]): string[] {
  const shown = between.slice(0, MOST_BETWEEN).map((func) => printable(func));
  const more = between.length - shown.length;
  const names = more > 0 ? [...shown, `${more} more`] : shown;
  return ['via', ...names.map((name, i) => (i < names.length - 1 ? `${name} >` : name))];
}

const MARKS: Readonly<
  Record<CallStatus, { text: string; color: 'green' | 'yellow' | 'red' | 'dim' }>
> = {
  seen: { text: '✓ seen', color: 'green' },
  between: { text: '≈ seen', color: 'green' },
  elsewhere: { text: '~ seen on another path', color: 'yellow' },
  'not-seen': { text: '✗ not seen', color: 'red' },
  'no-function': { text: '· no function: backtraces cannot show it', color: 'dim' },
};

function summaryLines({ paths, summary, backtraces }: PathComparison): string[] {
  const parts = [
    [summary.seen, 'seen'],
    [summary.between, 'seen with other frames between'],
    [summary.partly, 'partly seen'],
    [summary['not-seen'], 'not seen'],
    [paths.filter(isOfOneFunction).length, 'of one function alone'],
  ] as const;
  const total = parts.reduce((sum, [number]) => sum + number, 0);
  const texts = parts.filter(([number]) => number > 0).map(([number, text]) => `${number} ${text}`);
  const what = `${count(total, 'documented path')} and ${count(backtraces, 'backtrace')}`;
  return [texts.length === 0 ? what : `${what}: ${texts.join(', ')}`];
}

/** There is no caller to compare with; it is shown, and so it counts. */
function isOfOneFunction({ calls }: DocumentedPath): boolean {
  return calls.every(({ path }) => path === null);
}
