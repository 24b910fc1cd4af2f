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
  const times = new Times(countOf(flow.nodes));
  const printed = times.print(flow.nodes, reading);
  if (printed === undefined) times.tickThrough(flow.nodes, start);
  else times.enclose(flow.nodes, printed === 'boot' ? start : 0n);
  return {
    kind: printed ?? 'synthetic',
    intervalOf: (node) => times.of(node),
    hull: (nodes) => hullOf(nodes.map((node) => times.of(node))) ?? [start, start],
  };
}

function countOf(nodes: readonly FlowNode[]): number {
  let count = nodes.length;
  for (const { children } of nodes) count += countOf(children);
  return count;
}

/** Intervals of nodes by their id: a trace has millions, and an object for each would be as large as the node. */
class Times {
  private readonly begins: BigInt64Array;
  private readonly ends: BigInt64Array;

  constructor(nodes: number) {
    this.begins = new BigInt64Array(nodes);
    this.ends = new BigInt64Array(nodes);
  }

  of({ id }: FlowNode): Interval {
    return [this.begins[id] ?? 0n, this.ends[id] ?? 0n];
  }

  private set({ id }: FlowNode, [from, to]: Interval): void {
    this.begins[id] = from;
    this.ends[id] = to;
  }

  /**
   * Times of the nodes that stand for something printed; gives what they count from. Undefined where one has no
   * time, or where clocks of two kinds meet.
   */
  print(nodes: readonly FlowNode[], reading: Reading): ClockKind | undefined {
    let kind: ClockKind | undefined;
    const visit = (list: readonly FlowNode[]): boolean =>
      list.every((node) => {
        if (!isGroup(node)) {
          const first = instantOf(timeAt(reading, node.line));
          const last = instantOf(timeAt(reading, node.lastLine)) ?? first;
          kind ??= first?.kind;
          if (!isOf(kind, first) || !isOf(kind, last)) return false;
          this.set(node, [first.nanoseconds, max(first.nanoseconds, last.nanoseconds)]);
        }
        return visit(node.children);
      });
    return visit(nodes) ? kind : undefined;
  }

  /** Printed times, widened so that what is inside lies inside. */
  enclose(nodes: readonly FlowNode[], offset: bigint): void {
    for (const node of nodes) {
      this.enclose(node.children, offset);
      const inside = hullOf(node.children.map((child) => this.of(child)));
      const [from, to] = this.of(node);
      const own: Interval = [from + offset, to + offset];
      if (isGroup(node)) this.set(node, inside ?? [offset, offset]);
      else this.set(node, inside === undefined ? own : span(own, inside));
    }
  }

  tickThrough(nodes: readonly FlowNode[], start: bigint): void {
    let now = start;
    const visit = (node: FlowNode): void => {
      const from = now;
      now += TICK;
      node.children.forEach(visit);
      this.set(node, [from, now]);
      now += TICK;
    };
    nodes.forEach(visit);
  }
}

function isOf(kind: ClockKind | undefined, instant: Instant | undefined): instant is Instant {
  return instant !== undefined && instant.kind === kind;
}

/** Parts of a migration and notes: nothing printed stands for them. */
function isGroup({ kind }: FlowNode): boolean {
  return kind === 'migration' || kind === 'phase' || kind === 'snippet';
}

/** Undefined for none. */
function hullOf([first, ...rest]: readonly Interval[]): Interval | undefined {
  return first && rest.reduce(span, first);
}

function span([from, to]: Interval, [begin, end]: Interval): Interval {
  return [min(from, begin), max(to, end)];
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
