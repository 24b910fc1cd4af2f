/** What a table has under a name that a capture or a user gives: `constructor` is none, though every object has it. */
export function own<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}
