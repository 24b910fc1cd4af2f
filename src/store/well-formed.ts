/** Half of a surrogate pair: UTF-8 has no bytes for it. */
const LONE_SURROGATE = /[\ud800-\udfff]/gu;

/** The text that a UTF-8 database gives back for `text`: U+FFFD in place of lone surrogates. */
export function wellFormed(text: string): string {
  return text.replace(LONE_SURROGATE, '\ufffd');
}
