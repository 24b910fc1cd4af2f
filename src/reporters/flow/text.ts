/** How nodes of a flow are worded, in whatever format. */
import { printable } from '../../base/printable.js';
import type { FlowArg, FlowNode } from '../../model/flow.js';
import { thousands } from '../text.js';

/** `(enable_log=true, features=LOG_ALL VERSION_1)`; empty without arguments. What a value means stands for the value. */
export function argsText(args: readonly FlowArg[]): string {
  if (args.length === 0) return '';
  const texts = args.map(({ name, value, meaning }) => `${name}=${meaning ?? value}`);
  return `(${printable(texts.join(', '))})`;
}

/** One line without colours: `vhost_virtqueue_set_addr(enable_log=true) vring 0 vhost-user #1 = -22 ×2`. */
export function nodeText(node: FlowNode): string {
  return [
    printable(node.name),
    argsText(node.args),
    node.vring === null ? '' : ` vring ${node.vring}`,
    node.deviceName === null ? '' : ` ${printable(node.deviceName)}`,
    node.result === null
      ? ''
      : `${node.kind === 'migration' ? ': ' : ' = '}${printable(node.result)}`,
    timesText(node),
  ].join('');
}

/** ` ×6` for what happened several times in a row; else empty. */
export function timesText({ count }: Pick<FlowNode, 'count'>): string {
  return count > 1 ? ` ×${thousands(count)}` : '';
}

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
