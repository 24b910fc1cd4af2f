/** Stable codes of the errors that end the tool's work on one input; the message says what and where, the hint what to do. */
export type ErrorCode =
  | 'FILE_MISSING'
  | 'FILE_IS_DIRECTORY'
  | 'FILE_NO_PERMISSION'
  | 'FILE_UNREADABLE'
  | 'FILE_BINARY'
  | 'FILE_TOO_LARGE'
  | 'BASELINE_INVALID'
  | 'CONFIG_INVALID'
  | 'EVENTS_INVALID'
  | 'STORE_MISSING'
  | 'STORE_NOT_A_DATABASE'
  | 'STORE_TOO_NEW'
  | 'STORE_UNUSABLE'
  | 'OUTPUT_UNWRITABLE'
  | 'ENDPOINT_FAILED'
  | 'USAGE';

/**
 * The tool cannot do what it was asked to do with one input or store.
 *
 * `message` states subject, fact and place; `hint` says what to do. Trouble with single lines of a
 * capture is a {@link Problem}, never an error.
 */
export class VhtraceError extends Error {
  override readonly name = 'VhtraceError';

  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly hint?: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
