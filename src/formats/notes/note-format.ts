/** What a format of notes must offer to be read; `formats/notes/note-formats.ts` lists all of them. */
import type { CaptureRecord } from '../../model/record.js';

/** A line that nothing else claims, and where it stands. */
export interface NoteLine {
  readonly text: string;
  readonly lineNo: number;
  /** Directly below a line that gdb printed: a program may have printed this one too. */
  readonly nearOutput: boolean;
  /** The line above is blank, or there is none. */
  readonly opensParagraph: boolean;
}

/**
 * A format that people write between other formats. Its lines look like prose or like source code, so
 * they are offered last, when they would become prose. One object per capture: it may remember.
 *
 * Nothing here may throw. Spans of all records cover the claimed lines, each once and in order.
 */
export interface NoteFormat {
  /** Its lines are a person's words and marks, not what he pasted. */
  readonly isPersons: boolean;
  /**
   * Claims the line, or leaves it (undefined) to the formats behind. While a record is under
   * construction the line is one that gdb does not claim for sure, and may be prose.
   */
  take(line: NoteLine): readonly CaptureRecord[] | undefined;
  /** True for a line that is a record's first only if the line below says so; it is kept back until then. */
  mayHead?(line: NoteLine): boolean;
  /** Claims a line that was kept back, and the one directly below it; or neither. */
  takeBelow?(head: NoteLine, line: NoteLine): readonly CaptureRecord[] | undefined;
  /** Something else claims the line that comes now, or it is blank, or the input ends: gives what is under construction. */
  end(): readonly CaptureRecord[];
  /** True while a record is under construction: only then is `end()` called. */
  readonly isOpen: boolean;
}
