import { Args, Flags } from '@oclif/core';

/** FILE...; standard input only where the user says `-`, never because it happens to be a pipe. */
export const files = Args.string({
  description:
    "gdb log or QEMU trace log, plain or packed with gzip, zstd or xz; a quoted pattern ('logs/**/*.gz'), or '-' for standard input",
  ignoreStdin: true,
  multiple: true,
});

export const db = Flags.string({
  description: 'store to use',
  helpValue: 'PATH',
  env: 'VHTRACE_DB',
  default: 'vhtrace.db',
});

export const json = Flags.boolean({ description: 'print one JSON object and nothing else' });
