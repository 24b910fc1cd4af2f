import { renderGithub } from './ci/github.js';
import { renderGitlab } from './ci/gitlab.js';
import { renderJunit } from './ci/junit.js';
import { renderMarkdown } from './ci/markdown.js';
import { renderCodeScanning, renderSarif } from './ci/sarif.js';
import { renderJson } from './json.js';
import { renderPretty } from './pretty.js';
import type { Reporter } from './reporter.js';

/** Reporters by the name that `--format` takes, sorted. */
export const reporters = {
  'code-scanning': renderCodeScanning,
  github: renderGithub,
  gitlab: renderGitlab,
  json: renderJson,
  junit: renderJunit,
  markdown: renderMarkdown,
  pretty: renderPretty,
  sarif: renderSarif,
} satisfies Record<string, Reporter>;
