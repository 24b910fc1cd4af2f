/**
 * Words that the commands of a breakpoint may print at its hits, by `printf` or `echo`: whether they do is told by how often they
 * stand there, see flows/order/printed-words.ts. Source: gdb/printcmd.c, printf_command(), echo_command().
 */
import { isRunLabel } from '../notes/prose.js';

const LONGEST = 256;

/** Lines of words, one below the other. */
export const MOST_WORDS = 4;

/** The words without their numbers, `0x` for one like a pointer and `0` for others; undefined where a person alone says so. */
export function printedWords(text: string): string | undefined {
  if (text === '' || text.length > LONGEST || isRunLabel(text.trim())) return undefined;
  return text.replace(/0x[0-9a-f]+|\d+/g, (number) => (number.startsWith('0x') ? '0x' : '0'));
}
