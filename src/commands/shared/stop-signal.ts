/** Ctrl-C and SIGTERM as a request to come to an orderly end. */

/** The exit code that a shell gives to a program which such a signal ended. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

export interface StopRequest {
  readonly signal: AbortSignal;
  /** Undefined until the user has asked. */
  readonly exitCode: () => number | undefined;
}

/** Listens for the first signal; the second one ends the program at once, as if nobody listened. */
export function listenForStop(): StopRequest {
  const controller = new AbortController();
  let exitCode: number | undefined;
  const stop = (signal: keyof typeof EXIT_CODES): void => {
    process.off('SIGINT', stop).off('SIGTERM', stop);
    exitCode = EXIT_CODES[signal];
    controller.abort();
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  return { signal: controller.signal, exitCode: () => exitCode };
}
