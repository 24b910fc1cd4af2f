/** What every command that judges is told: the same settings give the same findings, whoever shows them. */
import type { Policy } from '../check/policy.js';
import type { RunOptions } from '../flows/run.js';
import type { Backend } from '../model/fact.js';
import type { InputRequest } from './inputs.js';
import { versionOf } from './version.js';

export interface JudgeRequest extends InputRequest, Policy {
  /** The backtraces of notes stand in the order in which they happened. */
  readonly assumeOrdered: boolean;
  /** Version of the QEMU that made the captures, `9.1`, where the user knows it. */
  readonly qemuVersion?: string | undefined;
  /** Backend of devices that do not show theirs. */
  readonly backend?: Backend | undefined;
}

/** Errors: USAGE for a version that is none. */
export function runOptionsOf({
  assumeOrdered,
  qemuVersion,
  backend,
}: Pick<JudgeRequest, 'assumeOrdered' | 'qemuVersion' | 'backend'>): RunOptions {
  return { assumeOrdered, qemuVersion: versionOf(qemuVersion), backend };
}
