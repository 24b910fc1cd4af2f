/** Which breakpoints a command list is for. */
import type { CommandList } from '../../model/record.js';

/** A typing error must not make millions. */
export const MOST_BREAKPOINTS = 1000;

/** The numbers one by one, up to a thousand of a list. */
export function* numbersOf(breakpoints: CommandList['breakpoints']): Generator<number> {
  let left = MOST_BREAKPOINTS;
  for (const item of breakpoints) {
    const [from, to] = typeof item === 'number' ? [item, item] : item;
    for (let number = from; number <= to && left > 0; number++, left--) yield number;
  }
}

/** Equal for lists that are for the same breakpoints. */
export function keyOfList(breakpoints: CommandList['breakpoints']): string {
  return JSON.stringify(breakpoints);
}
