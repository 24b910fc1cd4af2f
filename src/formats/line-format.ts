/** What a format must offer to be asked line by line; `formats/line-formats.ts` lists those that do. */
import type { CaptureRecord, FormatId, Problem } from '../model/record.js';

/**
 * A format whose lines tell by themselves what they are. One object per capture: it may remember.
 *
 * Lines arrive clean: without controls, colours, pager prompts. Nothing here may throw.
 */
export interface LineFormat {
  readonly id: FormatId;
  /**
   * Claims the line, or leaves it (undefined) to the formats behind. A claimed line is part of the
   * records that are returned now, or is kept for a record that `end()` or a later `take()` returns.
   * Spans of all records cover the claimed lines, each once and in order.
   */
  take(line: string, lineNo: number): readonly CaptureRecord[] | undefined;
  /**
   * A line that this format does not claim came, or a blank one, or the end of the input: gives the
   * record under construction, if there is one.
   */
  end(): readonly CaptureRecord[];
  /**
   * The input ends in front of this line: gives what {@link end} gives, and what is known only now. Called once, whether
   * or not a record is under construction.
   */
  finish?(next: number): readonly CaptureRecord[];
  /** True while a record is under construction: only then is `end()` called. */
  readonly isOpen: boolean;
  /** What is wrong with the line that was claimed last, or with what `end()` gave, for a format that has lines it cannot read. */
  readonly problem?: Problem | undefined;
  /** Lines that may be of the protocol and of which not all could be read, each given once: they are told together. */
  takeMissed?(): readonly number[];
}
