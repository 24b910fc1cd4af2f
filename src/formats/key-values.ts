/** `name=control, index=0, num=128` in a text → its pairs. Syntax: grammars/key-values.peggy. */
import { accept } from '../grammar/key-values.js';

/** A longer text is a dump; the kernel's own lines end at 1024. */
const LONGEST_TEXT = 4096;

const MOST_PAIRS = 64;

/** "0x…", "…", "0x7f...": a view was too narrow for the value. */
const ELIDED = /(?:\u2026|\.{3})$/;

/** Values by their keys as printed, the last one where a key repeats; undefined when there are none. One that is elided is unknown. */
export function keyValues(text: string): Readonly<Record<string, string>> | undefined {
  if (text.length > LONGEST_TEXT || !text.includes('=')) return undefined;
  if (PLAIN.test(text)) return Object.fromEntries(plainPairs(text).slice(0, MOST_PAIRS));
  const pairs = (accept(text) ?? []).filter(([, value]) => !ELIDED.test(value));
  return pairs.length === 0 ? undefined : Object.fromEntries(pairs.slice(0, MOST_PAIRS));
}

/** " cmd=0x4008af00 arg=0x7ffff53ff890": behind the place of a probe, millions of times. */
const PLAIN = /^(?: [A-Za-z_]\w*=[\w-]+)+$/;

/** The answer of the grammar to such a text. */
function plainPairs(text: string): [key: string, value: string][] {
  return text
    .slice(1)
    .split(' ')
    .map((pair) => {
      const at = pair.indexOf('=');
      return [pair.slice(0, at), pair.slice(at + 1)];
    });
}
