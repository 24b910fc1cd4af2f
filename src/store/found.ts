/** What a row id stands for; a store without that row is damaged. */
export function found<Value>(known: ReadonlyMap<number, Value>, id: number): Value {
  const value = known.get(id);
  if (value === undefined) throw new Error(`the store refers to a row that is not there: ${id}`);
  return value;
}
