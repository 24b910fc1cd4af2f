/** A flow as messages between lanes: what a sequence diagram draws. */
import { LANES } from '../../model/flow.js';
import type { Flow, FlowNode, Lane } from '../../model/flow.js';

export type SequenceItem =
  | { readonly what: 'heading'; readonly node: FlowNode; readonly text: string }
  | { readonly what: 'message'; readonly node: FlowNode; readonly from: Lane; readonly to: Lane }
  /** The messages up to the matching `end` happened `node.count` times. */
  | { readonly what: 'repeat'; readonly node: FlowNode }
  | { readonly what: 'end'; readonly node: FlowNode };

/** Items in their order. Pure. */
export function sequenceOf({ nodes }: Flow): SequenceItem[] {
  const items: SequenceItem[] = [];
  addAll(nodes, undefined, '', items);
  return items;
}

function addAll(
  nodes: readonly FlowNode[],
  caller: FlowNode | undefined,
  heading: string,
  items: SequenceItem[],
): void {
  for (const node of nodes) add(node, caller, heading, items);
}

function add(
  node: FlowNode,
  caller: FlowNode | undefined,
  heading: string,
  items: SequenceItem[],
): void {
  const isRepeated = node.count > 1 && node.children.length > 0;
  if (isRepeated) items.push({ what: 'repeat', node });
  if (node.kind === 'migration') {
    addAll(node.children, undefined, `${node.name}: `, items);
  } else if (node.kind === 'phase' || node.kind === 'snippet') {
    const line = node.kind === 'snippet' ? `, line ${node.line}` : '';
    items.push({ what: 'heading', node, text: `${heading}${node.name}${line}` });
    addAll(node.children, undefined, '', items);
  } else {
    items.push({ what: 'message', node, from: caller?.lane ?? senderOf(node), to: node.lane });
    addAll(node.children, node, '', items);
  }
  if (isRepeated) items.push({ what: 'end', node });
}

/** Who begins something that no shown call makes: its thread, or the side from which it must come. */
function senderOf({ kind, actor, lane }: FlowNode): Lane {
  if (kind !== 'call' && lane === 'backend') return 'vhost core';
  const own = LANES.find((name) => name === actor);
  if (own !== undefined) return own;
  if (actor?.startsWith('vCPU') === true) return 'guest vCPU';
  return lane === 'backend' ? 'vhost core' : lane;
}
