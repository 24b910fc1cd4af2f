/** `vhtrace flows`: captures from files or from the store → their call flows. */
import { checkRuns } from '../check/check-captures.js';
import { buildCodeFlow } from '../flows/tree/by-code.js';
import { compareDocumentedPaths } from '../flows/tree/documented-paths.js';
import { buildFlows } from '../flows/tree/flow.js';
import { findNoteSign } from '../flows/order/order.js';
import { buildRun } from '../flows/run.js';
import type { Run } from '../flows/run.js';
import type { CodeFlow, PathComparison } from '../model/code-flow.js';
import type { Flow } from '../model/flow.js';
import type { CheckReport } from '../model/report.js';
import { readInputs } from './inputs.js';
import { runOptionsOf } from './judge-request.js';
import type { JudgeRequest } from './judge-request.js';
import type { FileFailure, ReadCapture } from './read-capture.js';
import type { Twin } from './same-bytes.js';

export interface FlowsRequest extends JudgeRequest {
  /** Show the frames that are folded by default. */
  readonly unfold: boolean;
}

/** Everything that can be shown of the flow of captures; made when it is first asked for. */
export interface FlowsResult {
  /** In the order of time, by session. */
  readonly flows: () => readonly Flow[];
  /** By function and call site, all captures together. */
  readonly codeFlow: () => CodeFlow;
  /** Call paths that notes document, compared with what is seen in all captures. */
  readonly paths: () => PathComparison;
  /** What `vhtrace check` says of the same captures. */
  readonly report: () => CheckReport;
  /** There are captures, and no order is known in any of them. */
  readonly isNote: boolean;
  readonly failures: readonly FileFailure[];
  readonly twins: readonly Twin[];
}

/** Errors: USAGE for a version that is none; those of {@link readInputs}. */
export async function runFlows(request: FlowsRequest): Promise<FlowsResult> {
  const options = runOptionsOf(request);
  const { captures, failures, twins } = await readInputs(request);
  const { assumeOrdered, unfold } = request;
  const inputs = captures.map(({ info, reading }) => ({ path: info.path, reading }));
  let built: readonly (ReadCapture & { readonly run: Run })[] | undefined;
  const runs = () =>
    (built ??= captures.map((capture) => ({
      ...capture,
      run: buildRun(capture.reading, options),
    })));
  let flows: readonly Flow[] | undefined;
  return {
    flows: () =>
      (flows ??= runs().flatMap(({ info, reading, run }) => buildFlows(info, reading, run))),
    codeFlow: () => buildCodeFlow(inputs, { unfold }),
    paths: () => compareDocumentedPaths(inputs),
    report: () => checkRuns(runs(), request),
    isNote:
      !assumeOrdered &&
      captures.length > 0 &&
      captures.every(({ reading }) => findNoteSign(reading.records) !== undefined),
    failures,
    twins,
  };
}
