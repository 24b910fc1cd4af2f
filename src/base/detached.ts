/**
 * The same text in memory of its own.
 *
 * A piece of a text is kept by engines as a view of the whole, so that one remembered frame would keep
 * a chunk of the capture. What is put together and cut again is a copy.
 */
export function detached(text: string): string {
  return ` ${text}`.slice(1);
}

/** The same object with the texts of its members in memory of their own. */
export function detachedMembers<Members extends object>(members: Members): Members {
  const own: Members = { ...members };
  for (const key in own) {
    const value = own[key];
    if (typeof value === 'string') own[key] = detached(value) as typeof value;
  }
  return own;
}
