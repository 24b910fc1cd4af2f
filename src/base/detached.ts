/**
 * The same text in memory of its own.
 *
 * A piece of a text is kept by engines as a view of the whole, so that one remembered frame would keep
 * a chunk of the capture. What is put together and cut again is a copy.
 */
export function detached(text: string): string {
  return ` ${text}`.slice(1);
}
