/** One fact, one finding or one node of the flow in full → rows of the detail pane. */
import { printable } from '../base/printable.js';
import type { BrowseDetail, BrowseRow } from '../model/browse.js';
import type { FlowArg, FlowFrame, FlowNode } from '../model/flow.js';
import type { Finding, FindingGap } from '../model/report.js';
import { wrapWords } from './style.js';
import { shownThread } from '../model/shown.js';

/** A row of the detail pane, not yet coloured; long texts are several rows. */
export type DetailEntry =
  | { readonly kind: 'alarm'; readonly finding: Finding }
  | { readonly kind: 'more'; readonly indent: number; readonly text: string }
  | { readonly kind: 'heading'; readonly text: string }
  | { readonly kind: 'text'; readonly label: string; readonly text: string }
  | {
      readonly kind: 'frame';
      readonly index: number;
      readonly frame: FlowFrame;
      readonly args: readonly FlowArg[];
    }
  | { readonly kind: 'fold'; readonly count: number }
  | { readonly kind: 'place'; readonly line: number; readonly text: string }
  | { readonly kind: 'line'; readonly line: number; readonly text: string };

/** What the pane shows. */
export type Subject =
  | {
      readonly kind: 'row';
      readonly row: BrowseRow;
      /** Undefined while it is being loaded. */
      readonly detail: BrowseDetail | undefined;
      /** Findings at the same line. */
      readonly findings: readonly Finding[];
      /** What is missing there or above. */
      readonly gaps: readonly FindingGap[];
      /** The node of the flow that it is reached from. */
      readonly node?: FlowNode;
    }
  | { readonly kind: 'finding'; readonly finding: Finding }
  | { readonly kind: 'node'; readonly node: FlowNode; readonly capture: string };

export interface DetailOptions {
  readonly isUnfolded: boolean;
  readonly width: number;
  /** What the timeline calls the thread of a row. */
  readonly threadOf: (row: BrowseRow) => string | undefined;
}

export function detailEntries(subject: Subject | undefined, options: DetailOptions): DetailEntry[] {
  return subjectEntries(subject, options).flatMap((entry) => wrapEntry(entry, options.width));
}

function subjectEntries(subject: Subject | undefined, options: DetailOptions): DetailEntry[] {
  switch (subject?.kind) {
    case undefined:
      return [];
    case 'row':
      return rowEntries(subject, options);
    case 'finding':
      return findingEntries(subject.finding);
    case 'node':
      return nodeEntries(subject.node, options.isUnfolded);
  }
}

function rowEntries(
  { row, detail, findings, gaps, node }: Extract<Subject, { kind: 'row' }>,
  { isUnfolded, threadOf }: DetailOptions,
): DetailEntry[] {
  const alarms = findings.map((finding): DetailEntry => ({ kind: 'alarm', finding }));
  if (detail === undefined) return alarms;
  const lines = detail.lines.map(({ number, text }): DetailEntry => ({
    kind: 'line',
    line: number,
    text,
  }));
  return [
    ...alarms,
    ...gapEntries(gaps),
    ...(node === undefined ? argEntries(row, detail.args, threadOf(row)) : nodeFacts(node)),
    ...frameEntries(detail.frames, isUnfolded),
    ...(lines.length === 0 ? [] : [heading("The capture's own lines"), ...lines]),
  ];
}

function argEntries(
  row: BrowseRow,
  args: readonly FlowArg[],
  thread: string | undefined,
): DetailEntry[] {
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['thread', thread],
    ['device', row.device],
    ['endpoint', row.endpoint],
    ['returned', row.result],
  ];
  const known = facts.flatMap(([label, value]) =>
    value === undefined ? [] : [text(label, value)],
  );
  return [...args.map(argEntry), ...known];
}

function argEntry({ name, value, meaning }: FlowArg): DetailEntry {
  return text(name, meaning === undefined ? value : `${value} = ${meaning}`);
}

type Frames = readonly (FlowFrame & { readonly args: readonly FlowArg[] })[];

/** Functions that migration and vhost are made of; what called the outermost of them is the thread's own loop. */
const OF_INTEREST = /vhost|virtio|migrat|memory_(?:global|region)|savevm|ram_|vm_/;

function frameEntries(frames: Frames, isUnfolded: boolean): DetailEntry[] {
  if (frames.length === 0) return [];
  const last = frames.findLastIndex(({ func }) => OF_INTEREST.test(func));
  const shown = isUnfolded || frames.length - last <= 2 ? frames.length : Math.max(last + 1, 3);
  const rows = frames
    .slice(0, shown)
    .map((frame, index): DetailEntry => ({ kind: 'frame', index, frame, args: frame.args }));
  const folded = frames.length - shown;
  return [
    heading('Backtrace'),
    ...rows,
    ...(folded > 0 ? [{ kind: 'fold', count: folded } as const] : []),
  ];
}

function findingEntries(finding: Finding): DetailEntry[] {
  const { expected, stateBefore, allowed = [], evidence, missing, stack = [], gaps = [] } = finding;
  return [
    { kind: 'alarm', finding },
    ...(expected === undefined ? [] : [text('expected', expected)]),
    ...(allowed.length === 0 ? [] : [text('allowed', allowed.join(', '))]),
    ...(stateBefore === undefined ? [] : [text('before', stateBefore)]),
    ...(finding.count > 1 ? [text('seen', `${finding.count} times, first here`)] : []),
    ...missing.map((what) => text('missing', what)),
    ...gapEntries(gaps),
    ...(evidence.length === 0 ? [] : [heading('Evidence')]),
    ...evidence.map(({ line, role }): DetailEntry => ({ kind: 'place', line, text: role })),
    ...(stack.length === 0 ? [] : [heading('Stack')]),
    ...stack.map(({ func, line }): DetailEntry => ({ kind: 'place', line, text: func })),
    heading(`Why: vhtrace explain ${finding.rule}`),
  ];
}

function gapEntries(gaps: readonly FindingGap[]): DetailEntry[] {
  const places = gaps.map(({ line, why }): DetailEntry => ({ kind: 'place', line, text: why }));
  return places.length === 0 ? [] : [heading('Records missing'), ...places];
}

function nodeFacts(node: FlowNode): DetailEntry[] {
  const facts: readonly (readonly [string, string | null])[] = [
    ['lane', node.lane],
    ['thread', node.thread && shownThread(node.thread)],
    ['device', node.device],
    ['returned', node.result],
    ['time', node.time],
    ['lines', node.lastLine === node.line ? null : `${node.line} to ${node.lastLine}`],
  ];
  return [
    ...node.args.map(argEntry),
    ...facts.flatMap(([label, value]) => (value === null ? [] : [text(label, value)])),
  ];
}

function nodeEntries(node: FlowNode, isUnfolded: boolean): DetailEntry[] {
  return [
    ...nodeFacts(node),
    ...frameEntries(
      node.folded.map((frame) => ({ ...frame, args: [] })),
      isUnfolded,
    ),
  ];
}

function heading(title: string): DetailEntry {
  return { kind: 'heading', text: title };
}

function text(label: string, value: string): DetailEntry {
  return { kind: 'text', label, text: value };
}

/** Columns before the text of a `text` row that has a label. */
export const LABEL = 12;

/** Sentences are read to their end: they become as many rows as they need. */
function wrapEntry(entry: DetailEntry, width: number): DetailEntry[] {
  const room = Math.max(20, width - LABEL - 2);
  if (entry.kind === 'alarm') {
    const rows = wrapWords(printable(entry.finding.message), Math.max(20, width - 4));
    return [entry, ...rows.map((text): DetailEntry => ({ kind: 'more', indent: 2, text }))];
  }
  if (entry.kind !== 'text') return [entry];
  const [first = '', ...rest] = wrapWords(printable(entry.text), room);
  const more = rest.map((row): DetailEntry => ({ kind: 'more', indent: LABEL, text: row }));
  return [{ ...entry, text: first }, ...more];
}

/** Line of the capture that a row of the pane shows. */
export function entryLine(entry: DetailEntry | undefined): number | undefined {
  if (entry === undefined) return undefined;
  if (entry.kind === 'frame') return entry.frame.line;
  if (entry.kind === 'alarm') return entry.finding.at.line;
  return 'line' in entry ? entry.line : undefined;
}
