/** `--trace-events FILE`: the declarations of the QEMU that made the captures. */
import { VhtraceError } from '../base/errors.js';
import { readDeclarations } from '../formats/qemu/event-declarations.js';
import type { Declaration } from '../formats/qemu/event-declarations.js';
import { createEventTable } from '../formats/qemu/event-table.js';
import type { EventTable } from '../formats/qemu/event-table.js';
import { openCapture } from '../input/open-capture.js';

const HINT = '--trace-events takes the trace-events-all of the build that made the trace';

/**
 * Reads `paths` in their order; undefined where there are none.
 *
 * Errors: those of {@link openCapture}, with the path in front; EVENTS_INVALID.
 */
export async function readEventTable(paths: readonly string[]): Promise<EventTable | undefined> {
  if (paths.length === 0) return undefined;
  const files = [];
  for (const path of paths) files.push(await readFile(path));
  return createEventTable(files.flat());
}

async function readFile(path: string): Promise<readonly Declaration[]> {
  const lines: string[] = [];
  try {
    await openCapture(path, (line) => lines.push(line));
  } catch (error) {
    if (!(error instanceof VhtraceError)) throw error;
    throw new VhtraceError(error.code, `${path}: ${error.message}`, error.hint, { cause: error });
  }
  const declared = readDeclarations(lines);
  if ('lineNo' in declared) {
    const shown = declared.line.trim().slice(0, 60);
    throw new VhtraceError(
      'EVENTS_INVALID',
      `${path}:${declared.lineNo}: no event is declared by "${shown}"`,
      HINT,
    );
  }
  if (declared.length === 0) {
    throw new VhtraceError('EVENTS_INVALID', `${path}: declares no event`, HINT);
  }
  return declared;
}
