/** OSC 52: the terminal, also a far one, takes a text into its clipboard. */

/** What xterm and others take at most, in characters of base64. */
const MOST = 74_994;

/** Undefined where the text is too long. In tmux the sequence is sent for tmux and, wrapped, for the terminal outside. */
export function copySequence(text: string, inTmux: boolean): string | undefined {
  const encoded = Buffer.from(text, 'utf8').toString('base64');
  if (encoded.length > MOST) return undefined;
  const sequence = `\x1b]52;c;${encoded}\x07`;
  return inTmux ? `${sequence}\x1bPtmux;\x1b${sequence}\x1b\\` : sequence;
}
