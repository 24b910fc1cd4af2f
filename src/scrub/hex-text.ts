/**
 * Text in the strings of strace -xx: `sun_path="\x2f\x68\x6f\x6d\x65"`, also between the brackets of -y.
 *
 * Source: strace's src/util.c, string_quote(): with -xx every byte is \x and two digits.
 */

/**
 * All of a string but for the NUL in front of an abstract socket and those behind a name: bytes without a control
 * character among them. Between other NULs a number may look like a path.
 */
const HEX_TEXT = /(?<=["<](?:\\x00)?)(?:\\x(?!7f)[2-9a-f][\da-f]){2,}(?=(?:\\x00){0,108}[">])/gi;

/** Replaces what such strings say; what is no UTF-8 is left. */
export function scrubHexText(line: string, scrub: (text: string) => string): string {
  if (!line.includes('\\x')) return line;
  return line.replace(HEX_TEXT, (bytes) => {
    const text = textOf(bytes);
    const scrubbed = text === undefined ? undefined : scrub(text);
    return scrubbed === undefined || scrubbed === text ? bytes : bytesOf(scrubbed);
  });
}

function textOf(bytes: string): string | undefined {
  try {
    return decodeURIComponent(bytes.replaceAll('\\x', '%'));
  } catch {
    return undefined;
  }
}

function bytesOf(text: string): string {
  return Array.from(
    new TextEncoder().encode(text),
    (byte) => `\\x${byte.toString(16).padStart(2, '0')}`,
  ).join('');
}
