/** Backtraces put together by code, and documented paths compared with them. Field names are the JSON contract. */
import type { FlowArg } from './flow.js';

/** A line of a capture. */
export interface Place {
  readonly path: string;
  readonly line: number;
}

/** A function at one place in its caller, as all backtraces that go through it show it. */
export interface CodeNode {
  /** Plain name, without compiler clone suffixes. */
  readonly func: string;
  /** Line in the source of the caller at which it is called, `1092`; null where it is not printed. */
  readonly callSite: number | null;
  /** The caller, where it is not the node above because it is folded: outermost calls only. */
  readonly caller: string | null;
  /** Arguments that are the same in every backtrace that shows arguments; no pointers. */
  readonly args: readonly FlowArg[];
  /** Backtraces through this node. */
  readonly count: number;
  /** Backtraces whose innermost frame it is. */
  readonly innermost: number;
  /** Where its frame stands in the captures; the first {@link MOST_PLACES}. */
  readonly seen: readonly Place[];
  /** In order of the call site; those without one last. */
  readonly children: readonly CodeNode[];
}

/** Who does the calls below: a thread by its work, or its outermost function. */
export interface CodeActor {
  /** `migration thread`, `vCPU`, `main loop`, `qemu_init`; null where the outer frames are not shown. */
  readonly actor: string | null;
  readonly count: number;
  /** Functions that are folded into the actor, by first sight. */
  readonly folded: readonly string[];
  readonly children: readonly CodeNode[];
}

export interface CodeFlow {
  /** Captures that show backtraces. */
  readonly captures: readonly string[];
  readonly backtraces: number;
  readonly actors: readonly CodeActor[];
}

/** More places of one node are counted, not listed. */
export const MOST_PLACES = 100;

/**
 * What the backtraces say of a documented call: `between`: below its caller, with other frames between
 * them; `elsewhere`: below its caller, but not below all that is written above that; `no-function`: a macro
 * or a request, which no backtrace can show.
 */
export type CallStatus = 'seen' | 'between' | 'elsewhere' | 'not-seen' | 'no-function';

/** What they say of a path from its root to its end; `partly`: from the root up to some call, or only calls further in. */
export type PathStatus = 'seen' | 'between' | 'partly' | 'not-seen';

export interface DocumentedCall {
  /** As written. */
  readonly func: string;
  readonly depth: number;
  /** Line of the note. */
  readonly line: number;
  readonly status: CallStatus;
  /** The function that stands for a member of VhostOps: `vhost_kernel_set_features`; else null. */
  readonly implementation: string | null;
  /** Frames between it and its caller, outermost first. */
  readonly between: readonly string[];
  readonly seen: Place | null;
  /** For the last call of a path of several; `upTo`: the last call that was seen below all above it. */
  readonly path: { readonly status: PathStatus; readonly upTo: string | null } | null;
}

/** One chain or tree of a note. */
export interface DocumentedPath {
  readonly path: string;
  readonly line: number;
  readonly lastLine: number;
  readonly calls: readonly DocumentedCall[];
}

export interface PathComparison {
  readonly backtraces: number;
  readonly paths: readonly DocumentedPath[];
  /** Paths from a root to an end, by what was seen of them. */
  readonly summary: Readonly<Record<PathStatus, number>>;
}
