/** Building blocks of a flow: nodes that still grow, and what makes repeats of them one. */
import type { FlowArg, FlowNode } from '../../model/flow.js';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** A node that still grows. */
export interface Draft extends Mutable<
  Omit<FlowNode, 'id' | 'children' | 'rolledBack' | 'inTurn'>
> {
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
const IN_TURN = { inTurn: true } as const;

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
    list.map(({ node, inside, turns }) => ({
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
      ...(turns > 1 ? IN_TURN : {}),
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
  /** Turns that it stands for, of several nodes one after the other; 1 where it stands for itself. */
  turns: number;
}

/** Devices whose calls are seen to come by turns; a virtual machine has hardly more. */
const MOST_IN_TURN = 8;

/** Fewer turns are shown one by one. */
const LEAST_TURNS = 3;

class Collapser {
  private readonly shapes = new Map<string, number>();

  collapse(drafts: readonly Draft[]): Shaped[] {
    const kept: Shaped[] = [];
    for (const node of drafts) {
      const inside = this.collapse(node.children);
      const inner = inside.map((child) => `${child.shape}*${child.node.count}`);
      const shape = this.intern(`${keyOf(node)}\0${inner.join()}`);
      const last = kept.at(-1);
      if (last?.shape === shape && last.turns === 1) merge(last.node, node);
      else {
        // The one before has all its executions now.
        foldTurns(kept);
        kept.push({ node, inside, shape, turns: 1 });
      }
    }
    foldTurns(kept);
    return kept;
  }

  private intern(text: string): number {
    let number = this.shapes.get(text);
    if (number === undefined) this.shapes.set(text, (number = this.shapes.size));
    return number;
  }
}

/** The last nodes become part of those in front of them where they are the next turn of the same. */
function foldTurns(kept: Shaped[]): void {
  for (let period = 2; period <= MOST_IN_TURN; period++) {
    const turns = turnsAtEnd(kept, period);
    const first = kept.length - period * (turns - 1);
    const isFolded = (kept[first - 1]?.turns ?? 1) > 1;
    if (turns < 2 || (!isFolded && turns < LEAST_TURNS)) continue;
    for (const [i, { node }] of kept.splice(first).entries()) {
      const into = kept[first - period + (i % period)];
      if (into === undefined) continue;
      merge(into.node, node);
      into.turns += 1;
    }
    return;
  }
}

/** How often the last `period` nodes came, one turn behind the other. */
function turnsAtEnd(kept: readonly Shaped[], period: number): number {
  let turns = 1;
  if (kept.at(-1)?.shape !== kept.at(-1 - period)?.shape) return turns;
  const last = kept.slice(-period);
  if (!last.every(isTurn)) return turns;
  for (;;) {
    const end = kept.length - period * turns;
    const before = kept.slice(Math.max(0, end - period), end);
    const isSame =
      before.length === period &&
      before.every(
        (one, i) =>
          one.shape === last[i]?.shape &&
          one.node.count === last[i].node.count * one.turns &&
          one.turns === before[0]?.turns &&
          last[i].turns === 1,
      );
    if (!isSame) return turns;
    turns += 1;
    if ((before[0]?.turns ?? 1) > 1) return turns;
  }
}

/** A call or an event with nothing inside: what has more is shown each time. */
function isTurn({ node, inside }: Shaped): boolean {
  return inside.length === 0 && (node.kind === 'call' || node.kind === 'event');
}
