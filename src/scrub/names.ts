/** Names → pseudonyms that stay the same throughout a capture. */

/** What a name stands for; also the word that its pseudonyms begin with. */
export type NameKind = 'user' | 'host' | 'vm' | 'dir' | 'file' | 'socket' | 'name';

const PSEUDONYM = /^(?:user|host|vm|dir|file|socket|name)\d+x*$/;

/** Pseudonyms by kind and original; they are as long as the originals where that leaves room for a number. */
export class NameMap {
  private readonly known = new Map<string, string>();
  private readonly taken = new Set<string>();
  private readonly counts = new Map<string, number>();

  /** Originals and pseudonyms, in the order of the capture. */
  get entries(): ReadonlyMap<string, string> {
    return this.known;
  }

  of(kind: NameKind, original: string): string {
    const found = this.known.get(original);
    if (found !== undefined) return found;
    // A pseudonym of an earlier scrub stays.
    const isFree = PSEUDONYM.test(original) && !this.taken.has(original);
    const made = isFree
      ? original
      : this.next(kind, (n) => `${kind}${n}`.padEnd(original.length, 'x'));
    this.taken.add(made);
    this.known.set(original, made);
    return made;
  }

  /** For addresses: `make` gives the nth pseudonym, `isPseudonym` tells those of an earlier scrub. */
  numbered(
    kind: string,
    original: string,
    isPseudonym: (text: string) => boolean,
    make: (n: number) => string,
  ): string {
    const found = this.known.get(original);
    if (found !== undefined) return found;
    const isFree = isPseudonym(original) && !this.taken.has(original);
    const made = isFree ? original : this.next(kind, make);
    this.taken.add(made);
    this.known.set(original, made);
    return made;
  }

  private next(kind: string, make: (n: number) => string): string {
    for (;;) {
      const count = (this.counts.get(kind) ?? 0) + 1;
      this.counts.set(kind, count);
      const made = make(count);
      if (!this.taken.has(made)) return made;
    }
  }
}
