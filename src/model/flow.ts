/** The reconstructed call flow that `vhtrace flows` and the TUI show. Field names are the JSON contract. */

/** Who does something: the lanes of a sequence diagram, from the guest to the backend. */
export const LANES = [
  'guest vCPU',
  'migration thread',
  'main loop',
  'vhost core',
  'backend',
] as const;
export type Lane = (typeof LANES)[number];

/**
 * Parts of a migration, in their order; first what comes before the first one, what comes after one, and what
 * comes where the end of one is not shown. `phase not shown` is work between two phases of which neither is known to hold.
 */
export type Phase =
  | 'before the migration'
  | 'outside a migration'
  | 'during or after the migration'
  | 'phase not shown'
  | 'setup'
  | 'iterations'
  | 'postcopy'
  | 'switchover'
  | 'completion'
  | 'cancel'
  | 'failure'
  | 'cleanup';

/** No part of a migration, or not known to be one: before the first sign of one, between two, after the last sign. */
export const NO_MIGRATION: ReadonlySet<string> = new Set<Phase>([
  'before the migration',
  'outside a migration',
  'during or after the migration',
]);

/** An argument as printed, and what it means where it says more: `size` 28672 is `7 GiB of guest memory`. */
export interface FlowArg {
  readonly name: string;
  readonly value: string;
  readonly meaning?: string;
}

/** A frame that is not shown for itself, innermost first in lists. */
export interface FlowFrame {
  readonly func: string;
  /** `../migration/ram.c:2782`; null where the frame has none. */
  readonly at: string | null;
  /** Line of the capture. */
  readonly line: number;
}

/**
 * One node of the flow. `call` is an execution of a function (or several in a row that look alike),
 * `event` a trace event, `wire` a request that reached the backend, `round` one sync of the dirty bitmap
 * that trace events show with its start and end, `phase` a part of a migration, `snippet` a backtrace of
 * a note, whose time is unknown.
 */
export interface FlowNode {
  /** Stable within the session: position in depth-first order, 0-based. */
  readonly id: number;
  readonly kind: 'migration' | 'phase' | 'snippet' | 'call' | 'event' | 'wire' | 'round';
  /** Function or event as printed; for phases and rounds their name. */
  readonly name: string;
  /** First line of the capture that shows it, and the last one that does. */
  readonly line: number;
  readonly lastLine: number;
  readonly lane: Lane;
  /** Who called: `migration thread`, `main loop`, `vCPU 0`; null where the capture does not tell. */
  readonly actor: string | null;
  readonly thread: string | null;
  /** vhost_dev address, lower-case hex without leading zeros. */
  readonly device: string | null;
  /** `virtio-net #1`: name where it is known, and number by order of appearance; what pointers are to people. */
  readonly deviceName: string | null;
  readonly vring: number | null;
  readonly args: readonly FlowArg[];
  /** What it returned, where the capture says. */
  readonly result: string | null;
  /** Line in the source of its caller at which it is called, `1092`; null where it is not printed. The caller is the first of `folded`, else the node above. */
  readonly callSite: number | null;
  /** Frames between it and the node above, or the outermost frame of its thread; innermost first. */
  readonly folded: readonly FlowFrame[];
  /** Executions in a row that look alike and are shown once. */
  readonly count: number;
  /** Those executions came by turns with those of its neighbours that have this, too: of several devices, one after the other. */
  readonly inTurn?: true;
  /** Printed clock of the first line, where there is one. */
  readonly time: string | null;
  /** A log start whose work is taken back, because it, or that of a later device, is shown to fail. */
  readonly rolledBack?: true;
  /** Ids of the rules that are violated at it, where a report was at hand. */
  readonly violations?: readonly string[];
  readonly children: readonly FlowNode[];
}

/** The flow of one session of a capture. */
export interface Flow {
  /** sha256 of the capture. */
  readonly capture: string;
  readonly path: string;
  readonly session: number;
  /** False for notes: the nodes are snippets in the order of the file, which says nothing of time. */
  readonly ordered: boolean;
  readonly nodes: readonly FlowNode[];
}
