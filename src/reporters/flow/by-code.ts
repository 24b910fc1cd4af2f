/** The tree of all backtraces by function and call site, for people, for flame graphs and for Graphviz. */
import { printable } from '../../base/printable.js';
import type { CodeActor, CodeFlow, CodeNode } from '../../model/code-flow.js';
import { createColors } from '../colors.js';
import type { Colors } from '../colors.js';
import { argsText } from './text.js';
import { pathNames, placesText } from '../places.js';
import { count, displayPath, excerptText, thousands } from '../text.js';
import { drawTrees } from './tree-lines.js';
import type { Drawn, Word } from './tree-lines.js';

export interface CodeTreeOptions {
  readonly color: boolean;
  /** Columns of the terminal. */
  readonly width: number;
}

/** A chain of calls that never parts is one entry: `ram_save_setup > ram_init_all > ram_init_bitmaps`. Pure. */
export function renderCodeTree(flow: CodeFlow, { color, width }: CodeTreeOptions): string {
  const colors = createColors(color);
  const { bold, dim } = colors;
  const { captures, backtraces, actors } = flow;
  if (backtraces === 0) return `${dim('no backtraces to put together')}\n`;
  const from =
    captures.length === 1 ? displayPath(captures[0] ?? '') : count(captures.length, 'capture');
  const trees = drawTrees(new CodeDrawer(flow, colors).actors(actors), width, dim);
  const head = `${bold(from)}${dim(`: ${count(backtraces, 'backtrace')} by call site`)}`;
  return [head, ...trees].map((line) => `${line}\n`).join('');
}

/** Names made of templates go on and on. */
const LONGEST_NAME = 70;

class CodeDrawer {
  private readonly names: ReadonlyMap<string, string>;

  constructor(
    flow: CodeFlow,
    private readonly colors: Colors,
  ) {
    this.names = pathNames(flow.captures);
  }

  actors(actors: readonly CodeActor[]): Drawn[] {
    const { bold, magenta } = this.colors;
    return actors.map(({ actor, count: times, children }) => ({
      words: [
        {
          text: actor === null ? '(outer frames not shown)' : printable(actor),
          color: (text) => bold(magenta(text)),
        },
        ...this.times(times),
      ],
      children: children.map((node) => this.node(node, actor)),
    }));
  }

  private node(first: CodeNode, actor: string | null = null): Drawn {
    const chain = chainFrom(first);
    const last = chain.at(-1) ?? first;
    const ends = last.innermost > 0 || last.children.length === 0;
    return {
      words: [
        ...this.site(first, actor),
        ...chain.map((node, i) => this.call(node, chain[i - 1], i < chain.length - 1)),
        ...this.times(last.count),
        ...(ends ? this.places(last) : []),
      ],
      children: last.children.map((child) => this.node(child)),
    };
  }

  /** Where the caller is folded, it is named, unless the actor is called like it. */
  private site({ caller, callSite }: CodeNode, actor: string | null): Word[] {
    if (callSite === null) return [];
    const isNamed = caller === null || caller.replaceAll('_', ' ') === actor?.replaceAll('_', ' ');
    const text = isNamed ? String(callSite) : `${printable(caller)}:${callSite}`;
    return [{ text, color: this.colors.dim }];
  }

  /** Arguments that are only handed on stand once in a chain. */
  private call({ func, args }: CodeNode, above: CodeNode | undefined, goesOn: boolean): Word {
    const own = args.filter(
      ({ name, value }) => !above?.args.some((arg) => arg.name === name && arg.value === value),
    );
    const text = excerptText(func, LONGEST_NAME) + argsText(own);
    return { text: goesOn ? `${text} >` : text };
  }

  private times(times: number): Word[] {
    return times > 1 ? [{ text: `×${thousands(times)}`, color: this.colors.yellow }] : [];
  }

  private places({ seen, count: times }: CodeNode): Word[] {
    return placesText(seen, times, this.names).map((text, i) => ({
      text: i === 0 ? `· ${text}` : text,
      color: this.colors.dim,
    }));
  }
}

/** From a node down to where the ways part or a backtrace ends. */
function chainFrom(first: CodeNode): CodeNode[] {
  const chain = [first];
  for (let node = first; node.innermost === 0 && node.children.length === 1;) {
    const [child] = node.children;
    if (child?.count !== node.count) break;
    chain.push(child);
    node = child;
  }
  return chain;
}

/** `a;b;c 3`, outermost first: what flamegraph.pl, speedscope and inferno read. Sorted. Pure. */
export function renderCodeCollapsed({ actors }: CodeFlow): string {
  const stacks = new Map<string, number>();
  const add = (node: CodeNode, above: string): void => {
    const stack = `${above};${stackName(node.func)}`;
    const below = node.children.reduce((total, child) => total + child.count, 0);
    if (node.count > below) stacks.set(stack, (stacks.get(stack) ?? 0) + node.count - below);
    for (const child of node.children) add(child, stack);
  };
  for (const { actor, children } of actors) {
    for (const node of children) add(node, stackName(actor ?? '(not shown)'));
  }
  return [...stacks]
    .map(([stack, times]) => `${stack} ${times}\n`)
    .sort()
    .join('');
}

function stackName(name: string): string {
  return printable(name).replace(/[; ]/g, '_');
}

/** A Graphviz graph of the tree; edges carry call sites. Pure. */
export function renderCodeDot({ actors }: CodeFlow): string {
  const lines = [
    'digraph code {',
    '  rankdir=LR;',
    '  node [shape=box, style=rounded, fontname="monospace", fontsize=10];',
    '  edge [fontname="monospace", fontsize=9];',
  ];
  let last = 0;
  const add = (node: CodeNode, above: number): void => {
    const id = ++last;
    const times = node.count > 1 ? ` ×${thousands(node.count)}` : '';
    const label = quoted(printable(node.func) + argsText(node.args) + times);
    const site = node.callSite === null ? '' : ` [label="${node.callSite}"]`;
    lines.push(`  n${id} [label=${label}];`, `  n${above} -> n${id}${site};`);
    for (const child of node.children) add(child, id);
  };
  for (const { actor, children } of actors) {
    const id = ++last;
    const label = quoted(printable(actor ?? '(outer frames not shown)'));
    lines.push(`  n${id} [label=${label}, style="rounded,filled", fillcolor="#e4e4e4"];`);
    for (const node of children) add(node, id);
  }
  return `${[...lines, '}'].join('\n')}\n`;
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
