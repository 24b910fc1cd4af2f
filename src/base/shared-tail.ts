/** How many elements at the end of two lists are the same. */
export function sharedTail(one: readonly unknown[], other: readonly unknown[]): number {
  let shared = 0;
  while (
    shared < one.length &&
    shared < other.length &&
    one[one.length - 1 - shared] === other[other.length - 1 - shared]
  )
    shared++;
  return shared;
}
