import type { CodeFlow, PathComparison } from '../../model/code-flow.js';
import type { Flow, FlowNode } from '../../model/flow.js';
import { marksOf } from '../../model/flow-marks.js';
import type { CheckReport, Finding } from '../../model/report.js';
import { renderCodeCollapsed, renderCodeDot, renderCodeTree } from './by-code.js';
import { renderChrome } from './chrome.js';
import { renderCollapsed } from './collapsed.js';
import { renderDot } from './dot.js';
import { renderHtml } from './html.js';
import { renderMermaid } from './mermaid.js';
import { renderPaths } from './paths.js';
import { renderFlowTree } from './tree.js';
import { jsonText } from '../json.js';

/** What can be printed; each part is made when a reporter asks for it. */
export interface FlowsInput {
  readonly flows: () => readonly Flow[];
  readonly codeFlow: () => CodeFlow;
  readonly paths: () => PathComparison;
  readonly report: () => CheckReport;
}

export interface FlowOptions {
  readonly color: boolean;
  /** Columns of the terminal. */
  readonly width: number;
  /** The same where the calls are read by a person; undefined for pipes and files, whose lines stay whole. */
  readonly terminal?: number | undefined;
  /** Show the frames between known calls, and those that lead to a thread's work. */
  readonly unfold: boolean;
}

/** Flows → text that ends with a newline. Pure. */
export type FlowReporter = (input: FlowsInput, options: FlowOptions) => string;

/** What is in the way of time: reporters by the name that `flows --format` takes, sorted. */
const byTime = {
  chrome: ({ flows, report }) => renderChrome(flows(), report().findings),
  collapsed: ({ flows }, options) => renderCollapsed(flows(), options),
  dot: ({ flows, report }) => renderDot(flows(), report().findings),
  html: ({ flows, report }) => renderHtml(flows(), report()),
  json: ({ flows, report }) =>
    jsonText({ schemaVersion: 1, flows: withViolations(flows(), report().findings) }),
  mermaid: ({ flows, report }) => renderMermaid(flows(), report().findings),
  tree: ({ flows, report, paths }, options) =>
    withPaths(renderFlowTree(flows(), report().findings, options), paths(), options),
} satisfies Record<string, FlowReporter>;

const byCode = {
  collapsed: ({ codeFlow }) => renderCodeCollapsed(codeFlow()),
  dot: ({ codeFlow }) => renderCodeDot(codeFlow()),
  json: ({ codeFlow }) => jsonText({ schemaVersion: 1, code: codeFlow() }),
  tree: ({ codeFlow, paths }, options) =>
    withPaths(renderCodeTree(codeFlow(), options), paths(), options),
} satisfies Record<string, FlowReporter>;

const byPath = {
  json: ({ paths }) => jsonText({ schemaVersion: 1, ...paths() }),
  tree: ({ paths }, options) => renderPaths(paths(), options),
} satisfies Record<string, FlowReporter>;

/** Reporters by view and format. */
export const flowReporters = { time: byTime, code: byCode, path: byPath };

/** Flows whose nodes name the rules that they violate. */
function withViolations(flows: readonly Flow[], findings: readonly Finding[]): Flow[] {
  return flows.map((flow) => {
    const marks = marksOf(flow, findings);
    const marked = (nodes: readonly FlowNode[]): FlowNode[] =>
      nodes.map((node) => {
        const violations = marks.get(node.id)?.map(({ rule }) => rule);
        const children = marked(node.children);
        return { ...node, ...(violations && { violations }), children };
      });
    return marks.size === 0 ? flow : { ...flow, nodes: marked(flow.nodes) };
  });
}

/** Paths that notes document, below the flow, where there is one. */
function withPaths(flow: string, comparison: PathComparison, options: FlowOptions): string {
  if (comparison.paths.length === 0) return flow;
  return [flow, renderPaths(comparison, options)].filter(Boolean).join('\n');
}
