/**
 * Words to write a JSON Schema with (draft 2020-12), tied to the type that it describes: a field that the
 * type has and the schema lacks, or the other way round, does not compile.
 */

/** A JSON Schema, or a part of one. */
export type Schema = Readonly<Record<string, unknown>>;

type RequiredFields<Shape> = {
  readonly [Key in keyof Shape as object extends Pick<Shape, Key> ? never : Key]: Schema;
};
type OptionalFields<Shape> = {
  readonly [Key in keyof Shape as object extends Pick<Shape, Key> ? Key : never]-?: Schema;
};

export const text: Schema = { type: 'string' };
export const flag: Schema = { type: 'boolean' };
export const count: Schema = { type: 'integer', minimum: 0 };
/** Line of a capture. */
export const line: Schema = { type: 'integer', minimum: 1 };
export const sha256: Schema = { type: 'string', pattern: '^[0-9a-f]{64}$' };
/** As of `struct vhost_dev`: lower case, without leading zeros. */
export const address: Schema = { type: 'string', pattern: '^0x[0-9a-f]+$' };
export const schemaVersion: Schema = { const: 1 };

export function nullable(schema: Schema): Schema {
  return { anyOf: [schema, { type: 'null' }] };
}

export function listOf(items: Schema): Schema {
  return { type: 'array', items };
}

export function oneOf(words: readonly (string | number)[]): Schema {
  return { enum: words };
}

export function described(schema: Schema, description: string): Schema {
  return { ...schema, description };
}

/** Fields may be added in a later version: what reads this must let unknown ones pass. */
export function objectOf<Shape>(
  required: RequiredFields<Shape>,
  optional: OptionalFields<Shape>,
): Schema {
  return {
    type: 'object',
    required: Object.keys(required),
    properties: { ...required, ...optional },
  };
}

/** The schema of a whole output, under an address that no server needs to answer. */
export function document(name: string, title: string, schema: Schema): Schema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: `urn:vhtrace:schema:${name}:1`,
    title,
    ...schema,
  };
}
