/** What a stack shows that the one before did not: stacks share their outer frames, and frames are interned. */
import type { Frame } from '../model/record.js';

/** The innermost frames, up to those that another stack has as well. */
export function innerFrames(stack: readonly Frame[], before: readonly Frame[]): readonly Frame[] {
  let shared = 0;
  while (
    shared < stack.length &&
    stack[stack.length - 1 - shared] === before[before.length - 1 - shared]
  )
    shared++;
  return shared === 0 ? stack : stack.slice(0, stack.length - shared);
}
