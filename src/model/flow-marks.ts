/** Where the violations of a report stand in a flow. */
import { firstIndex } from '../base/search.js';
import type { Flow, FlowNode } from './flow.js';
import type { Finding, Severity } from './report.js';

export interface Mark {
  readonly rule: string;
  readonly severity: Severity;
  /** `✗ LS-ALL-RINGS`; with its line where the node is only the nearest one before it. */
  readonly text: string;
}

const SIGNS: Readonly<Record<Severity, string>> = { error: '✗', warning: '▲', note: '•' };

/** All nodes, depth first, with the nodes above them (outermost first). */
export function* walk(
  nodes: readonly FlowNode[],
  above: readonly FlowNode[] = [],
): Generator<{ node: FlowNode; above: readonly FlowNode[] }> {
  for (const node of nodes) {
    yield { node, above };
    yield* walk(node.children, [...above, node]);
  }
}

/** Of nodes whose executions came by turns the one of the device. */
function inItsTurn(
  nodes: readonly FlowNode[],
  last: number,
  line: number,
  device: string | null,
): FlowNode | undefined {
  for (let i = last; nodes[i]?.inTurn === true; i--) {
    const node = nodes[i];
    if (node?.device === device && line <= node.lastLine) return node;
  }
  return undefined;
}

/** Violations by the id of the node that shows their line, or else of the last one before it. */
export function marksOf(flow: Flow, findings: readonly Finding[]): ReadonlyMap<number, Mark[]> {
  const marks = new Map<number, Map<string, Mark>>();
  const own = findings.filter(
    ({ verdict, capture, session }) =>
      verdict === 'violation' && capture === flow.capture && session === flow.session,
  );
  if (own.length === 0) return new Map();
  // Of the nodes of one line the innermost is last.
  const nodes = Array.from(walk(flow.nodes), ({ node }) => node).sort((a, b) => a.line - b.line);
  for (const { rule, severity, at, device } of own) {
    const after = firstIndex(nodes.length, (i) => (nodes[i]?.line ?? 0) > at.line);
    const last = Math.max(0, after - 1);
    const node = inItsTurn(nodes, last, at.line, device) ?? nodes[last];
    if (node === undefined) continue;
    const place = node.line === at.line ? '' : ` (line ${at.line})`;
    const text = `${SIGNS[severity]} ${rule}${place}`;
    const ofNode = marks.get(node.id) ?? new Map<string, Mark>();
    marks.set(node.id, ofNode.set(text, { rule, severity, text }));
  }
  return new Map([...marks].map(([id, ofNode]) => [id, [...ofNode.values()]]));
}
