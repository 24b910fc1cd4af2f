/**
 * When the nodes of a flow begin and end. Where each of them has a printed time, by that clock; else by a
 * synthetic one that ticks a microsecond at each beginning and end: order and nesting are true, lengths are not.
 */
import type { Flow, FlowNode } from '../model/flow.js';
import type { Reading } from '../model/record.js';
import { instantOf, timeAt } from './clock.js';
import type { ClockKind, Instant } from './clock.js';

/** Nanoseconds since 1970, begin and end. */
export type Interval = readonly [bigint, bigint];

export interface FlowClock {
  readonly kind: ClockKind | 'synthetic';
  readonly intervalOf: (node: FlowNode) => Interval;
  /** From the first beginning to the last end. */
  readonly hull: (nodes: readonly FlowNode[]) => Interval;
}

const TICK = 1000n;

/** `start`: when a capture without a date begins. */
export function clockOf(flow: Flow, reading: Reading, start: bigint): FlowClock {
  const printed = printedTimes(flow.nodes, reading);
  const kind = printed === undefined ? 'synthetic' : printed.kind;
  const intervals =
    printed === undefined
      ? tickThrough(flow.nodes, start)
      : enclose(flow.nodes, printed.times, kind === 'boot' ? start : 0n);
  const intervalOf = (node: FlowNode): Interval => intervals.get(node) ?? [start, start];
  return {
    kind,
    intervalOf,
    hull: (nodes) => {
      const all = nodes.map(intervalOf);
      const [first = [start, start] as const] = all;
      return all.reduce(([from, to], [begin, end]) => [min(from, begin), max(to, end)], first);
    },
  };
}

interface PrintedTimes {
  readonly kind: ClockKind;
  /** Of the nodes that stand for something printed. */
  readonly times: ReadonlyMap<FlowNode, Interval>;
}

/** Undefined where one has no time, or where clocks of two kinds meet. */
function printedTimes(nodes: readonly FlowNode[], reading: Reading): PrintedTimes | undefined {
  const times = new Map<FlowNode, Interval>();
  let kind: ClockKind | undefined;
  const visit = (list: readonly FlowNode[]): boolean =>
    list.every((node) => {
      if (!isGroup(node)) {
        const first = instantOf(timeAt(reading, node.line));
        const last = instantOf(timeAt(reading, node.lastLine)) ?? first;
        kind ??= first?.kind;
        if (!isOf(kind, first) || !isOf(kind, last)) return false;
        times.set(node, [first.nanoseconds, max(first.nanoseconds, last.nanoseconds)]);
      }
      return visit(node.children);
    });
  return visit(nodes) && kind !== undefined ? { kind, times } : undefined;
}

function isOf(kind: ClockKind | undefined, instant: Instant | undefined): instant is Instant {
  return instant !== undefined && instant.kind === kind;
}

/** Parts of a migration and notes: nothing printed stands for them. */
function isGroup({ kind }: FlowNode): boolean {
  return kind === 'migration' || kind === 'phase' || kind === 'snippet';
}

/** Printed times, widened so that what is inside lies inside. */
function enclose(
  nodes: readonly FlowNode[],
  times: ReadonlyMap<FlowNode, Interval>,
  offset: bigint,
): ReadonlyMap<FlowNode, Interval> {
  const intervals = new Map<FlowNode, Interval>();
  const measure = (node: FlowNode): Interval => {
    const own = times.get(node);
    const shifted: Interval[] = own === undefined ? [] : [[own[0] + offset, own[1] + offset]];
    const all = [...shifted, ...node.children.map(measure)];
    const [first = [offset, offset] as const] = all;
    const interval = all.reduce<Interval>(
      ([from, to], [begin, end]) => [min(from, begin), max(to, end)],
      first,
    );
    intervals.set(node, interval);
    return interval;
  };
  nodes.forEach(measure);
  return intervals;
}

function tickThrough(nodes: readonly FlowNode[], start: bigint): ReadonlyMap<FlowNode, Interval> {
  const intervals = new Map<FlowNode, Interval>();
  let now = start;
  const visit = (node: FlowNode): void => {
    const from = now;
    now += TICK;
    node.children.forEach(visit);
    intervals.set(node, [from, now]);
    now += TICK;
  };
  nodes.forEach(visit);
  return intervals;
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
