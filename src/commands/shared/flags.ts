import { Args, Flags } from '@oclif/core';

/** FILE...; standard input only where the user says `-`, never because it happens to be a pipe. */
export const files = Args.string({
  description:
    "gdb log, QEMU or kernel trace, strace, backend log or notes, plain or packed with gzip, zstd or xz; a quoted pattern ('logs/**/*.gz'), or '-' for standard input",
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

export const traceEvents = Flags.string({
  description:
    'trace-events-all of the QEMU that made the trace: types every event, and names those of binary traces of before QEMU 2.8',
  helpValue: 'FILE',
  multiple: true,
  multipleNonGreedy: true,
});
