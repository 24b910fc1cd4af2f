/**
 * The configuration file: `vhtrace.config.json`, `.yaml` or `.yml`, or the key `vhtrace` of a package.json, in
 * the working directory or the nearest folder above it. Nothing in it is run.
 */
import { lilconfig } from 'lilconfig';
import { VhtraceError } from '../base/errors.js';

export interface ConfigFile {
  /** Absolute. */
  readonly path: string;
  readonly content: unknown;
}

/** Undefined where there is none. Errors: CONFIG_INVALID for one that cannot be read. */
export async function findConfig(from: string): Promise<ConfigFile | undefined> {
  const searcher = lilconfig('vhtrace', {
    searchPlaces: [
      'vhtrace.config.json',
      'vhtrace.config.yaml',
      'vhtrace.config.yml',
      'package.json',
    ],
    loaders: { '.json': readJson, '.yaml': readYaml, '.yml': readYaml },
    stopDir: '/',
  });
  const found = await searcher.search(from);
  if (found === null) return undefined;
  return { path: found.filepath, content: found.isEmpty === true ? {} : (found.config as unknown) };
}

function readJson(path: string, text: string): unknown {
  return attempt(path, () => JSON.parse(text) as unknown);
}

async function readYaml(path: string, text: string): Promise<unknown> {
  // A large package, which few need.
  const { parse } = await import('yaml');
  // Aliases could make a small file huge.
  return attempt(path, () => parse(text, { maxAliasCount: 0 }) as unknown);
}

function attempt(path: string, read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    // Below the first line, which a colon ends, stands an excerpt.
    const [line = ''] = String(error instanceof Error ? error.message : error).split('\n', 1);
    const why = line.replace(/:$/, '');
    throw new VhtraceError('CONFIG_INVALID', `${path}: ${why}`, undefined, { cause: error });
  }
}
