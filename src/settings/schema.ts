/** The JSON Schema of configuration files, for editors: `{"$schema": "..."}`. Made from the table of options. */
import { LEVELS, options } from './options.js';
import type { Shape } from './options.js';

/** Draft 2020-12. `rules`: ids of all rules. */
export function configSchema(rules: readonly string[]): object {
  const properties = Object.entries(options).map(([name, { shape, what }]) => [
    name,
    { description: what, ...schemaOf(shape, rules) },
  ]);
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: 'urn:vhtrace:schema:config:1',
    title: 'vhtrace.config.json or .yaml',
    type: 'object',
    additionalProperties: false,
    properties: { $schema: { type: 'string' }, ...(Object.fromEntries(properties) as object) },
  };
}

function schemaOf(shape: Shape, rules: readonly string[]): object {
  switch (shape.is) {
    case 'boolean':
      return { type: 'boolean' };
    case 'text':
    case 'path':
      return { type: 'string' };
    case 'word':
      return { enum: shape.words };
    case 'list':
      return {
        type: 'array',
        items: shape.of === 'rule' ? { enum: rules } : { type: 'string' },
      };
    case 'levels':
      return {
        type: 'object',
        propertyNames: { enum: rules },
        additionalProperties: { enum: LEVELS },
      };
  }
}
