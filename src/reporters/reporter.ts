import type { Problem } from '../model/record.js';
import type { CheckReport, Severity } from '../model/report.js';
import type { RuleInfo } from '../model/rule-info.js';

/** Trouble with reading a line of one capture. */
export interface PathProblem extends Problem {
  readonly path: string;
}

/** A file that was left out of the report, and why. */
export interface PathFailure {
  readonly path: string;
  readonly error: { readonly code: string; readonly message: string };
}

/** What a reporter needs beside the report. */
export interface ReportOptions {
  readonly color: boolean;
  /** Columns of the terminal. */
  readonly width: number;
  /** Show findings of every verdict, and every problem. */
  readonly all: boolean;
  /** Least severity that fails the command. */
  readonly failOn: Severity | 'inconclusive' | 'never';
  /** Folder in which the command runs: relative paths begin there. */
  readonly cwd: string;
  /** Folder of the repository, by each of its names: CI systems want paths relative to it. */
  readonly roots: readonly string[];
  /** Of this program, `0.1.0`. */
  readonly version?: string;
  /** Exit code of the command: also 2, which the report cannot know of. */
  readonly exitCode: 0 | 1 | 2 | 3;
  /** Some line of a capture, which its sha256 tells, 1-based; undefined where it is not at hand. */
  readonly excerpt: (capture: string, line: number) => string | undefined;
  /** The catalogue, for titles and remedies. */
  readonly rules: readonly RuleInfo[];
  readonly problems: readonly PathProblem[];
  readonly failures: readonly PathFailure[];
}

/** Report → text that ends with a newline. Pure. */
export type Reporter = (report: CheckReport, options: ReportOptions) => string;
