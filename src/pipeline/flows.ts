/** `vhtrace flows`: captures from files or from the store → their call flows. */
import { checkRuns } from '../check/check-captures.js';
import { buildFlows } from '../flows/flow.js';
import { buildRun } from '../flows/run.js';
import type { Flow } from '../model/flow.js';
import type { CheckReport } from '../model/report.js';
import { readInputs } from './inputs.js';
import type { InputRequest } from './inputs.js';
import type { FileFailure } from './read-capture.js';

export interface FlowsRequest extends InputRequest {
  readonly assumeOrdered: boolean;
}

export interface FlowsResult {
  readonly flows: readonly Flow[];
  /** What `vhtrace check` says of the same captures; made when it is asked for. */
  readonly report: () => CheckReport;
  readonly failures: readonly FileFailure[];
}

/** Errors: those of {@link readInputs}. */
export async function runFlows(request: FlowsRequest): Promise<FlowsResult> {
  const { captures, failures } = await readInputs(request);
  const { assumeOrdered } = request;
  const runs = captures.map(({ info, reading }) => ({
    info,
    reading,
    run: buildRun(reading, { assumeOrdered }),
  }));
  return {
    flows: runs.flatMap(({ info, reading, run }) => buildFlows(info, reading, run)),
    report: () => checkRuns(runs),
    failures,
  };
}
