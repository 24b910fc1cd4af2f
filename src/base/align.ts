/**
 * Alignment of two sequences of numbers: the longest common subsequence, or one close to it where the two
 * are so different that the longest would take too long.
 *
 * Myers, "An O(ND) Difference Algorithm and Its Variations" (1986), in linear space; the search for a
 * middle is given up after a number of differences, as in diff and git, and the best place so far is taken.
 */

/** Positions that belong together, ascending in both. */
export type Pairs = readonly (readonly [a: number, b: number])[];

/** Differences after which a part is cut where the search stands. */
const GIVE_UP = 400;

interface Part {
  readonly a0: number;
  readonly a1: number;
  readonly b0: number;
  readonly b1: number;
}

/** Pairs of equal items of `a` and `b`. Pure; near linear in the lengths where the two are alike. */
export function align(a: Int32Array, b: Int32Array): Pairs {
  const pairs: [number, number][] = [];
  const waiting: Part[] = [{ a0: 0, a1: a.length, b0: 0, b1: b.length }];
  // What waits lies behind what is worked on: pairs are found in order, but for equal tails.
  for (let part = waiting.pop(); part !== undefined; part = waiting.pop()) {
    let { a0, a1, b0, b1 } = part;
    for (; a0 < a1 && b0 < b1 && a[a0] === b[b0]; a0++, b0++) pairs.push([a0, b0]);
    for (; a0 < a1 && b0 < b1 && a[a1 - 1] === b[b1 - 1]; a1--, b1--) pairs.push([a1 - 1, b1 - 1]);
    if (a0 === a1 || b0 === b1) continue;
    const { x, y } = middle(a, b, { a0, a1, b0, b1 });
    waiting.push({ a0: x, a1, b0: y, b1 }, { a0, a1: x, b0, b1: y });
  }
  return pairs.sort(([x], [y]) => x - y);
}

/** A point on a shortest path from the begin of the part to its end, neither of the two; the ends of the part differ. */
function middle(a: Int32Array, b: Int32Array, part: Part): { x: number; y: number } {
  const n = part.a1 - part.a0;
  const m = part.b1 - part.b0;
  const limit = Math.min(GIVE_UP, Math.ceil((n + m) / 2) + 1);
  const delta = n - m;
  const isOdd = delta % 2 !== 0;
  // Furthest x on each diagonal x - y = k, forward from the begin and backward from the end.
  const zero = limit + 1;
  const forward = new Int32Array(2 * zero + 1).fill(-1);
  const backward = new Int32Array(2 * zero + 1).fill(-1);
  forward[zero + 1] = 0;
  backward[zero + 1] = 0;
  let best = { x: 0, y: 0 };
  for (let d = 0; d <= limit; d++) {
    for (let k = -d; k <= d; k += 2) {
      const x = follow(forward, zero, k, d, n, m, (i, j) => a[part.a0 + i] === b[part.b0 + j]);
      const y = x - k;
      if (x > n || y > m || y < 0) continue;
      if (x + y > best.x + best.y) best = { x, y };
      const other = delta - k;
      if (!isOdd || other < -(d - 1) || other > d - 1) continue;
      if (x + (backward[zero + other] ?? -1) >= n) return inside(part, x, y, best);
    }
    for (let k = -d; k <= d; k += 2) {
      const x = follow(
        backward,
        zero,
        k,
        d,
        n,
        m,
        (i, j) => a[part.a1 - 1 - i] === b[part.b1 - 1 - j],
      );
      const y = x - k;
      if (x > n || y > m || y < 0) continue;
      const other = delta - k;
      if (isOdd || other < -d || other > d) continue;
      if (x + (forward[zero + other] ?? -1) >= n) return inside(part, n - x, m - y, best);
    }
  }
  return inside(part, best.x, best.y, best);
}

/** One more difference on diagonal `k`, and the equal items behind it. */
function follow(
  furthest: Int32Array,
  zero: number,
  k: number,
  d: number,
  n: number,
  m: number,
  isSame: (i: number, j: number) => boolean,
): number {
  const below = furthest[zero + k - 1] ?? -1;
  const above = furthest[zero + k + 1] ?? -1;
  let x = k === -d || (k !== d && below < above) ? above : below + 1;
  let y = x - k;
  while (x < n && y < m && x >= 0 && y >= 0 && isSame(x, y)) {
    x++;
    y++;
  }
  furthest[zero + k] = x;
  return x;
}

/** A cut at a corner would leave the part as it is: one item is dropped instead. */
function inside(
  { a0, a1, b0, b1 }: Part,
  x: number,
  y: number,
  best: { x: number; y: number },
): { x: number; y: number } {
  const isCorner = (p: number, q: number): boolean =>
    (p === 0 && q === 0) || (p === a1 - a0 && q === b1 - b0);
  if (!isCorner(x, y)) return { x: a0 + x, y: b0 + y };
  if (!isCorner(best.x, best.y)) return { x: a0 + best.x, y: b0 + best.y };
  return { x: a0 + 1, y: b0 };
}
