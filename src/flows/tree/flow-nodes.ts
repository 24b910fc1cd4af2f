/** Building blocks of a flow: nodes that still grow, and what makes repeats of them one. */
import type { FlowArg, FlowNode } from '../../model/flow.js';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** A node that still grows. */
export interface Draft extends Mutable<Omit<FlowNode, 'id' | 'children' | 'rolledBack'>> {
  readonly rolledBack: boolean;
  readonly children: Draft[];
  /** What of the arguments makes it another thing: booleans, words, states; no sizes, no addresses. */
  readonly telling: string;
}

/** A node with nothing but what is given. By name: what spreads put together takes several times the memory. */
export function draft(given: Pick<Draft, 'kind' | 'name' | 'line'> & Partial<Draft>): Draft {
  return {
    kind: given.kind,
    name: given.name,
    line: given.line,
    lastLine: given.lastLine ?? given.line,
    lane: given.lane ?? 'main loop',
    actor: given.actor ?? null,
    thread: given.thread ?? null,
    device: given.device ?? null,
    deviceName: given.deviceName ?? null,
    vring: given.vring ?? null,
    args: given.args ?? NOTHING,
    result: given.result ?? null,
    callSite: given.callSite ?? null,
    folded: given.folded ?? NOTHING,
    count: given.count ?? 1,
    time: given.time ?? null,
    rolledBack: given.rolledBack ?? false,
    telling: given.telling ?? '',
    children: [],
  };
}

const NOTHING: readonly never[] = [];
const ROLLED_BACK = { rolledBack: true } as const;

/** Equal keys: the same thing happened, whatever is inside. */
function keyOf(node: Draft): string {
  const { kind, name, actor, device, vring, result, telling, rolledBack } = node;
  return [kind, name, actor, device, vring, result, telling, rolledBack].join('\0');
}

/** Appends a node that has no children, or counts it with the one before if that is the same; gives the one that is there. */
export function appendLeaf(siblings: Draft[], leaf: Draft): Draft {
  const last = siblings.at(-1);
  if (last?.children.length === 0 && keyOf(last) === keyOf(leaf)) {
    merge(last, leaf);
    return last;
  }
  siblings.push(leaf);
  return leaf;
}

function merge(into: Draft, next: Draft): void {
  into.count += next.count;
  into.lastLine = Math.max(into.lastLine, next.lastLine);
  // What differs from time to time is not true of all.
  into.args = into.args.filter((arg) => isAmong(arg, next.args));
}

function isAmong({ name, value }: FlowArg, args: readonly FlowArg[]): boolean {
  return args.some((arg) => arg.name === name && arg.value === value);
}

/** Drafts → nodes: repeats in a row become one, and every node gets its number. Linear; calls of known functions are not deep. */
export function finishNodes(drafts: readonly Draft[]): FlowNode[] {
  let id = 0;
  const number = (list: readonly Shaped[]): FlowNode[] =>
    list.map(({ node, inside }) => ({
      id: id++,
      kind: node.kind,
      name: node.name,
      line: node.line,
      lastLine: node.lastLine,
      lane: node.lane,
      actor: node.actor,
      thread: node.thread,
      device: node.device,
      deviceName: node.deviceName,
      vring: node.vring,
      args: node.args,
      result: node.result,
      callSite: node.callSite,
      folded: node.folded,
      count: node.count,
      time: node.time,
      ...(node.rolledBack ? ROLLED_BACK : {}),
      children: number(inside),
    }));
  return number(new Collapser().collapse(drafts));
}

interface Shaped {
  readonly node: Draft;
  readonly inside: readonly Shaped[];
  /** Equal for nodes with equal keys and equal insides. */
  readonly shape: number;
}

class Collapser {
  private readonly shapes = new Map<string, number>();

  collapse(drafts: readonly Draft[]): Shaped[] {
    const kept: Shaped[] = [];
    for (const node of drafts) {
      const inside = this.collapse(node.children);
      const inner = inside.map((child) => `${child.shape}*${child.node.count}`);
      const shape = this.intern(`${keyOf(node)}\0${inner.join()}`);
      const last = kept.at(-1);
      if (last?.shape === shape) merge(last.node, node);
      else kept.push({ node, inside, shape });
    }
    return kept;
  }

  private intern(text: string): number {
    let number = this.shapes.get(text);
    if (number === undefined) this.shapes.set(text, (number = this.shapes.size));
    return number;
  }
}
