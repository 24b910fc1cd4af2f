import type { Flow } from '../model/flow.js';
import type { CheckReport } from '../model/report.js';
import { renderChrome } from './flow-chrome.js';
import { renderCollapsed } from './flow-collapsed.js';
import { renderDot } from './flow-dot.js';
import { renderHtml } from './flow-html.js';
import { renderMermaid } from './flow-mermaid.js';
import { renderFlowTree } from './flow-tree.js';
import { jsonText } from './json.js';

/** What is printed: the flows, and the report where a format shows findings. */
export interface FlowsInput {
  readonly flows: readonly Flow[];
  readonly report: () => CheckReport;
}

export interface FlowOptions {
  readonly color: boolean;
  /** Show the frames between known calls, and those that lead to a thread's work. */
  readonly unfold: boolean;
}

/** Flows → text that ends with a newline. Pure. */
export type FlowReporter = (input: FlowsInput, options: FlowOptions) => string;

/** Reporters by the name that `flows --format` takes, sorted. */
export const flowReporters = {
  chrome: ({ flows }) => renderChrome(flows),
  collapsed: ({ flows }, options) => renderCollapsed(flows, options),
  dot: ({ flows }) => renderDot(flows),
  html: ({ flows, report }) => renderHtml(flows, report()),
  json: ({ flows }) => jsonText({ schemaVersion: 1, flows }),
  mermaid: ({ flows }) => renderMermaid(flows),
  tree: ({ flows }, options) => renderFlowTree(flows, options),
} satisfies Record<string, FlowReporter>;
