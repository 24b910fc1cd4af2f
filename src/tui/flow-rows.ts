/** The flow tree as rows: what is folded is left out. */
import type { Flow, FlowNode } from '../model/flow.js';
import { marksOf, walk } from '../model/flow-marks.js';
import type { Mark } from '../model/flow-marks.js';
import type { Finding } from '../model/report.js';

export interface FlowRow {
  /** `FLOW:NODE`, what the state knows of it. */
  readonly key: string;
  readonly flow: Flow;
  /** Undefined for the row that names capture and process. */
  readonly node: FlowNode | undefined;
  /** The node above it. */
  readonly above: FlowNode | undefined;
  readonly depth: number;
  readonly isOpen: boolean;
  readonly hasChildren: boolean;
}

/** Trees of up to this many nodes are unfolded at first; of larger ones the phases are. */
const SMALL = 400;

/** All of them, as if nothing were folded. */
export function everyFlowRow(flows: readonly Flow[]): FlowRow[] {
  return flowRows(flows, 'everything');
}

/** Depth first. `toggled` holds the keys of nodes that are not as they are at first. */
export function flowRows(
  flows: readonly Flow[],
  toggled: ReadonlySet<string> | 'everything',
): FlowRow[] {
  return flows.flatMap((flow, index) => {
    const isSmall = sizeOf(flow.nodes) <= SMALL;
    const rows: FlowRow[] = [];
    const list = (nodes: readonly FlowNode[], above: FlowNode | undefined, depth: number): void => {
      for (const node of nodes) {
        const key = `${index}:${node.id}`;
        const isOpenAtFirst = isSmall || node.kind === 'migration';
        const isOpen = toggled === 'everything' || isOpenAtFirst !== toggled.has(key);
        const hasChildren = node.children.length > 0;
        rows.push({ key, flow, node, above, depth, isOpen, hasChildren });
        if (isOpen) list(node.children, node, depth + 1);
      }
    };
    const key = `${index}:flow`;
    const isOpen = toggled === 'everything' || !toggled.has(key);
    rows.push({
      key,
      flow,
      node: undefined,
      above: undefined,
      depth: 0,
      isOpen,
      hasChildren: flow.nodes.length > 0,
    });
    if (isOpen) list(flow.nodes, undefined, 1);
    return rows;
  });
}

const marksByFlow = new WeakMap<Flow, ReadonlyMap<number, readonly Mark[]>>();

/** Violations at the node of a row; of a folded one also those inside of it. A flow has one report. */
export function marksOfRow(
  row: FlowRow | undefined,
  findings: readonly Finding[],
): readonly Mark[] {
  if (row?.node === undefined) return [];
  let marks = marksByFlow.get(row.flow);
  if (marks === undefined) marksByFlow.set(row.flow, (marks = marksOf(row.flow, findings)));
  if (marks.size === 0) return [];
  const own = marks.get(row.node.id) ?? [];
  if (row.isOpen) return own;
  const inside = Array.from(walk(row.node.children), ({ node }) => marks.get(node.id) ?? []);
  return [...own, ...inside.flat()];
}

function sizeOf(nodes: readonly FlowNode[]): number {
  return nodes.reduce((sum, { children }) => sum + 1 + sizeOf(children), 0);
}

/** The last row whose lines begin at a line or before it: its own row, or the folded one that holds it. */
export function flowRowAt(
  rows: readonly FlowRow[],
  sha256: string,
  line: number,
): number | undefined {
  let best: { readonly index: number; readonly line: number } | undefined;
  for (const [index, { flow, node }] of rows.entries()) {
    if (flow.capture !== sha256) continue;
    const at = node?.line ?? 0;
    if (at <= line && (best === undefined || at >= best.line)) best = { index, line: at };
  }
  return best?.index;
}

/** The rows that a row is inside of, outermost first. */
export function ancestors(rows: readonly FlowRow[], index: number): FlowRow[] {
  const above: FlowRow[] = [];
  for (let i = index; (rows[i]?.depth ?? 0) > 0;) {
    i = callerRow(rows, i);
    const row = rows[i];
    if (row !== undefined) above.unshift(row);
  }
  return above;
}

/** The row of the node above. */
export function callerRow(rows: readonly FlowRow[], index: number): number {
  const depth = rows[index]?.depth ?? 0;
  for (let i = index - 1; i >= 0; i--) if ((rows[i]?.depth ?? 0) < depth) return i;
  return index;
}
