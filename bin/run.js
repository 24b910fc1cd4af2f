#!/usr/bin/env node
import { run } from '@oclif/core';
import { complain, describeError } from '../dist/commands/shared/complain.js';

try {
  await run(process.argv.slice(2), import.meta.url);
} catch (error) {
  // oclif ends with 1 on some errors; for scripts, 1 means that `check` found violations.
  complain(describeError(error));
  process.exitCode = 2;
}
