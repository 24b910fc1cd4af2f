/**
 * Lines that a form of the web or a word processor copied with two blanks for each: `#0    f  (a=1)  at  x.c:1`.
 *
 * Only what gdb begins such lines with counts, and only where no blank stands alone: gdb itself has two behind a
 * level, and tables have as many as their columns need.
 */

const BEGINS = /^[ \t]*(?:#\d{1,6} |Thread {2}\d|(?:Temporary {2}b|B)reakpoint {2}\d|Run {2}till)/;
const ALONE = /(?<! )(?: {2})* (?! )/;
const TWICE = /\S {2,}\S+ {2}\S/;

/** The line with one blank for two. */
export function singleBlanks(line: string): string {
  if (!line.includes('  ') || !BEGINS.test(line)) return line;
  return TWICE.test(line) && !ALONE.test(line) ? line.replaceAll('  ', ' ') : line;
}
