/** A call flow as a tree, with the lines of the capture in the margin. */
import { printable } from '../../base/printable.js';
import type { Flow, FlowFrame, FlowNode } from '../../model/flow.js';
import { createColors } from '../colors.js';
import type { Colors } from '../colors.js';
import { argsText, timesText } from './text.js';
import { displayPath } from '../text.js';

export interface FlowTreeOptions {
  readonly color: boolean;
  /** Show the frames between known calls, and those that lead to a thread's work. */
  readonly unfold: boolean;
}

/** One tree for each session. Pure. */
export function renderFlowTree(flows: readonly Flow[], options: FlowTreeOptions): string {
  return flows.map((flow) => new TreePrinter(flow, options).print()).join('\n');
}

class TreePrinter {
  private readonly lines: string[] = [];
  private readonly colors: Colors;
  private readonly margin: number;

  constructor(
    private readonly flow: Flow,
    private readonly options: FlowTreeOptions,
  ) {
    this.colors = createColors(options.color);
    this.margin = String(lastLine(flow.nodes)).length;
  }

  print(): string {
    const { path, session, ordered, nodes } = this.flow;
    const { bold, dim } = this.colors;
    const process = session === 0 ? '' : `, process ${session + 1}`;
    this.lines.push(bold(displayPath(path)) + dim(process));
    if (!ordered) {
      this.lines.push(
        dim('Notes: each backtrace stands for itself; --by code puts them together.'),
      );
    }
    this.list(nodes, '', undefined);
    return this.lines.map((line) => `${line.trimEnd()}\n`).join('');
  }

  private list(nodes: readonly FlowNode[], indent: string, above: FlowNode | undefined): void {
    for (const [i, node] of nodes.entries()) {
      const isLast = i === nodes.length - 1;
      const isRoot = above === undefined;
      this.node(node, isRoot ? '' : `${indent}${isLast ? '└─ ' : '├─ '}`, above);
      const inner = isRoot ? '' : `${indent}${isLast ? '   ' : '│  '}`;
      if (this.options.unfold) this.folded(node, inner);
      this.list(node.children, inner, node);
    }
  }

  private node(node: FlowNode, indent: string, above: FlowNode | undefined): void {
    const { dim } = this.colors;
    this.lines.push(`${this.number(node.line)} ${dim(indent)}${this.text(node, above)}`);
  }

  private folded({ folded }: FlowNode, indent: string): void {
    for (const frame of folded) {
      const text = `${indent}· ${frameText(frame)}`;
      this.lines.push(`${this.number(frame.line)} ${this.colors.dim(text)}`);
    }
  }

  private number(line: number): string {
    return this.colors.dim(String(line).padStart(this.margin));
  }

  private text(node: FlowNode, above: FlowNode | undefined): string {
    const { bold, cyan, dim, yellow, magenta } = this.colors;
    if (node.kind === 'migration' || node.kind === 'phase') {
      const outcome = node.result === null ? '' : `: ${printable(node.result)}`;
      return bold(magenta(node.name + outcome)) + dim(timesText(node));
    }
    if (node.kind === 'snippet') return dim(node.name) + dim(timesText(node));
    const isNewActor = node.actor !== null && node.actor !== above?.actor;
    const isNewDevice = node.deviceName !== null && node.deviceName !== above?.deviceName;
    return [
      isNewActor ? dim(`${printable(node.actor)} ▸ `) : '',
      above?.kind === 'call' && node.callSite !== null ? dim(`${node.callSite} `) : '',
      printable(node.name),
      argsText(node.args),
      node.vring === null ? '' : yellow(` vring ${node.vring}`),
      isNewDevice ? cyan(` ${printable(node.deviceName)}`) : '',
      node.result === null ? '' : ` = ${printable(node.result)}`,
      dim(timesText(node)),
    ].join('');
  }
}

function frameText({ func, at }: FlowFrame): string {
  return printable(at === null ? func : `${func} at ${at}`);
}

function lastLine(nodes: readonly FlowNode[]): number {
  return nodes.reduce((last, node) => Math.max(last, node.lastLine), 0);
}
