/** Flows as a Graphviz graph: one node for each node of the tree, coloured by lane. */
import type { Flow, FlowNode, Lane } from '../../model/flow.js';
import { nodeText } from './text.js';
import { displayPath } from '../text.js';

const COLORS: Readonly<Record<Lane, string>> = {
  'guest vCPU': '#f6e3c5',
  'migration thread': '#d9e8f6',
  'main loop': '#e4e4e4',
  'vhost core': '#dff0d8',
  backend: '#f3d6d6',
};

/** One graph with a cluster for each session. Pure. */
export function renderDot(flows: readonly Flow[]): string {
  const lines = [
    'digraph flow {',
    '  rankdir=LR;',
    '  node [shape=box, style="rounded,filled", fontname="monospace", fontsize=10];',
  ];
  for (const [i, flow] of flows.entries()) {
    lines.push(`  subgraph cluster_${i} {`, `    label=${quoted(displayPath(flow.path))};`);
    addNodes(flow.nodes, `f${i}n`, undefined, lines);
    lines.push('  }');
  }
  return `${[...lines, '}'].join('\n')}\n`;
}

function addNodes(
  nodes: readonly FlowNode[],
  prefix: string,
  above: FlowNode | undefined,
  lines: string[],
): void {
  for (const node of nodes) {
    const label = quoted(`${nodeText(node)}\nline ${node.line}`);
    lines.push(`    ${prefix}${node.id} [label=${label}, fillcolor="${COLORS[node.lane]}"];`);
    if (above !== undefined) lines.push(`    ${prefix}${above.id} -> ${prefix}${node.id};`);
    addNodes(node.children, prefix, node, lines);
  }
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n')}"`;
}
