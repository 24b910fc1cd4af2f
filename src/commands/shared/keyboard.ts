/** Whether somebody sits at a terminal, and what the keys come from. */
import { openSync } from 'node:fs';
import { ReadStream } from 'node:tty';
import { VhtraceError } from '../../base/errors.js';

/** Errors: USAGE where a full screen could not be shown, or nobody could press a key. */
export function refuseWithoutTerminal(): void {
  // Undefined on a pipe, whatever Node's types say.
  const stdout: { readonly isTTY?: boolean } = process.stdout;
  if (stdout.isTTY !== true) {
    throw new VhtraceError(
      'USAGE',
      'standard output is no terminal',
      'vhtrace check and vhtrace flows print to pipes and files',
    );
  }
  if (process.env.TERM === undefined || process.env.TERM === 'dumb') {
    throw new VhtraceError(
      'USAGE',
      'this terminal cannot move its cursor (TERM=dumb)',
      'vhtrace check and vhtrace flows need no such terminal',
    );
  }
  if (isCi()) {
    throw new VhtraceError(
      'USAGE',
      'this is a CI job (the variable CI is set)',
      'unset CI to use it interactively',
    );
  }
}

/** ink draws nothing under the same conditions. */
function isCi(): boolean {
  const { CI, CONTINUOUS_INTEGRATION } = process.env;
  if (CI === '0' || CI === 'false') return false;
  return (
    CI !== undefined ||
    CONTINUOUS_INTEGRATION !== undefined ||
    Object.keys(process.env).some((name) => name.startsWith('CI_'))
  );
}

/** Standard input may be the capture; keys come from the terminal itself. Errors: USAGE where there is none. */
export function openKeyboard(): ReadStream {
  const stdin: { readonly isTTY?: boolean } = process.stdin;
  if (stdin.isTTY === true) return process.stdin;
  try {
    return new ReadStream(openSync('/dev/tty', 'r'));
  } catch (error) {
    throw new VhtraceError(
      'USAGE',
      'there is no terminal to read keys from',
      'vhtrace check and vhtrace flows need none',
      { cause: error },
    );
  }
}

/** Whether the locale has more than ASCII; by the variables that the C library asks, in its order. */
export function hasUnicode(): boolean {
  const { LC_ALL, LC_CTYPE, LANG } = process.env;
  return /utf-?8/i.test([LC_ALL, LC_CTYPE, LANG].find(Boolean) ?? '');
}
