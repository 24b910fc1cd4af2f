/** What a stack shows that the one before did not: stacks share their outer frames, and frames are interned. */
import { sharedTail } from '../../base/shared-tail.js';
import type { Frame } from '../../model/record.js';

/** The innermost frames, up to those that another stack has as well. */
export function innerFrames(stack: readonly Frame[], before: readonly Frame[]): readonly Frame[] {
  const shared = sharedTail(stack, before);
  return shared === 0 ? stack : stack.slice(0, stack.length - shared);
}
