/** Lines of mail in quoted-printable, which hold one line of text → as many lines of the scrubbed text. */

/** Tells the lines that are encoded. One object sees all lines of a capture. */
export interface Decoder {
  readonly decode: (raw: string) => { readonly text: string; readonly goesOn: boolean } | undefined;
}

/** `text` is what the lines say together. */
export function softLines(
  raws: readonly string[],
  text: string,
  scrub: (text: string) => string,
): readonly string[] {
  const made = scrub(text);
  if (made === text) return raws;
  const lines: string[] = [];
  let rest = encode(made);
  for (const raw of raws.slice(0, -1)) {
    const length = raw.length - (raw.endsWith('\r') ? 2 : 1);
    // "=3D" is not cut.
    const end = Math.max(0, length - (/=.?$/.exec(rest.slice(0, length))?.[0].length ?? 0));
    lines.push(`${rest.slice(0, end)}=${raw.endsWith('\r') ? '\r' : ''}`);
    rest = rest.slice(end);
  }
  return [...lines, rest + (raws.at(-1)?.endsWith('\r') ? '\r' : '')];
}

/** Source: RFC 2045, 6.7: `=`, what is no ASCII, and a blank at the end. */
function encode(text: string): string {
  return text.replace(/[^\t -<>-~]+|=|[ \t]$/g, (found) =>
    Array.from(
      new TextEncoder().encode(found),
      (byte) => `=${byte.toString(16).toUpperCase().padStart(2, '0')}`,
    ).join(''),
  );
}
