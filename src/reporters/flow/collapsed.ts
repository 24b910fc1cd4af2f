/**
 * Flows as collapsed stacks, `a;b;c count`: what flamegraph.pl, speedscope and inferno read. The count is
 * how often the innermost function was seen below these callers.
 */
import { printable } from '../../base/printable.js';
import type { Flow, FlowNode } from '../../model/flow.js';

/** One line for each distinct stack, sorted. Pure. `unfold`: with the frames that no rule knows. */
export function renderCollapsed(flows: readonly Flow[], { unfold }: { unfold: boolean }): string {
  const stacks = new Map<string, number>();
  for (const flow of flows) addStacks(flow.nodes, '', 1, unfold, stacks);
  const lines = [...stacks].map(([stack, count]) => `${stack} ${count}\n`);
  return lines.sort().join('');
}

function addStacks(
  nodes: readonly FlowNode[],
  above: string,
  times: number,
  unfold: boolean,
  stacks: Map<string, number>,
): void {
  for (const node of nodes) {
    const count = times * node.count;
    const stack = isGroup(node) ? above : joined(above, namesOf(node, above === '', unfold));
    if (node.children.length > 0) addStacks(node.children, stack, count, unfold, stacks);
    else stacks.set(stack, (stacks.get(stack) ?? 0) + count);
  }
}

/** Phases are no functions. */
function isGroup({ kind }: FlowNode): boolean {
  return kind === 'migration' || kind === 'phase' || kind === 'snippet';
}

function namesOf(
  { name, folded, actor }: FlowNode,
  isOutermost: boolean,
  unfold: boolean,
): string[] {
  const frames = unfold ? folded.map(({ func }) => func).toReversed() : [];
  const first = isOutermost && !unfold && actor !== null ? [actor] : [];
  return [...first, ...frames, name];
}

function joined(above: string, names: readonly string[]): string {
  const own = names.map((name) => printable(name).replace(/[; ]/g, '_')).join(';');
  return above === '' ? own : `${above};${own}`;
}
