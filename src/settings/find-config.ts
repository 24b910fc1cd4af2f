/**
 * The configuration file: `vhtrace.config.json`, `.yaml` or `.yml`, or the key `vhtrace` of a package.json, in
 * the working directory or the nearest folder above it. Nothing in it is run.
 */
import { basename, dirname } from 'node:path';
import { lilconfig } from 'lilconfig';
import { VhtraceError } from '../base/errors.js';

export interface ConfigFile {
  /** Absolute. */
  readonly path: string;
  readonly content: unknown;
}

const NAMES = ['vhtrace.config.json', 'vhtrace.config.yaml', 'vhtrace.config.yml'];

/** Undefined where there is none. Errors: CONFIG_INVALID for one that cannot be read, or that is not the only one of its folder. */
export async function findConfig(from: string): Promise<ConfigFile | undefined> {
  const searcher = lilconfig('vhtrace', {
    searchPlaces: [...NAMES, 'package.json'],
    loaders: { '.json': readJson, '.yaml': readYaml, '.yml': readYaml },
    stopDir: '/',
  });
  const found = await searcher.search(from);
  if (found === null) return undefined;
  await refuseSecond(found.filepath);
  return { path: found.filepath, content: found.isEmpty === true ? {} : (found.config as unknown) };
}

/** Which of two files holds would be a guess of whoever edits the other. */
async function refuseSecond(path: string): Promise<void> {
  const folder = dirname(path);
  const loadNothing = (): object => ({});
  const searcher = lilconfig('vhtrace', {
    searchPlaces: NAMES.filter((name) => name !== basename(path)),
    loaders: { '.json': loadNothing, '.yaml': loadNothing, '.yml': loadNothing },
    stopDir: folder,
  });
  const second = NAMES.includes(basename(path)) ? await searcher.search(folder) : null;
  if (second === null) return;
  const what = `${path}: ${basename(second.filepath)} in the same folder is a configuration file, too`;
  throw new VhtraceError('CONFIG_INVALID', what, 'keep one of them');
}

function readJson(path: string, text: string): unknown {
  const read = (): unknown => JSON.parse(text.replace(/^\ufeff/, '')) as unknown;
  if (basename(path) !== 'package.json') return attempt(path, read);
  // What says nothing to this program is not its to complain about.
  if (!text.includes('"vhtrace"')) return {};
  const content = attempt(path, read);
  return typeof content === 'object' && content !== null ? content : {};
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
