/**
 * What a run of the gate takes of the large tables and of the long properties, so that it stays short; with
 * VHTRACE_TESTS=all it takes them whole.
 */
const TAKES_ALL = process.env.VHTRACE_TESTS === 'all';

/**
 * Every `shares`-th item, from another one with each `turn`. For tables of every capture in every form: no form depends
 * on one capture, and the whole table takes minutes.
 */
export function shareOf<Item>(
  items: readonly Item[],
  turn: number,
  shares: number,
): readonly Item[] {
  if (TAKES_ALL) return items;
  return items.filter((_, i) => (i + turn) % shares === 0);
}

/** How often a property is tried: `all` times, or half of it. */
export function runsOf(all: number): number {
  return TAKES_ALL ? all : Math.ceil(all / 2);
}
