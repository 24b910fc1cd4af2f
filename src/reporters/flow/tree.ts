/** A call flow as a tree, with the lines of the capture in the margin. */
import { printable } from '../../base/printable.js';
import type { Flow, FlowFrame, FlowNode } from '../../model/flow.js';
import type { Finding } from '../../model/report.js';
import { createColors } from '../colors.js';
import type { Colors } from '../colors.js';
import { marksOf, walk } from '../../model/flow-marks.js';
import type { Mark } from '../../model/flow-marks.js';
import { argsText, callSiteText, deviceLegend, timesText } from './text.js';
import { wrapWords } from './tree-lines.js';
import type { Word } from './tree-lines.js';
import { displayPath, wrap } from '../text.js';

export interface FlowTreeOptions {
  readonly color: boolean;
  /** Show the frames between known calls, and those that lead to a thread's work. */
  readonly unfold: boolean;
  /** Columns that a line may have; undefined where they stay whole. */
  readonly terminal?: number | undefined;
}

/** One tree for each session, with the violations at their calls. Pure. */
export function renderFlowTree(
  flows: readonly Flow[],
  findings: readonly Finding[],
  options: FlowTreeOptions,
): string {
  return flows
    .map((flow) => new TreePrinter(flow, marksOf(flow, findings), options).print())
    .join('\n');
}

/** Columns of a text that stands far to the right. */
const LEAST = 10;

class TreePrinter {
  private readonly lines: string[] = [];
  private readonly colors: Colors;
  private readonly margin: number;

  constructor(
    private readonly flow: Flow,
    private readonly marks: ReadonlyMap<number, readonly Mark[]>,
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
    if (!ordered)
      this.say('Notes: each backtrace stands for itself; --by code puts them together.');
    this.legend();
    this.list(nodes, '', undefined);
    return this.lines.map((line) => `${line.trimEnd()}\n`).join('');
  }

  /** What the numbers are, and which pointer a device is, as check prints it. */
  private legend(): void {
    const isShown = [...walk(this.flow.nodes)].some(
      ({ node, above }) => callSiteText(node, above.at(-1)) !== undefined,
    );
    if (isShown) {
      this.say(
        "The first number is the line of the capture; the one before a call is the line of its caller's source, with the caller's name where that is no row of its own.",
      );
    }
    const devices = deviceLegend(this.flow);
    if (devices !== '') this.say(devices);
  }

  private say(text: string): void {
    const { terminal = Infinity } = this.options;
    for (const line of wrap(text, terminal)) this.lines.push(this.colors.dim(line));
  }

  private list(nodes: readonly FlowNode[], indent: string, above: FlowNode | undefined): void {
    for (const [i, node] of nodes.entries()) {
      const isLast = i === nodes.length - 1;
      const isRoot = above === undefined;
      const inner = isRoot ? '' : `${indent}${isLast ? '   ' : '│  '}`;
      this.node(node, isRoot ? '' : `${indent}${isLast ? '└─ ' : '├─ '}`, inner, above);
      if (this.options.unfold) this.folded(node, inner);
      this.list(node.children, inner, node);
    }
  }

  private node(node: FlowNode, head: string, inner: string, above: FlowNode | undefined): void {
    const below = `${inner}${node.children.length > 0 ? '│  ' : '   '}`;
    this.rows(node.line, head, below, this.words(node, above));
  }

  private folded({ folded }: FlowNode, indent: string): void {
    const { dim } = this.colors;
    for (const frame of folded) {
      const words = frameText(frame).split(' ');
      this.rows(frame.line, indent, `${indent}  `, [
        { text: '·', color: dim },
        ...words.map((text) => ({ text, color: dim })),
      ]);
    }
  }

  /** One line, or as many as the terminal needs, below the beginning of the text. */
  private rows(line: number, head: string, below: string, words: readonly Word[]): void {
    const { dim } = this.colors;
    const { terminal = Infinity } = this.options;
    const room = Math.max(LEAST, terminal - this.margin - 1 - below.length);
    for (const [i, row] of wrapWords(
      words.flatMap((word) => pieces(word, room)),
      room,
    ).entries()) {
      const number = (i === 0 ? String(line) : '').padStart(this.margin);
      this.lines.push(`${dim(number)} ${dim(i === 0 ? head : below)}${row}`);
    }
  }

  private words(node: FlowNode, above: FlowNode | undefined): Word[] {
    const { bold, cyan, dim, yellow, magenta } = this.colors;
    const times = timesText(node).trim();
    const end: Word[] = [
      ...(times === '' ? [] : [{ text: times, color: dim }]),
      ...(this.marks.get(node.id) ?? []).map(({ text, severity }) => ({
        text,
        color: this.colors[SEVERITY_COLORS[severity]],
      })),
    ];
    if (node.kind === 'migration' || node.kind === 'phase') {
      const outcome = node.result === null ? '' : `: ${printable(node.result)}`;
      return [{ text: node.name + outcome, color: (text) => bold(magenta(text)) }, ...end];
    }
    if (node.kind === 'snippet') return [{ text: node.name, color: dim }, ...end];
    const isNewActor = node.actor !== null && node.actor !== above?.actor;
    const isNewDevice = node.deviceName !== null && node.deviceName !== above?.deviceName;
    const site = callSiteText(node, above);
    // A call is broken where its arguments begin, and between them.
    const [first = '', ...others] = argsText(node.args).split(' ');
    return [
      ...(isNewActor ? [{ text: `${printable(node.actor)} ▸`, color: dim }] : []),
      ...(site === undefined ? [] : [{ text: site, color: dim }]),
      { text: printable(node.name) },
      ...(first === '' ? [] : [{ text: first, glued: true }]),
      ...others.map((text) => ({ text })),
      ...(node.vring === null ? [] : [{ text: `vring ${node.vring}`, color: yellow }]),
      ...(isNewDevice ? [{ text: printable(node.deviceName), color: cyan }] : []),
      ...(node.result === null ? [] : [{ text: `= ${printable(node.result)}` }]),
      ...(node.rolledBack === true ? [{ text: '(rolled back)', color: yellow }] : []),
      ...end,
    ];
  }
}

const SEVERITY_COLORS = { error: 'red', warning: 'yellow', note: 'cyan' } as const;

/** A word that is longer than a row is broken where the row ends. */
function pieces(word: Word, room: number): Word[] {
  if (word.text.length <= room) return [word];
  const count = Math.ceil(word.text.length / room);
  return Array.from({ length: count }, (_, i) => ({
    ...word,
    text: word.text.slice(i * room, (i + 1) * room),
    ...(i > 0 ? { glued: true } : {}),
  }));
}

function frameText({ func, at }: FlowFrame): string {
  return printable(at === null ? func : `${func} at ${at}`);
}

function lastLine(nodes: readonly FlowNode[]): number {
  return nodes.reduce((last, node) => Math.max(last, node.lastLine), 0);
}
