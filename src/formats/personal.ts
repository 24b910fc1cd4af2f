/** Words that people use of themselves and of their text, and programs do not. */

/** True when one of them stands in the text as a word: not in a path, a name or a text in quotes. */
export function isPersonal(text: string): boolean {
  return PERSONAL.test(text);
}

const PERSONAL =
  /(?<![\w/."'`@:-])(?:I|we|my|our|let's|again|another|second|third|here|below|above|but|seems|the other)(?![\w/"'`@(=-])/;
