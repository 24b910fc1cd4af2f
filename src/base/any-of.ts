/**
 * One expression that matches where one of these does. Several times as fast as one after the other; patterns for the
 * beginning of a line together, for others are tried at every character. They have no flags, and no references to groups.
 */
export function anyOf(patterns: readonly RegExp[]): RegExp {
  return new RegExp(patterns.map(({ source }) => source).join('|'));
}
