/**
 * Records of which only later lines tell what they say: whether the end of their own line is missing.
 *
 * The format that gives one out begins a doubt before; the sink keeps the record, and all behind it, until the doubt is over.
 */
import type { CaptureRecord } from '../model/record.js';

export interface Doubt {
  /** The end of the line is missing; undefined as long as it is not known. */
  isCut: boolean | undefined;
}

/** A record in doubt, and what it is if the end of its line is missing. */
export interface InDoubt {
  readonly doubt: Doubt;
  readonly otherwise: () => CaptureRecord;
}

/** The format gives a record out before it begins the doubt of another. */
export class Doubts {
  #begun: { readonly record: CaptureRecord; readonly inDoubt: InDoubt } | undefined;

  begin(record: CaptureRecord, inDoubt: InDoubt): void {
    this.#begun = { record, inDoubt };
  }

  /** Of a record that is given out. */
  take(record: CaptureRecord): InDoubt | undefined {
    const begun = this.#begun;
    if (begun?.record !== record) return undefined;
    this.#begun = undefined;
    return begun.inDoubt;
  }
}

/** The records behind one in doubt, which wait for it; it stands as it is where there are more. */
export const MOST_IN_DOUBT = 2_000;

interface Doubted extends InDoubt {
  at: number;
}

/** Where in a list of records those stand that are in doubt. */
export class DoubtedRecords {
  #doubted: Doubted[] = [];

  add(at: number, { doubt, otherwise }: InDoubt): void {
    this.#doubted.push({ at, doubt, otherwise });
  }

  /** Puts those that are known to be cut into the list; the number of records in front of the first that is not known. */
  settle(records: CaptureRecord[]): number {
    const open: Doubted[] = [];
    for (const doubted of this.#doubted) {
      const { at, doubt, otherwise } = doubted;
      if (doubt.isCut === true) records[at] = otherwise();
      else if (doubt.isCut === undefined && at + MOST_IN_DOUBT > records.length) open.push(doubted);
    }
    this.#doubted = open;
    return open[0]?.at ?? records.length;
  }

  /** As many records were taken from the front of the list. */
  shift(count: number): void {
    for (const doubted of this.#doubted) doubted.at -= count;
  }
}
