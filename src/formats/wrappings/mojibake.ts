/**
 * Text in UTF-8 that some program took for Windows-1252 and wrote again in UTF-8: "\u00e2\u20ac\u0153" was a curly quote, "\u00c2" and
 * a blank one that does not break, "\u00ef\u00bb\u00bf" a byte order mark.
 *
 * Source: the index of windows-1252 in the Encoding Standard of the WHATWG.
 */

/** The characters of the bytes from 0x80 to 0x9f; those from 0xa0 on are the same in Unicode. */
const FROM_80 =
  '\u20ac\x81\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\x8d\u017d\x8f' +
  '\x90\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\x9d\u017e\u0178';

const LATER = `[${FROM_80}\\u0080-\\u00bf]`;
const SEQUENCE = `[\\u00c2-\\u00df]${LATER}|[\\u00e0-\\u00ef]${LATER}{2}|[\\u00f0-\\u00f4]${LATER}{3}`;

/** Of a text that has some of it. */
export const MOJIBAKE = new RegExp(SEQUENCE);

const SEQUENCES = new RegExp(SEQUENCE, 'g');
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text as it was; what is no UTF-8 stays. */
export function withoutMojibake(text: string): string {
  return text.replace(SEQUENCES, (characters) => {
    const bytes = Array.from(characters, (character) => {
      const place = FROM_80.indexOf(character);
      return place < 0 ? character.charCodeAt(0) : 0x80 + place;
    });
    try {
      return utf8.decode(Uint8Array.from(bytes));
    } catch {
      return characters;
    }
  });
}
