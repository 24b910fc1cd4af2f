/** The text that a UTF-8 database gives back for `text`: U+FFFD in place of halves of surrogate pairs. */
export function wellFormed(text: string): string {
  return text.toWellFormed();
}

/** The same of the texts in a JSON value. */
export function wellFormedJson(value: unknown): string {
  const json = JSON.stringify(value);
  // JSON keeps a lone surrogate as an escape, which SQLite would turn into bytes that are no UTF-8.
  if (!json.includes('\\ud')) return json;
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'string' ? wellFormed(part) : part,
  );
}
