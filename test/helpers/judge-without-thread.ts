import { readInputs } from '../../src/pipeline/inputs.js';
import { judge } from '../../src/pipeline/judge.js';
import type { judgeInThread } from '../../src/pipeline/judge-thread.js';

/** As the thread does it, without one: threads run the built program only. */
export const judgeWithoutThread: typeof judgeInThread = ({ input, options, policy }) => ({
  result: readInputs(input).then(({ captures }) => judge(captures, options, policy)),
  stop: () => Promise.resolve(),
});
