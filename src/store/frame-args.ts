/**
 * Arguments of a frame as the store keeps them: the names are common to all calls from one place, the values
 * are not. `x=7, x@entry=5` has the names `x` and `x@entry`.
 */
import type { Arg } from '../model/record.js';

export interface StoredArgs {
  readonly names: readonly string[];
  /** Null where the text gave a name alone. */
  readonly values: readonly (string | null)[];
}

const ENTRY = '@entry';

/** The names of {@link StoredArgs}. */
export function storedNames(args: readonly Arg[]): string[] {
  const names: string[] = [];
  for (const { name, value, entry } of args) {
    if (value !== undefined || entry === undefined) names.push(name);
    if (entry !== undefined) names.push(name + ENTRY);
  }
  return names;
}

/** The values of {@link StoredArgs}. */
export function storedValues(args: readonly Arg[]): (string | null)[] {
  const values: (string | null)[] = [];
  for (const { value, entry } of args) {
    if (value !== undefined || entry === undefined) values.push(value ?? null);
    if (entry !== undefined) values.push(entry);
  }
  return values;
}

/** The inverse of {@link storedNames} and {@link storedValues}. */
export function loadedArgs({ names, values }: StoredArgs): Arg[] {
  const args: Arg[] = [];
  for (const [i, name] of names.entries()) {
    const value = values[i] ?? undefined;
    if (!name.endsWith(ENTRY)) {
      args.push({ name, value, entry: undefined });
      continue;
    }
    const own = name.slice(0, -ENTRY.length);
    const last = names[i - 1] === own ? args.pop() : undefined;
    args.push({ name: own, value: last?.value, entry: value });
  }
  return args;
}
