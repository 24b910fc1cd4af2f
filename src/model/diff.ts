/** What tells two captures apart, step by step of the protocol. Field names are the JSON contract. */

/** One step as a reader sees it; pointers, sizes, threads, times and source lines are left out. */
export interface DiffStep {
  /** Function, event or request as printed. */
  readonly name: string;
  /** `virtio-net #1`: the device's role, the same for both captures; null where the step names none. */
  readonly device: string | null;
  readonly vring: number | null;
  /** The one argument that counts, decoded: `log on`, `LOG_ALL`, `active`. */
  readonly detail: string | null;
  /** What it returned, where the capture says. */
  readonly result: string | null;
  /** Compared calls around it. */
  readonly depth: number;
  /** Line of the capture that shows it. */
  readonly line: number;
  /** Equal rounds that are shown once. */
  readonly count: number;
}

/**
 * `same` in both, `missing` in B, `extra` in B, or `changed`: the same call with another argument or result.
 * A step that is missing here and extra there has `moved`.
 */
export interface DiffLine {
  readonly mark: 'same' | 'missing' | 'extra' | 'changed';
  readonly a: DiffStep | null;
  readonly b: DiffStep | null;
  readonly moved: boolean;
  /** Why it may be no difference of the runs: `records are lost here in B`; null where it is one. */
  readonly doubt: string | null;
}

/** Lines of difference with the equal lines around them. */
export interface DiffHunk {
  /** Number of the first line's step in each capture, 1-based. */
  readonly stepA: number;
  readonly stepB: number;
  readonly lines: readonly DiffLine[];
}

/** A function or event that only one capture is known to have watched. */
export interface OneSided {
  readonly name: string;
  readonly count: number;
  /** Line of the first. */
  readonly line: number;
}

export interface DiffCounts {
  readonly same: number;
  readonly missing: number;
  readonly extra: number;
  readonly moved: number;
  readonly changed: number;
  /** Differences of all kinds that may be none. */
  readonly doubtful: number;
}

/** The same differences of one device, counted; what runs inside of a missing or extra call is left out. */
export interface DiffGroup {
  readonly mark: 'missing' | 'extra' | 'moved' | 'changed';
  readonly name: string;
  readonly device: string | null;
  readonly vring: number | null;
  readonly detail: string | null;
  readonly count: number;
}

/** One QEMU process of A against the one of the same number in B. */
export interface SessionDiff {
  readonly session: number;
  /** Functions and events that both watched: all that is compared. */
  readonly compared: readonly string[];
  readonly onlyA: readonly OneSided[];
  readonly onlyB: readonly OneSided[];
  readonly counts: DiffCounts;
  /** The first difference (the first certain one, if any), and the last equal step before it. */
  readonly first: { readonly last: DiffLine | null; readonly at: DiffLine } | null;
  readonly groups: readonly DiffGroup[];
  readonly hunks: readonly DiffHunk[];
}

export interface DiffSide {
  readonly path: string;
  readonly sha256: string;
  readonly sessions: number;
}

export interface DiffReport {
  readonly schemaVersion: 1;
  readonly a: DiffSide;
  readonly b: DiffSide;
  readonly verdict: 'same' | 'different' | 'not comparable';
  /** Why nothing could be compared, else null. */
  readonly reason: string | null;
  readonly sessions: readonly SessionDiff[];
  readonly exitCode: 0 | 1 | 3;
}
