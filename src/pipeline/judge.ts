/** Captures → everything that takes a replay: report, lanes, threads and flows. */
import { checkRuns } from '../check/check-captures.js';
import type { Policy } from '../check/policy.js';
import { buildLanes } from '../check/lanes.js';
import { buildFlows } from '../flows/tree/flow.js';
import { buildRun } from '../flows/run.js';
import type { RunOptions } from '../flows/run.js';
import { ThreadNames } from '../flows/tree/thread-names.js';
import type { Judged } from '../model/browse.js';
import type { ReadCapture } from './read-capture.js';

/** The captures are in the order in which their facts are shown. */
export function judge(inputs: readonly ReadCapture[], options: RunOptions, policy: Policy): Judged {
  let firstRow = 0;
  const placed = inputs.map((input, capture) => {
    const run = buildRun(input.reading, options);
    const first = firstRow;
    firstRow += run.facts.length;
    return { ...input, run, capture, firstRow: first };
  });
  return {
    report: checkRuns(placed, policy),
    lanes: placed.flatMap(buildLanes),
    threads: placed.flatMap(({ reading, capture }) =>
      new ThreadNames(reading.records).all().map((naming) => ({ ...naming, capture })),
    ),
    flows: placed.flatMap(({ info, reading, run }) => buildFlows(info, reading, run)),
  };
}
