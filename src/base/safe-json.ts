/** JSON that a terminal obeys nowhere: it is printed as often as it is read by programs. */

/** What a terminal obeys and JSON leaves as it is: DEL, C1, line separators, bidirectional controls, BOM. */
const UNSAFE = /[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** JSON in which every character that a terminal obeys is escaped. */
export function safeJson(json: string): string {
  return json.replace(UNSAFE, escapeCharacter);
}

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
