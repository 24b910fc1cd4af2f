/**
 * Writes oclif.manifest.json: with it, oclif loads the one command that is asked for; without it,
 * every command and with them the database and the grammars. Part of `npm run build`.
 */
import { Plugin } from '@oclif/core';
import { renameSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const plugin = new Plugin({
  root,
  type: 'core',
  ignoreManifest: true,
  errorOnManifestCreate: true,
  respectNoCacheDefault: true,
});
await plugin.load();
// Renamed, so that a program that starts meanwhile never reads half of it.
writeFileSync(`${root}/oclif.manifest.json.new`, JSON.stringify(plugin.manifest));
renameSync(`${root}/oclif.manifest.json.new`, `${root}/oclif.manifest.json`);
