/**
 * Timeline or note: may the order of the backtraces in a capture be trusted?
 *
 * Raw gdb and trace logs are timelines. A person's words between two dumps make the file a note:
 * its dumps are snippets, possibly of several runs, and only what one stack proves may be judged.
 * Words before the first dump or after the last one (a bug report around a log) change nothing.
 */
import type { CaptureRecord } from '../model/record.js';

/** Line of the first human prose between two records of the protocol, undefined for a timeline. */
export function proseBetweenDumps(records: readonly CaptureRecord[]): number | undefined {
  let seenDump = false;
  let prose: number | undefined;
  for (const record of records) {
    if (record.kind === 'prose' && record.human && seenDump) {
      prose ??= record.span.first;
    } else if (record.kind === 'backtrace' || record.kind === 'stop' || record.kind === 'event') {
      if (prose !== undefined) return prose;
      seenDump = true;
    }
  }
  return undefined;
}
