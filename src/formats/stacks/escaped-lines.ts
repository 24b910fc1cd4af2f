/**
 * A message of several lines that a log keeps in one: rsyslog writes a control character as `#` and its code in octal.
 *
 * Source: rsyslog's runtime/parser.c, SanitizeMsg(), `$EscapeControlCharactersOnReceive`.
 */
import type { ForeignStack } from '../../model/record.js';
import { readForeign } from './foreign-lines.js';
import { StackBuilder } from './stack-builder.js';

const NEWLINE = '#012';

/** Of a core dump with hundreds of threads. */
const LONGEST_LINE = 1_000_000;

/** The stacks in the line, each of which has its number as span. */
export function stacksInLine(line: string, lineNo: number): readonly ForeignStack[] {
  if (!line.includes(NEWLINE) || line.length > LONGEST_LINE) return [];
  const stacks = new StackBuilder();
  const records = line.split(NEWLINE).flatMap((text) => {
    const read = readForeign(text.trim());
    return (read && stacks.add(read, lineNo)) ?? stacks.end();
  });
  return [...records, ...stacks.end()].filter((record) => record.kind === 'foreign-stack');
}
