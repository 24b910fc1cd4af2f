/** The candidate that `word` begins, or is nearest to by edits of single characters; undefined where none is near. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  // The beginning of just one of them is more than a typing error.
  const begun = candidates.filter((candidate) => candidate.startsWith(word));
  if (word !== '' && begun.length === 1) return begun[0];
  let best: string | undefined;
  // A third of the word may be wrong, and two letters may have changed places (two edits).
  let least = (word.length < 4 ? 1 : Math.max(2, Math.floor(word.length / 3))) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(word, candidate);
    if (distance < least) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

/** Levenshtein distance; both words are short. */
function editDistance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, i) => i);
  for (const [i, character] of Array.from(left).entries()) {
    const next = [i + 1];
    for (const [j, other] of Array.from(right).entries()) {
      const [above = 0, diagonal = 0, before = 0] = [row[j + 1], row[j], next[j]];
      next.push(Math.min(above + 1, before + 1, diagonal + (character === other ? 0 : 1)));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
