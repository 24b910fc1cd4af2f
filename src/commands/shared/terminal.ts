import { printable } from '../../base/printable.js';

/** Whether standard output takes colours: NO_COLOR and FORCE_COLOR decide, else whether it is a terminal. */
export function hasColor(): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  if (NO_COLOR) return false;
  if (FORCE_COLOR) return FORCE_COLOR !== '0';
  // Undefined on a pipe, whatever Node's types say; the colour library would then guess, from CI.
  const stdout: { readonly isTTY?: boolean } = process.stdout;
  return stdout.isTTY === true && TERM !== 'dumb';
}

/** Columns to fill: those of the terminal, 100 elsewhere. */
export function columns(): number {
  // A terminal that does not know its size says 0.
  return process.stdout.isTTY && process.stdout.columns > 0
    ? Math.max(40, process.stdout.columns)
    : 100;
}

/** Shows how far the work is, in place of what was shown before; nothing where nobody looks. */
export function showProgress(text: string): void {
  if (!process.stderr.isTTY) return;
  // Only one line can be cleared.
  process.stderr.write(`\r\x1b[K${printable(text).slice(0, process.stderr.columns - 1)}`);
}
