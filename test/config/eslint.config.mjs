import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

export default defineConfig(
  globalIgnores(['coverage/', 'dist/', 'dist-model/', 'fixtures/', 'src/grammar/']),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['src/**/*.{ts,tsx}', 'test/**/*.{ts,tsx}'],
    extends: [
      js.configs.recommended,
      tseslint.configs.strictTypeChecked,
      tseslint.configs.stylisticTypeChecked,
    ],
    languageOptions: {
      parserOptions: { project: ['test/tsconfig.json'], tsconfigRootDir: root },
    },
    rules: {
      // A union that grows is met in every switch; a switch over few of many kinds says `default`.
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      // Line numbers and counts are what most messages are made of.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // `_name` is a parameter that a signature demands and the body does not need.
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      // `while (true)` is how a reader says that it leaves from the middle.
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      // `interface` is a thing, `type` is a union or an alias; the rule cannot tell.
      '@typescript-eslint/consistent-type-definitions': 'off',
      eqeqeq: 'error',
    },
  },
  {
    // Core functions are pure: output, environment, clock and chance enter through commands/ and input/.
    files: ['src/**/*.{ts,tsx}'],
    ignores: ['src/commands/**', 'src/input/**'],
    rules: {
      'no-restricted-globals': ['error', 'console', 'process'],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'The clock is read in commands/.' },
        { object: 'Math', property: 'random', message: 'Equal input gives equal output.' },
      ],
    },
  },
  {
    // oclif finds a command by the default export of its file; elsewhere a name is worth having.
    files: ['src/**/*.{ts,tsx}'],
    ignores: ['src/commands/**'],
    rules: {
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'Export by name.' },
      ],
    },
  },
  {
    // A value that is missing in a test fails that test.
    files: ['test/**/*.{ts,tsx}'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
);
