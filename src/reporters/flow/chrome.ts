/**
 * Flows as Chrome trace events, which Perfetto and chrome://tracing open. Where the capture has no clock,
 * a line of it stands for a microsecond: order and nesting are true, lengths are not.
 *
 * Format: "Trace Event Format", complete events (`ph` X) and metadata (`ph` M).
 */
import type { Flow, FlowNode } from '../../model/flow.js';
import { marksOf, walk } from '../../model/flow-marks.js';
import type { Mark } from '../../model/flow-marks.js';
import type { Finding } from '../../model/report.js';
import { jsonText } from '../json.js';

/** Pure. */
export function renderChrome(flows: readonly Flow[], findings: readonly Finding[]): string {
  const traceEvents = flows.flatMap((flow, i) => eventsOf(flow, marksOf(flow, findings), i + 1));
  return jsonText({
    traceEvents,
    displayTimeUnit: 'ms',
    otherData: {
      clock: 'where no time is printed, a line of the capture stands for a microsecond',
    },
  });
}

function eventsOf(flow: Flow, marks: ReadonlyMap<number, readonly Mark[]>, pid: number): object[] {
  const clock = clockOf(flow.nodes);
  const threads = new Map<string, number>();
  const events: object[] = [
    {
      name: 'process_name',
      ph: 'M',
      pid,
      args: { name: `${flow.path} process ${flow.session + 1}` },
    },
  ];
  for (const { node, above } of walk(flow.nodes)) {
    const thread = threadOf(node, above);
    const known = threads.get(thread);
    const tid = known ?? threads.size + 1;
    if (known === undefined) {
      threads.set(thread, tid);
      events.push({ name: 'thread_name', ph: 'M', pid, tid, args: { name: thread } });
    }
    const [ts, end] = clock(node);
    events.push({
      name: node.name,
      cat: node.kind,
      ph: 'X',
      ts,
      dur: end - ts,
      pid,
      tid,
      args: argsOf(node, marks.get(node.id) ?? []),
    });
  }
  return events;
}

/** Calls are drawn below those that make them; phases have a row of their own. */
function threadOf(node: FlowNode, above: readonly FlowNode[]): string {
  const root = [...above, node].find(({ kind }) => kind !== 'migration' && kind !== 'phase');
  if (root === undefined) return 'migration phases';
  return root.actor ?? root.thread ?? root.lane;
}

function argsOf(node: FlowNode, marks: readonly Mark[]): Readonly<Record<string, string | number>> {
  const args = node.args.map(({ name, value, meaning }) => [name, meaning ?? value]);
  return {
    ...(Object.fromEntries(args) as Record<string, string>),
    ...(node.deviceName === null ? {} : { device: node.deviceName }),
    ...(node.vring === null ? {} : { vring: node.vring }),
    ...(node.result === null ? {} : { result: node.result }),
    ...(node.rolledBack === true ? { outcome: 'rolled back' } : {}),
    ...(node.count === 1 ? {} : { times: node.count }),
    ...(marks.length === 0 ? {} : { violations: marks.map(({ text }) => text).join(', ') }),
    line: node.line,
  };
}

type Interval = readonly [start: number, end: number];

/** Microseconds of every node: of the printed clock where each event has one, else lines of the capture. */
function clockOf(nodes: readonly FlowNode[]): (node: FlowNode) => Interval {
  const shown = [...walk(nodes)].map(({ node }) => node).filter(isShown);
  const isTimed = shown.length > 0 && shown.every(({ time }) => microseconds(time) !== undefined);
  const own = (node: FlowNode): Interval | undefined => {
    if (!isTimed) return [node.line, node.lastLine];
    const time = microseconds(node.time);
    return time === undefined ? undefined : [time, time];
  };
  const intervals = new Map<FlowNode, Interval>();
  const measure = (node: FlowNode): Interval => {
    let [from, to] = own(node) ?? [Infinity, -Infinity];
    for (const child of node.children) {
      const [start, end] = measure(child);
      from = Math.min(from, start);
      // The outer one ends later, if only by the order of the text.
      to = Math.max(to, end + 1);
    }
    intervals.set(node, [from, to]);
    return [from, to];
  };
  nodes.forEach(measure);
  return (node) => {
    const [from, to] = intervals.get(node) ?? [node.line, node.line];
    return [from, to + 1];
  };
}

function isShown({ kind }: FlowNode): boolean {
  return kind !== 'migration' && kind !== 'phase' && kind !== 'snippet';
}

/** Of `1764115200.123456`; other clocks than seconds give undefined. */
function microseconds(time: string | null): number | undefined {
  const match = /^(\d+)\.(\d{1,9})$/.exec(time ?? '');
  if (match === null) return undefined;
  return Number(match[1]) * 1e6 + Number((match[2] ?? '').padEnd(9, '0')) / 1e3;
}
