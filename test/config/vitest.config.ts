import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: fileURLToPath(new URL('../..', import.meta.url)),
    include: ['test/**/*.test.{ts,tsx}'],
    setupFiles: ['test/config/setup.ts'],
    // Tests that start the program wait for a process on a machine that is busy with other tests.
    testTimeout: 60_000,
    // Vitest leaves one core free: on two cores that is half of them.
    maxWorkers: '100%',
    // A worker loads the modules once, not once a file: no module keeps anything from one capture to the next.
    isolate: false,
    // The built program is run as it is, also where it runs in the process of a test.
    disableConsoleIntercept: true,
    server: { deps: { external: [/\/dist\//] } },
    coverage: {
      provider: 'v8',
      include: ['src/**/*.{ts,tsx}'],
      exclude: ['src/grammar/**', 'src/commands/**'],
      reporter: ['text', 'json-summary'],
      // What decides a verdict; the outer folders are run as programs, which is not counted.
      thresholds: {
        'src/{check,facts,flows,formats,model,protocol,rules,scrub}/**': { lines: 98 },
      },
    },
  },
});
