/** What the line above is: much of what gdb prints can only be told from prose by the line that it stands below. */
export class LinesAbove {
  /** The last line that gdb printed, the last one of a record, and the last blank one. */
  output = -1;
  record = -1;
  blank = -1;

  /** Was the line above printed by gdb, or directly below such a line? */
  isOutput(lineNo: number): boolean {
    return this.output === lineNo - 1;
  }

  /** Is the line above gdb's, or the end of a record of another format, but for a blank line? */
  isRecord(lineNo: number): boolean {
    const at = this.blank === lineNo - 1 ? lineNo - 1 : lineNo;
    return this.isOutput(at) || this.record === at - 1;
  }
}
