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
  const pairs = (accept(text) ?? []).filter(([, value]) => !ELIDED.test(value));
  return pairs.length === 0 ? undefined : Object.fromEntries(pairs.slice(0, MOST_PAIRS));
}
