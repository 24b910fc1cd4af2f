/** Why each package is there: `package.test.ts` demands a reason for each, `docs.test.ts` prints them. */

/** Reaches the user. What of it is loaded by which folder of src/ is in `layers.ts`. */
export const dependencies: Readonly<Record<string, string>> = {
  '@oclif/core': 'commands: arguments, flags, help; a manifest makes it load one command alone',
  fzstd: 'captures packed with zstd, for Nodes before 22.15, whose zlib has none',
  'hyparquet-writer': 'Parquet, in plain JavaScript and without a native part',
  ink: 'the interactive view; 6.x because 7 needs Node 22',
  lilconfig: 'the nearest configuration file, as other tools look for theirs',
  picocolors: 'colours of a terminal',
  react: 'ink is a React renderer',
  'slice-ansi': 'lines of the interactive view are cut with their colours',
  sqlite3: 'stores; 6.x because it is compiled on the spot where no binary fits',
  'string-width': 'how many columns a text of any script fills',
  tinyglobby: 'patterns that no shell has expanded',
  'xz-decompress': 'captures packed with xz, which no Node unpacks',
  yaml: 'configuration files in YAML',
};

/** Stays with those who work on the program. */
export const devDependencies: Readonly<Record<string, string>> = {
  '@duckdb/node-api':
    'queries the lake that export writes; a binary inside the package, and only exact versions exist',
  '@eslint/js': 'rules of the linter',
  '@microsoft/jest-sarif': 'the published schema of SARIF 2.1.0',
  '@types/node': 'types; of the oldest Node that must do',
  '@types/react': 'types',
  '@types/semver': 'types',
  '@vitest/coverage-v8': 'coverage, of the version of vitest',
  ajv: 'JSON Schemas are validated with it',
  'dependency-cruiser': 'who imports whom in src/, against layers.ts',
  eslint: 'the linter',
  'fast-check': 'properties of readers, stores and rules',
  knip: 'files, exports and packages that nobody uses',
  peggy: 'grammars/ → parsers, at build time: what it makes needs nothing',
  'playwright-core': 'the HTML page of a flow in a Chromium, where there is one',
  prettier: 'one layout of all files',
  rolldown: 'joins the modules of the program at build time, so that it starts faster',
  semver: 'the tests compare the Node that each package demands',
  typescript: 'the compiler; 6.0 because the linter does not take 7',
  'typescript-eslint': 'the linter knows types',
  vitest: 'the tests',
  'xmllint-wasm': 'JUnit reports against the published schema',
};

/** Two tables in Markdown. */
export function printDependencies(): string {
  const table = (title: string, reasons: Readonly<Record<string, string>>): string =>
    [
      `| ${title} | why |`,
      '|---|---|',
      ...Object.entries(reasons).map(([name, why]) => `| \`${name}\` | ${why} |`),
    ].join('\n');
  return [
    table('package of the program', dependencies),
    table('package of its development', devDependencies),
  ].join('\n\n');
}
