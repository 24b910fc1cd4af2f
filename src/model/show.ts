/** What `vhtrace show` hands out. Field names are the JSON contract. */
import type { FlowNode } from './flow.js';
import type { CaptureRecord } from './record.js';
import type { Finding } from './report.js';

/** A line of a capture; `text` is null where the file is gone and its record does not tell. */
export interface ShownLine {
  readonly line: number;
  readonly text: string | null;
  /** What the line shows, where that is known. */
  readonly role: string | null;
}

interface ShownAt {
  readonly path: string;
  /** sha256 of the capture. */
  readonly capture: string;
  readonly lines: readonly ShownLine[];
}

export type Shown =
  | (ShownAt & { readonly kind: 'finding'; readonly finding: Finding })
  | (ShownAt & { readonly kind: 'node'; readonly session: number; readonly node: FlowNode })
  | (ShownAt & { readonly kind: 'record'; readonly record: CaptureRecord });
