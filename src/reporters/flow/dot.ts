/** Flows as a Graphviz graph: one node for each node of the tree, coloured by lane. */
import type { Flow, FlowNode, Lane } from '../../model/flow.js';
import { marksOf } from '../../model/flow-marks.js';
import type { Mark } from '../../model/flow-marks.js';
import type { Finding, Severity } from '../../model/report.js';
import { nodeText } from './text.js';
import { displayPath } from '../text.js';

const COLORS: Readonly<Record<Lane, string>> = {
  'guest vCPU': '#f6e3c5',
  'migration thread': '#d9e8f6',
  'main loop': '#e4e4e4',
  'vhost core': '#dff0d8',
  backend: '#f3d6d6',
};

const BORDERS: Readonly<Record<Severity, string>> = {
  error: '#c0392b',
  warning: '#b9770e',
  note: '#2471a3',
};

/** One graph with a cluster for each session; calls that violate a rule have a coloured border. Pure. */
export function renderDot(flows: readonly Flow[], findings: readonly Finding[]): string {
  const lines = [
    'digraph flow {',
    '  rankdir=LR;',
    '  node [shape=box, style="rounded,filled", fontname="monospace", fontsize=10];',
  ];
  for (const [i, flow] of flows.entries()) {
    lines.push(`  subgraph cluster_${i} {`, `    label=${quoted(displayPath(flow.path))};`);
    addNodes(flow.nodes, { prefix: `f${i}n`, marks: marksOf(flow, findings), lines }, undefined);
    lines.push('  }');
  }
  return `${[...lines, '}'].join('\n')}\n`;
}

interface Cluster {
  /** Of the names of its nodes. */
  readonly prefix: string;
  readonly marks: ReadonlyMap<number, readonly Mark[]>;
  readonly lines: string[];
}

function addNodes(nodes: readonly FlowNode[], cluster: Cluster, above: FlowNode | undefined): void {
  const { prefix, marks, lines } = cluster;
  for (const node of nodes) {
    const own = marks.get(node.id) ?? [];
    const label = quoted(
      [nodeText(node), `line ${node.line}`, ...own.map(({ text }) => text)].join('\n'),
    );
    const border = own[0] === undefined ? '' : `, color="${BORDERS[own[0].severity]}", penwidth=2`;
    lines.push(
      `    ${prefix}${node.id} [label=${label}, fillcolor="${COLORS[node.lane]}"${border}];`,
    );
    if (above !== undefined) lines.push(`    ${prefix}${above.id} -> ${prefix}${node.id};`);
    addNodes(node.children, cluster, node);
  }
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n')}"`;
}
