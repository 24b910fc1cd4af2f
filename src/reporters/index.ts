import { renderJson } from './json.js';
import { renderPretty } from './pretty.js';
import type { Reporter } from './reporter.js';

/** Reporters by the name that `--format` takes, sorted. */
export const reporters = { json: renderJson, pretty: renderPretty } satisfies Record<
  string,
  Reporter
>;
