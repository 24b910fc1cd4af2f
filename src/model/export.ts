/** What leaves for other programs: one capture with all that is known of it. */
import type { Fact } from './fact.js';
import type { Flow } from './flow.js';
import type { CaptureInfo, Reading } from './record.js';
import type { CheckReport } from './report.js';

/** One capture, read and judged. */
export interface ExportCapture {
  readonly info: CaptureInfo;
  readonly reading: Reading;
  readonly facts: readonly Fact[];
  readonly flows: readonly Flow[];
  /** Of this capture alone. */
  readonly report: CheckReport;
  /** The one version that is possible, `10.0`; null where the capture leaves a choice. */
  readonly qemuVersion: string | null;
  /** Oldest and newest version that is possible; null where nothing bounds it. */
  readonly qemuAtLeast: string | null;
  readonly qemuAtMost: string | null;
}

/** What the user says of the captures: `host=a`. */
export type Labels = ReadonlyMap<string, string>;
