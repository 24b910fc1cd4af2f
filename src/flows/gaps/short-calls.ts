/** Calls that come back without having been seen: where a capture begins, a thread is hardly ever in a short one. */
import { functionTable } from '../../facts/functions.js';
import { isLocked } from '../activations/callers.js';

/** It holds the big lock: that a capture begins in it is less likely than that it lost the entry. */
export function isShort(func: string): boolean {
  const kind = functionTable.get(func)?.kind;
  return kind !== undefined && isLocked(kind);
}
