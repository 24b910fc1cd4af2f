/** Call stacks as a trie of rows: each row is a frame and the stack of its callers. */
import { sharedTail } from '../base/shared-tail.js';
import type { Backtrace, CaptureRecord, Frame } from '../model/record.js';
import type { Database } from './database.js';

/** Rows that are remembered from batch to batch. */
const MOST_NODES = 20_000;

/** A row of the trie that is wanted; `id` is 0 until it has one, which only the empty stack keeps. */
interface Node {
  id: number;
  readonly frame: number;
  readonly parent: Node | undefined;
  children: Map<number, Node> | undefined;
}

interface StackRow {
  readonly parent: number;
  readonly frame: number;
  readonly id: number;
}

/** Places the stacks of one capture, batch by batch. */
export class StackTrie {
  private root = emptyStack();
  private nodes = 0;
  /** Of rows from this one on all children are remembered. */
  private first: number;

  constructor(
    private readonly database: Database,
    private next: number,
  ) {
    this.first = next;
  }

  /** The rows of the stacks among `records`; makes those that are missing. */
  async place(
    records: readonly CaptureRecord[],
    frame: (frame: Frame) => number,
  ): Promise<ReadonlyMap<Backtrace, number>> {
    if (this.nodes > MOST_NODES) {
      this.root = emptyStack();
      this.nodes = 0;
      this.first = this.next;
    }
    const leaves = new Map<Backtrace, Node>();
    /** By depth. */
    const fresh: Node[][] = [];
    let before: readonly Frame[] = [];
    /** The stack before, from its outermost caller inwards. */
    const path = [this.root];
    for (const record of records) {
      if (record.kind !== 'backtrace') continue;
      const { frames } = record;
      // Stacks share what they have in common: nearly always most of the one before.
      const shared = sharedTail(frames, before);
      path.length = shared + 1;
      let node = path[shared] ?? this.root;
      for (let i = frames.length - 1 - shared, depth = shared; i >= 0; i--, depth++) {
        const own = frames[i];
        if (own === undefined) continue;
        node = this.childOf(node, frame(own), (fresh[depth] ??= []));
        path.push(node);
      }
      before = frames;
      leaves.set(record, node);
    }
    await this.number(fresh);
    return new Map(Array.from(leaves, ([backtrace, node]) => [backtrace, node.id]));
  }

  private childOf(node: Node, frame: number, fresh: Node[]): Node {
    const children = (node.children ??= new Map<number, Node>());
    let child = children.get(frame);
    if (child === undefined) {
      child = { id: 0, frame, parent: node, children: undefined };
      children.set(frame, child);
      fresh.push(child);
      this.nodes++;
    }
    return child;
  }

  /** Level by level: below a row that the store had, children may be there too; below a new one, none. */
  private async number(levels: readonly (readonly Node[])[]): Promise<void> {
    const missing: string[] = [];
    for (const level of levels) {
      await this.find(level.filter(({ parent }) => (parent?.id ?? 0) < this.first));
      for (const node of level) {
        if (node.id !== 0) continue;
        node.id = this.next++;
        missing.push(`[${node.id},${node.parent?.id ?? 0},${node.frame}]`);
      }
    }
    await this.database.bulkJson(
      `INSERT INTO stack (id, parent, frame)
       SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?)`,
      missing,
    );
  }

  /** Fills in the ids of those nodes that the store has. */
  private async find(nodes: readonly Node[]): Promise<void> {
    const byParent = new Map<number, Map<number, Node> | undefined>();
    for (const { parent } of nodes) byParent.set(parent?.id ?? 0, parent?.children);
    const found = await this.database.bulk<StackRow>(
      `SELECT s.parent, s.frame, s.id FROM json_each(?) j
       CROSS JOIN stack s ON s.parent = j.value ->> 0 AND s.frame = j.value ->> 1`,
      nodes.map(({ parent, frame }) => [parent?.id ?? 0, frame]),
    );
    for (const { parent, frame, id } of found) {
      const node = byParent.get(parent)?.get(frame);
      if (node !== undefined) node.id = id;
    }
  }
}

function emptyStack(): Node {
  return { id: 0, frame: 0, parent: undefined, children: undefined };
}
