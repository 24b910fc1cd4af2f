/**
 * What pages, mail and editors leave behind the text of a line: `</p>`, `^M`, `\r`, `=20`, the right side of a table.
 *
 * Not among them: a full stop and a backtick, which a person sets behind what is cited.
 */
const REMAINS = /(?:<\/[a-z]{1,10}\d?>|<br ?\/?>|\^M|\\[rn]|=20|[ \t]{1,64}\|){1,4}[ \t]*$/;

/** The line without them; undefined for a line that has none. */
export function withoutRemains(line: string): string | undefined {
  const at = line.search(REMAINS);
  return at < 0 ? undefined : line.slice(0, at);
}
