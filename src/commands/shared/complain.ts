/** Errors on standard error: one line each, never a stack trace unless DEBUG asks for it. */
import { nearest } from '../../base/nearest.js';
import { printable } from '../../base/printable.js';
import { VhtraceError } from '../../base/errors.js';

/** Writes `vhtrace: FILE: message (hint)`. */
export function complain(text: string, path?: string): void {
  const place = path === undefined ? '' : `${path === '-' ? '<stdin>' : path}: `;
  process.stderr.write(`vhtrace: ${printable(`${place}${text}`)}\n`);
}

/**
 * An error in one line, with what to do about it in parentheses. `command` names the help to read, `flags`
 * are those that it has.
 */
export function describeError(
  error: unknown,
  command?: string,
  flags: readonly string[] = [],
): string {
  if (process.env.DEBUG && error instanceof Error) {
    process.stderr.write(`${error.stack ?? ''}\n`);
  }
  if (error instanceof VhtraceError) {
    return error.hint === undefined ? error.message : `${error.message} (${error.hint})`;
  }
  if (isUsageError(error)) {
    // Below what is wrong, oclif explains flags that take several words; none here does.
    const [what = ''] = error.message.split(/\n(?=See more help with --help|\nNote: )/);
    const message = what.replaceAll('\n', ' ');
    const help = `vhtrace ${command === undefined ? '' : `${command} `}--help`;
    const near = nearestFlag(error, flags);
    return near === undefined
      ? `${message} (${help})`
      : `${message} (did you mean ${near}? ${help})`;
  }
  const text = error instanceof Error ? error.message : String(error);
  return `internal error: ${text} (please report it, with what DEBUG=1 prints)`;
}

/** Errors that oclif raises about the command line. */
function isUsageError(error: unknown): error is Error {
  return error instanceof Error && 'oclif' in error;
}

/** What oclif says of flags that a command does not have: `--fail-one`, `-x`. */
function nearestFlag(error: Error, flags: readonly string[]): string | undefined {
  if (!('flags' in error) || !Array.isArray(error.flags)) return undefined;
  const [name] = error.flags as readonly unknown[];
  return typeof name === 'string' && name.startsWith('--') ? nearest(name, flags) : undefined;
}

/** What is wrong with a word that names no command; it may name a file. */
export function unknownCommand(
  name: string,
  commands: readonly string[],
  isFile: boolean,
): VhtraceError {
  const near = isFile ? `check ${name}` : nearest(name, commands);
  const hint = near === undefined ? 'vhtrace --help' : `did you mean vhtrace ${near}?`;
  return new VhtraceError('USAGE', `there is no command "${name}"`, hint);
}
