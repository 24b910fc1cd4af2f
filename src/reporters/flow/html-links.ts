/** Lines of captures → links to the calls that they show, in the tree of the page. */
import { firstIndex } from '../../base/search.js';
import type { Flow } from '../../model/flow.js';
import { walk } from '../../model/flow-marks.js';

interface Target {
  readonly line: number;
  readonly id: string;
}

export class LineLinks {
  /** By capture, and rising line. */
  private readonly targets = new Map<string, Target[]>();

  constructor(flows: readonly Flow[]) {
    for (const [index, { capture, nodes }] of flows.entries()) {
      const own = this.targets.get(capture) ?? [];
      for (const { node } of walk(nodes)) own.push({ line: node.line, id: nodeId(index, node.id) });
      this.targets.set(capture, own);
    }
    for (const own of this.targets.values()) own.sort((a, b) => a.line - b.line);
  }

  /** `line 12`, as a link to the call at it, or to the nearest one above. */
  lineText(capture: string, line: number): string {
    const own = this.targets.get(capture) ?? [];
    const target = own[firstIndex(own.length, (i) => (own[i]?.line ?? 0) > line) - 1];
    const text = `line ${line}`;
    return target === undefined ? text : `<a href="#${target.id}">${text}</a>`;
  }
}

/** Of the item of the tree; `flow`: which of the page. */
export function nodeId(flow: number, node: number): string {
  return `call-${flow}-${node}`;
}
